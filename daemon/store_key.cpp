#include "daemon/store_key.h"

#include <utility>

#include "base/digest.h"
#include "base/encoding.h"

namespace nurtured::daemon {
namespace {

// Stored: must never change.
constexpr std::string_view entry_name = "sign_key";
constexpr std::size_t key_bytes = 32;

}  // namespace

base::Result<std::optional<config::Secret>> find_store_key(store::Reader& reader) {
  auto kept = reader.meta(entry_name);
  if (!kept) return base::fail(kept.error());
  if (!*kept) return std::optional<config::Secret>();
  return std::optional(config::Secret(**std::move(kept)));
}

base::Result<config::Secret> load_store_key(store::Store& store, base::Instant now) {
  auto kept = find_store_key(store);
  if (!kept) return base::fail(kept.error());
  if (*kept) return **std::move(kept);
  std::string made = base::to_base64url(base::random_bytes(key_bytes));
  store::Batch batch;
  batch.now = now;
  batch.meta.push_back({std::string(entry_name), made});
  if (auto done = store.commit(batch); !done) return base::fail(done.error());
  return config::Secret(std::move(made));
}

LinkSigner link_signer(const config::Keys& keys, const config::Secret& store_key) {
  auto all = keys.sign;
  all.push_back(store_key);
  return LinkSigner(all);
}

}  // namespace nurtured::daemon

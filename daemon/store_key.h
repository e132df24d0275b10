// The key that the store keeps for its daemon. It is made once, moves with the store and never
// rotates, so whatever must stay the same for the store's whole life is derived from it: the links
// of a workspace without `keys.sign`, and the Message-IDs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/instant.h"
#include "base/result.h"
#include "config/config.h"
#include "config/secret.h"
#include "daemon/links.h"
#include "store/store.h"

namespace nurtured::daemon {

// Made and committed where there is none yet. Errors are the store's. Once, before the engine runs.
base::Result<config::Secret> load_store_key(store::Store& store, base::Instant now);

// nullopt where no daemon has run on the store yet.
base::Result<std::optional<config::Secret>> find_store_key(store::Reader& reader);

// The first of `keys.sign` signs, else the store's key; all of them verify, and the store's always
// does, since links that were sent before `keys.sign` was set must go on working.
LinkSigner link_signer(const config::Keys& keys, const config::Secret& store_key);

}  // namespace nurtured::daemon

#include "daemon/store_key.h"

#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;
using daemon::LinkPurpose;

namespace {

const daemon::LinkClaim claim{.contact = {7}, .channel = "email", .delivery = "7.1.0.0.email"};

config::Keys keys_of(const std::vector<std::string>& sign) {
  config::Keys keys;
  for (const auto& key : sign) keys.sign.emplace_back(key);
  return keys;
}

}  // namespace

TEST_CASE("the store's key is made once and stays") {
  const tests::TemporaryFolder folder;
  const std::string location = "sqlite:" + (folder / "nurtured.db");
  std::string made;
  for (int start = 0; start < 3; ++start) {
    auto store = store::open(location);
    REQUIRE(store);
    const auto key = daemon::load_store_key(**store, tests::at("2026-03-01T10:00:00Z"));
    REQUIRE(key);
    CHECK(key->reveal().size() >= 43);
    if (start == 0) made = key->reveal();
    CHECK(key->reveal() == made);
  }
}

TEST_CASE("links that were sent before `keys.sign` was set go on working") {
  const config::Secret kept("kept");
  const auto token = daemon::link_signer({}, kept).sign(LinkPurpose::unsubscribe, claim);
  const auto later = daemon::link_signer(keys_of({"new", "old"}), kept);
  CHECK(later.verify(token, LinkPurpose::unsubscribe) == claim);
  CHECK(later.sign(LinkPurpose::unsubscribe, claim) != token);
  CHECK(daemon::link_signer(keys_of({"new"}), config::Secret("other"))
            .verify(later.sign(LinkPurpose::unsubscribe, claim), LinkPurpose::unsubscribe));
}

// CONTRACT section 4's promises M1 to M3, and of M4 that nothing automated but receipts goes to
// whom a human has, over random histories (tests/daemon/promises.h).
#include <algorithm>
#include <set>

#include "tests/catch.h"
#include "tests/daemon/history.h"
#include "tests/daemon/promises.h"

using namespace nurtured;
using namespace nurtured::rules;
using nurtured::tests::by_contact;
using nurtured::tests::check_promises;
using nurtured::tests::Left;
using nurtured::tests::run;
using nurtured::tests::WithHuman;

namespace {

// At the moment itself either may have come first.
std::size_t check_humans(const std::vector<WithHuman>& humans, const std::vector<Left>& left) {
  std::size_t compared = 0;
  for (const auto& its : humans) {
    for (const auto& l : left) {
      if (l.contact != its.contact || l.kind == Kind::receipt) continue;
      ++compared;
      INFO(base::to_rfc3339(l.at) << " " << l.key << " " << l.message);
      INFO(base::to_rfc3339(its.from) << " to " << base::to_rfc3339(its.until));
      REQUIRE((l.at <= its.from || l.at >= its.until));
    }
  }
  return compared;
}

}  // namespace

TEST_CASE("M1 to M3 hold in every history, per contact and per address") {
  std::size_t sends = 0;
  std::size_t with_human = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    const auto world = tests::random_world(seed);
    std::vector<WithHuman> humans;
    const auto left = run(world, {.seed = seed}, &humans);
    check_promises(world, left);
    with_human += check_humans(humans, left) > 0 ? humans.size() : 0;
    sends += left.size();
  }
  // A test that sends nothing would prove nothing.
  CHECK(sends > 2000);
  CHECK(with_human > 200);
}

TEST_CASE("M1 to M3 hold while sends are deferred, refused, uncertain and fail") {
  std::size_t uncertain = 0;
  for (std::uint64_t seed = 101; seed <= 160; ++seed) {
    INFO("seed " << seed);
    const auto world = tests::random_world(seed);
    const auto left = run(world, {.seed = seed, .faults = true});
    check_promises(world, left);
    uncertain +=
        static_cast<std::size_t>(std::ranges::count(left, OutcomeKind::uncertain, &Left::outcome));
    // No marketing message leaves twice: an uncertain one is not tried again by itself.
    std::set<std::string> keys;
    for (const auto& l : left) {
      if (is_marketing(l.kind)) REQUIRE(keys.insert(l.key).second);
    }
  }
  CHECK(uncertain > 20);
}

TEST_CASE("batching never changes a result") {
  for (std::uint64_t seed = 201; seed <= 240; ++seed) {
    INFO("seed " << seed);
    const auto world = tests::random_world(seed);
    const auto alone = by_contact(run(world, {.seed = seed, .faults = true}));
    for (const std::uint64_t batch_seed : {seed, seed + 1000}) {
      const tests::HistoryOptions batched{.seed = seed, .faults = true, .batch_seed = batch_seed};
      CHECK(by_contact(run(world, batched)) == alone);
    }
  }
}

TEST_CASE("stopping and starting again at any moment changes nothing") {
  for (std::uint64_t seed = 301; seed <= 320; ++seed) {
    INFO("seed " << seed);
    const auto world = tests::random_world(seed);
    CHECK(by_contact(run(world, {.seed = seed, .restarts = 4})) ==
          by_contact(run(world, {.seed = seed})));
  }
}

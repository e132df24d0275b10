// What becomes of messages whose wait ended while nothing ran.
#include "tests/catch.h"
#include "tests/daemon/one_contact.h"

using namespace nurtured;
using namespace nurtured::rules;
using namespace nurtured::tests;
using namespace std::chrono_literals;

TEST_CASE("what fell due in downtime is left out where the playbook or the workspace says so") {
  const std::string skipping = "catch_up: {older_than: 5m, action: skip}\n";
  const auto [late, settings, downtime, is_sent] =
      GENERATE_REF(table<std::string, std::string, base::Milliseconds, bool>({
          {"late: skip\n", "", 14min, true},
          {"late: skip\n", "", 16min, false},
          {"late: send\n", "", 16min, true},
          {"", "", 16min, true},
          {"", skipping, 4min, true},
          {"", skipping, 6min, false},
          {"late: skip\n", skipping, 6min, false},
          {"late: send\n", skipping, 16min, true},
      }));
  CAPTURE(late, settings, downtime.count());
  OneContact world(book_of("  - wait: 10s\n  - send: soon\n" + late, settings));
  world.event("a");
  REQUIRE(world.wake == world.now + 10s);
  world.now = *world.wake + downtime;
  world.take(Wake{});
  CHECK(world.deliveries.size() == (is_sent ? 1 : 0));
  const bool is_skipped = std::ranges::any_of(world.decisions, [](const Decision& decision) {
    return decision.action == "skip" && decision.reason == Reason::late;
  });
  CHECK(is_skipped == !is_sent);
}

// What the engine tells of a batch beside what it writes.
#include "daemon/engine.h"

#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

namespace nurtured::tests {
namespace {

TEST_CASE("a batch tells when each of its timers was due, however late it fires") {
  OperatorWorld world;
  world.start();
  world.event("u1", "hello");
  const auto first = world.engine->next_due();
  REQUIRE(first);
  REQUIRE(*first);
  world.clock.advance_to(world.clock.now() + std::chrono::minutes{5});
  world.event("u2", "hello");

  const auto result =
      world.engine->process({}, **first + std::chrono::days{1}, daemon::Timers::fire);

  REQUIRE(result);
  CHECK(result->wakes == 2);
  CHECK(result->due == std::vector{**first, **first + std::chrono::minutes{5}});
}

TEST_CASE("a batch without timers tells of none") {
  OperatorWorld world;
  world.start();
  const auto result = world.engine->process({}, world.clock.now());
  REQUIRE(result);
  CHECK(result->due.empty());
}

}  // namespace
}  // namespace nurtured::tests

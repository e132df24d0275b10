// What the engine tells of a batch beside what it writes.
#include "daemon/engine.h"

#include <filesystem>

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

TEST_CASE("an unsubscribe that says nothing new writes nothing") {
  OperatorWorld world;
  world.start();
  world.event("u1", "hello");
  const auto id = world.store->find({store::IdentityKey::Kind::user, "u1"});
  REQUIRE(id->has_value());
  const auto unsubscribe = [&](base::Instant now) {
    const rules::Suppress said{.reason = "unsubscribed", .channel = "email"};
    const auto result = world.engine->process({{daemon::ContactInput{**id, said}, now}}, now);
    REQUIRE(result);
    CHECK(result->inputs == 1);
    return std::filesystem::file_size(world.folder / "nurtured.db-wal") +
           std::filesystem::file_size(world.folder / "nurtured.db.journal");
  };
  const auto before = std::filesystem::file_size(world.folder / "nurtured.db-wal");
  const auto once = unsubscribe(world.clock.now());
  CHECK(once > before);
  CHECK(unsubscribe(world.clock.now()) == once);
  CHECK(unsubscribe(world.clock.now() + std::chrono::hours{1}) == once);
  // One at a moment at which something falls due is an input like any other.
  CHECK(unsubscribe(world.clock.now() + std::chrono::days{3}) > once);
}

}  // namespace
}  // namespace nurtured::tests

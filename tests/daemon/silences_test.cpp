// Silences: what is held, for how long, and what lets it go.
#include "daemon/pauses.h"
#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;
using tests::OperatorWorld;

namespace {

OperatorWorld& started(OperatorWorld& world) {
  world.folder.write("segments.yaml", "segments: {keen: {if: \"did('hello')\"}}\n");
  world.start();
  return world;
}

cel::Map silence(std::initializer_list<std::pair<const char*, cel::Value>> fields) {
  cel::Map map{{"why", "the seminar runs"}};
  for (const auto& [key, value] : fields) map.set(key, value);
  return map;
}

}  // namespace

TEST_CASE("a silence holds what fits all that it names, until it is over") {
  const auto [fields, held] = GENERATE(table<cel::Map, bool>({
      {silence({{"for", "3d"}, {"segment", "keen"}}), true},
      {silence({{"for", "3d"}, {"playbook", "p1"}}), true},
      {silence({{"for", "3d"}, {"message", "m1"}, {"channel", "email"}}), true},
      {silence({{"for", "3d"}, {"message", "m2"}}), false},
      {silence({{"for", "3d"}, {"kind", cel::List{"value"}}}), true},
      {silence({{"for", "3d"}, {"kind", cel::List{"offer", "reminder"}}}), false},
      {silence({{"until", "2026-03-04T08:00:00Z"}, {"segment", "keen"}}), true},
      {silence({{"from", "2026-03-02T08:00:00Z"}, {"for", "1d"}, {"segment", "keen"}}), false},
  }));
  OperatorWorld world;
  started(world);
  world.ask("silence/add", fields);
  world.event("u1", "hello");
  CHECK(world.sent["m1"] == (held ? 0 : 1));
  world.run_until(tests::at("2026-03-20T00:00:00Z"));
  CHECK(world.sent["m1"] == 1);
}

TEST_CASE("the end of a silence lets go what it held") {
  OperatorWorld world;
  started(world);
  const auto added = world.ask("silence/add", silence({{"for", "30d"}, {"segment", "keen"}}));
  CHECK(added.text.find("1 marketing to the segment keen") == 0);
  world.event("u1", "hello");
  const auto why = world.ask("explain", cel::Map{{"contact", "u1"}});
  CHECK(why.text.find("silence 1: the seminar runs") != std::string::npos);
  CHECK(world.ask("silence/list").text.find("the seminar runs") != std::string::npos);
  world.ask("silence/end", cel::Map{{"silence", 1}});
  while (*world.operations->background()) {
  }
  // It is with the dispatcher.
  const auto ready = world.store->deliveries({rules::DeliveryChange::ready});
  REQUIRE(ready->size() == 1);
  CHECK(ready->front().message == "m1");
  CHECK(world.ask("silence/list").text == "nothing is silenced\n");
  CHECK(daemon::load_pauses(*world.store)->silences_made == 1);
}

TEST_CASE("what is held for a segment's sake is judged again when time ends the membership") {
  OperatorWorld world;
  world.folder.write("segments.yaml", "segments: {fresh: {if: \"did('hello', '6h')\"}}\n");
  world.start();
  world.ask("silence/add", silence({{"for", "3d"}, {"segment", "fresh"}}));
  const auto now = world.clock.now();
  world.event("u1", "hello");
  const auto why = world.ask("explain", cel::Map{{"contact", "u1"}});
  CHECK(why.text.find("silence 1") != std::string::npos);
  CHECK(world.store->next_due()->value() ==
        now + std::chrono::hours{6} + std::chrono::milliseconds{1});
  world.run_until(now + std::chrono::hours{7});
  CHECK(world.sent["m1"] == 1);
}

TEST_CASE("a segment that a silence is for cannot vanish while it holds") {
  OperatorWorld world;
  started(world);
  world.ask("silence/add", silence({{"for", "2d"}, {"segment", "keen"}}));
  world.folder.write("segments.yaml", "segments: {eager: {if: \"did('hello')\"}}\n");
  const auto refused = world.ask("reload");
  CHECK(refused.problem);
  CHECK(refused.text.find("silence 1 holds messages to the segment keen") != std::string::npos);
  SECTION("until it is over") {
    world.run_until(tests::at("2026-03-10T00:00:00Z"));
    CHECK_FALSE(world.ask("reload").problem);
  }
  SECTION("until it is ended") {
    world.ask("silence/end", cel::Map{{"silence", 1}});
    CHECK_FALSE(world.ask("reload").problem);
  }
}

TEST_CASE("a silence that holds nothing, or everything, is refused") {
  OperatorWorld world;
  started(world);
  const auto fields = GENERATE(
      silence({}), silence({{"for", "3d"}}), silence({{"segment", "keen"}}),
      silence({{"segment", "none"}, {"for", "3d"}}), silence({{"playbook", "none"}, {"for", "3d"}}),
      silence({{"message", "none"}, {"for", "3d"}}), silence({{"channel", "none"}, {"for", "3d"}}),
      silence({{"kind", cel::List{"receipt"}}, {"for", "3d"}}),
      silence({{"kind", cel::List{"none"}}, {"for", "3d"}}),
      silence({{"segment", "keen"}, {"for", "0s"}}),
      silence({{"segment", "keen"}, {"for", "soon"}}),
      silence({{"segment", "keen"}, {"until", "2020-01-01T00:00:00Z"}}),
      silence({{"segment", "keen"}, {"until", "2027-01-01T00:00:00Z"}, {"for", "1d"}}),
      silence({{"segment", "keen"}, {"for", "1d"}, {"nonsense", 1}}));
  CHECK_FALSE(world.operations->call("silence/add", fields));
  CHECK(daemon::load_pauses(*world.store)->silences.empty());
}

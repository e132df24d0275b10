// A new book beside the live one: what it would have done with what was recorded.
#include "daemon/shadow_report.h"

#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;
using namespace nurtured::daemon;
using nurtured::tests::at;
using nurtured::tests::OperatorWorld;

namespace {

ShadowComparison compare(OperatorWorld& world, ShadowRecord* told = nullptr) {
  const auto live = world.keeper->adopt(world.keeper->read(), *world.store);
  REQUIRE(live);
  const auto files = world.keeper->prepare(*world.store);
  REQUIRE(files);
  REQUIRE(files->config != nullptr);
  const auto record = read_shadow_record(*world.store, *(*live)->book);
  REQUIRE(record);
  if (told != nullptr) *told = *record;
  auto comparison =
      compare_shadow(*live, files->config, *record, at("2026-03-05T00:00:00Z"), world.clock.now());
  REQUIRE(comparison);
  return *std::move(comparison);
}

// u1 is under way when the comparison begins, u2 comes after that.
void live_through(OperatorWorld& world) {
  world.start();
  world.run_until(at("2026-03-04T09:00:00Z"));
  world.event("u1", "hello");
  world.run_until(at("2026-03-08T09:00:00Z"));
  world.event("u2", "hello");
  world.run_until(at("2026-03-20T09:00:00Z"));
  REQUIRE(world.sent["m2"] == 2);
}

std::string lines(const ShadowComparison& comparison) {
  std::string text;
  for (const auto& difference : comparison.differences) text += to_json_line(difference) + "\n";
  return text;
}

}  // namespace

TEST_CASE("the same book differs in nothing") {
  OperatorWorld world;
  live_through(world);
  const auto comparison = compare(world);
  CHECK(lines(comparison).empty());
  // The first message to u1 left before.
  CHECK(comparison.same == 3);
  CHECK(comparison.sent_before == 3);
}

TEST_CASE("a shorter wait moves the message of whoever starts, and of nobody under way") {
  OperatorWorld world;
  live_through(world);
  world.folder.write("playbooks/p1.yaml",
                     "start: {when: hello}\nsteps:\n  - send: m1\n  - wait: 1d\n  - send: m2\n");
  const auto comparison = compare(world);
  CHECK(lines(comparison) ==
        R"({"at":"2026-03-09T09:00:00Z","contact":"u2","playbook":"p1","step":"send:m2",)"
        R"("message":"m2","kind":"value","change":"moved",)"
        R"("before":{"sent":"2026-03-10T09:00:00Z"},"after":{"sent":"2026-03-09T09:00:00Z"}})"
        "\n");
  CHECK(comparison.same == 2);
}

TEST_CASE("what only one book sends is told, with what became of it in the other") {
  OperatorWorld world;
  live_through(world);
  world.folder.write("content/m2.md", "---\nkind: offer\nsubject: m2\n---\nBuy.\n");
  world.folder.write("playbooks/p2.yaml", "start: {when: hello}\nsteps:\n  - send: m1\n");
  const auto comparison = compare(world);
  const std::string told = lines(comparison);
  // Too few touches for an offer.
  CHECK(told.find(R"("change":"only_before","before":{"sent":"2026-03-10T09:00:00Z"},)"
                  R"("after":{"reason":"touches","do":"hold"})") != std::string::npos);
  CHECK(told.find(R"("playbook":"p2","step":"send:m1","message":"m1","kind":"value",)"
                  R"("change":"only_after","before":null)") != std::string::npos);
}

TEST_CASE("what the store does not tell is said") {
  OperatorWorld world;
  live_through(world);
  ShadowRecord record;
  const auto comparison = compare(world, &record);
  CHECK(record.contacts == 2);
  CHECK(record.older_contacts == 0);
  CHECK(record.made_by_us > 4);
  CHECK(record.events.size() == 2);
  const std::string text = shadow_text(comparison, record);
  CHECK(text.find("what operators did by hand") != std::string::npos);
  CHECK(text.find("the same: 3.") != std::string::npos);
}

TEST_CASE("an unsubscribe that was recorded counts in both plays") {
  OperatorWorld world;
  world.start();
  world.run_until(at("2026-03-08T09:00:00Z"));
  world.event("u1", "hello");
  world.run_until(at("2026-03-09T09:00:00Z"));
  const auto id = world.store->find({store::IdentityKey::Kind::user, "u1"});
  REQUIRE(id);
  world.process({{ContactInput{**id, rules::Suppress{.reason = std::string(rules::unsubscribed),
                                                     .channel = "email"}},
                  world.clock.now()}});
  world.run_until(at("2026-03-20T09:00:00Z"));
  REQUIRE(world.sent["m2"] == 0);
  const auto comparison = compare(world);
  CHECK(lines(comparison).empty());
  CHECK(comparison.sent_before == 1);
}

// What the engine tells of a batch beside what it writes.
#include "daemon/engine.h"

#include <filesystem>

#include "rules/question.h"
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

TEST_CASE("an answer shows that a message of uncertain departure left, and is heard at once") {
  const auto [steps, event, properties] = GENERATE(table<std::string, std::string, cel::Map>({
      {"  - ask: m1\n    choices: [Oui, Non]\n", "message.replied", {{"button", ""}}},
      {"  - ask: m1\n    choices: [Oui, Non]\n", "message.replied", {{"text", "oui"}}},
      {"  - send: m1\n  - wait_for: consent.given\n", "consent.given", {}},
  }));
  OperatorWorld world;
  world.folder.write("playbooks/p1.yaml",
                     "start: {when: hello}\nsteps:\n" + steps + "  - tag: heard\n");
  world.folder.write("content/m1.md", "---\nkind: reply\nsubject: s\n---\nYes?\n");
  world.start();
  world.ask("contact/add",
            cel::Map{{"contact", "u1"}, {"addresses", cel::Map{{"email", "u1@example.org"}}}});
  world.ask("event/add", cel::Map{{"contact", "u1"}, {"event", "hello"}});
  const auto ready = world.store->deliveries({rules::DeliveryChange::ready});
  REQUIRE(ready->size() == 1);
  const rules::Delivery& delivery = ready->front();
  const std::vector<rules::Input> fate = {
      rules::Claim{delivery.key},
      rules::Outcome{.delivery = delivery.key, .kind = rules::OutcomeKind::uncertain}};
  for (const rules::Input& input : fate) {
    const daemon::Arrived arrived{daemon::ContactInput{delivery.contact, input}, world.clock.now()};
    REQUIRE(world.engine->process({arrived}, world.clock.now()));
  }
  const auto contact = [&] { return world.store->contact(delivery.contact)->value().contact; };
  REQUIRE(contact().pending.size() == 1);

  world.clock.advance_to(world.clock.now() + std::chrono::seconds{20});
  cel::Map said = properties;
  if (said.find("button") != nullptr) {
    said.set("button", rules::question_mark(contact().enrollments.at(0)) + ".0.0");
  }
  said.set("channel", "email");
  world.ask("event/add", cel::Map{{"contact", "u1"}, {"event", event}, {"properties", said}});

  CHECK(contact().tags == std::vector<std::string>{"heard"});
  CHECK(contact().pending.empty());
  CHECK(contact().history.contains("message.sent"));
  CHECK(world.store->delivery(delivery.key)->value().change == rules::DeliveryChange::departed);
  world.run_until(world.clock.now() + std::chrono::hours{1});
  CHECK(world.sent.empty());
}

}  // namespace
}  // namespace nurtured::tests

// An answer that comes before anybody knows whether what it answers has left.
#include "tests/catch.h"
#include "tests/daemon/one_contact.h"

using namespace nurtured;
using namespace nurtured::rules;
using namespace nurtured::tests;

namespace {

// An answer to the question, or an event that the step after the message waits for.
Event answering(const OneContact& world, const std::string& name) {
  return {.name = name,
          .properties = cel::Map{{"channel", "email"}, {"text", "yes"}},
          .occurred_at = world.now,
          .received_at = world.now};
}

}  // namespace

TEST_CASE("what came while a message was on its way ends the doubt whether it had left") {
  const std::string open = "touches_before_offer: 0\n";
  const auto [steps, name] = GENERATE(table<std::string, std::string>({
      {"  - ask: hello\n    choices: {yes: Yes, no: No}\n  - tag: done\n", "message.replied"},
      {"  - ask: soon\n    choices: {yes: Yes, no: No}\n  - tag: done\n", "message.replied"},
      {"  - send: hello\n  - wait_for: c\n  - tag: done\n", "c"},
  }));
  CAPTURE(name);
  OneContact world(book_of(steps, open));
  world.snapshot.contact.consents["email"] = {.given = true};
  world.event("a");
  REQUIRE(world.deliveries.size() == 1);
  world.claim();
  REQUIRE(world.change() == DeliveryChange::committing);
  world.take(answering(world, name));
  CHECK_FALSE(world.is_done());
  world.answer(OutcomeKind::uncertain);
  CHECK(world.change() == DeliveryChange::departed);
  CHECK(world.is_done());
  CHECK(world.snapshot.contact.pending.empty());
}

TEST_CASE("without an answer it stays in doubt") {
  OneContact world(book_of("  - send: hello\n  - wait_for: c\n  - tag: done\n"));
  world.snapshot.contact.consents["email"] = {.given = true};
  world.event("a");
  world.claim();
  world.answer(OutcomeKind::uncertain);
  CHECK(world.change() == DeliveryChange::uncertain);
  CHECK_FALSE(world.is_done());
}

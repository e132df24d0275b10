// Which way an enrollment went.
#include "rules/advance.h"
#include "rules/scope.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::rules;

namespace {

const Instant noon = *base::parse_instant("2026-03-02T12:00:00Z");

// tag, then a wait for `paid` that is disappointed after a day, and a tag on either way.
std::shared_ptr<const Playbook> forked() {
  Playbook playbook;
  playbook.id = "forked";
  playbook.version = "1";
  playbook.starts.push_back({"began", {}});
  playbook.steps = {
      {.id = "tag:in", .action = Tag{{"in"}}, .next = 1},
      {.id = "wait",
       .action = WaitFor{.events = {"paid"}, .within = Span{.days = 1}, .then = 2, .otherwise = 3},
       .next = 4},
      {.id = "tag:paid", .action = Tag{{"paid"}}, .next = 4, .place = {"p.yaml", 5, 1, 1}},
      {.id = "tag:late", .action = Tag{{"late"}}, .next = 4, .place = {"p.yaml", 7, 1, 1}},
      {.id = "end", .action = End{}}};
  return std::make_shared<const Playbook>(std::move(playbook));
}

struct World {
  std::shared_ptr<const Playbook> playbook = forked();
  Book book{BookParts{.current = {playbook}}};
  Snapshot snapshot{.contact = {.id = {1}}, .addresses = {}};
  bool trace = true;

  // "from>to" of each passage; "." stands for none.
  std::string take(const Input& input, Instant now) {
    auto done = advance(book, {}, std::move(snapshot), input, now, {.trace_steps = trace});
    snapshot = std::move(done.next);
    std::string text;
    const auto name = [this](StepIndex step) {
      return step == no_step ? std::string(".") : playbook->steps.at(step).id;
    };
    for (const Passage& passage : done.passages) {
      CHECK(passage.playbook == "forked");
      text += (text.empty() ? "" : " ") + name(passage.from) + ">" + name(passage.to);
    }
    return text;
  }
};

Event event(std::string name, Instant at) {
  return {.name = std::move(name),
          .properties = cel::Map{},
          .occurred_at = at,
          .received_at = at,
          .change = {}};
}

}  // namespace

TEST_CASE("passages tell which way an enrollment went, over several transitions") {
  World world;
  CHECK(world.take(event("began", noon), noon) == ".>tag:in tag:in>wait");
  SECTION("what it waited for came") {
    const Instant later = noon + std::chrono::hours{1};
    CHECK(world.take(event("paid", later), later) == "wait>tag:paid tag:paid>end");
  }
  SECTION("it did not come in time") {
    CHECK(world.take(Wake{}, noon + std::chrono::hours{24}) == "wait>tag:late tag:late>end");
  }
}

TEST_CASE("nobody who does not ask is told of passages") {
  World world{.trace = false};
  CHECK(world.take(event("began", noon), noon).empty());
  CHECK(world.snapshot.contact.tags == std::vector<std::string>{"in"});
}

// Which way an enrollment went, and which ways there are.
#include "rules/ways.h"

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

TEST_CASE("a step has the ways on that its author wrote") {
  const auto playbook = forked();
  const auto wait = ways_of(*playbook, playbook->steps[1]);
  REQUIRE(wait.size() == 2);
  CHECK(wait[0].name == "then");
  CHECK(wait[0].target == 2);
  CHECK(wait[0].place.line == 5);
  CHECK(wait[1].name == "otherwise");
  CHECK(wait[1].place.line == 7);
  CHECK(ways_of(*playbook, playbook->steps[0]).size() == 1);
  CHECK(ways_of(*playbook, playbook->steps[0])[0].name == "next");
  CHECK(ways_of(*playbook, playbook->steps[4]).empty());
}

TEST_CASE("ways that lead to the same step are one") {
  Playbook playbook = *forked();
  const auto count = [&](StepAction action) {
    playbook.steps[0] = {.id = "x", .action = std::move(action), .next = 1};
    return ways_of(playbook, playbook.steps[0]).size();
  };
  CHECK(count(WaitFor{.within = Span{.days = 1}, .then = 1, .otherwise = 1}) == 1);
  // Without `within` it waits for ever.
  CHECK(count(WaitFor{.then = 2, .otherwise = 1}) == 1);
  CHECK(count(Send{.message = "m"}) == 1);
  CHECK(count(Send{.message = "m", .otherwise = 2}) == 2);
  CHECK(count(Ask{.otherwise = 2}) == 2);
  CHECK(count(Split{{{"short", 1, 2}, {"long", 1, 3}}}) == 2);
  CHECK(count(Repeat{.times = 2, .body = 2}) == 2);
  CHECK(count(Choose{{{std::nullopt, 2}}}) == 1);
  const auto program = cel::compile("contact.score > 1", condition_environment());
  REQUIRE(program);
  const Expression hot{*program, "contact.score > 1", {}};
  CHECK(count(Choose{{{hot, 2}, {hot, 3}}}) == 3);  // and none of them
}

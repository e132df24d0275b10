// Where every kind of step leads, and how it is named.
#include "rules/step_edges.h"

#include <fmt/format.h>

#include "rules/scope.h"
#include "tests/catch.h"

namespace nurtured::rules {
namespace {

using namespace std::chrono_literals;

class Words final : public Text {
 public:
  explicit Words(std::string words) : words_(std::move(words)) {}
  base::Result<std::string> render(const cel::Value&) const override { return words_; }
  std::string_view source() const override { return words_; }

 private:
  std::string words_;
};

std::shared_ptr<const Text> words(std::string text) {
  return std::make_shared<Words>(std::move(text));
}

Expression expression(const std::string& source) {
  return {cel::compile(source, condition_environment()).value(), source, {}};
}

// "label: kind>target(name) …"; a finished playbook is ".".
std::string shape(StepAction action) {
  constexpr std::array<std::string_view, 5> kinds{"next", "answered", "otherwise", "branch",
                                                  "skipped"};
  const Step step{.id = "s", .action = std::move(action), .next = 7, .place = {}};
  std::string out = step_label(step) + ":";
  for (const StepEdge& edge : step_edges(step)) {
    out += " " + std::string(kinds.at(static_cast<std::size_t>(edge.kind))) + ">";
    out += edge.target == no_step ? "." : std::to_string(edge.target);
    if (!edge.name.empty()) out += "(" + edge.name + ")";
  }
  return out;
}

TEST_CASE("every kind of step names what it does and where it leads") {
  const auto paid = expression("event.sum\n  > 10");
  struct Case {
    StepAction action;
    std::string shape;
  };
  const std::vector<Case> cases{
      {Send{.message = "hello"}, "send hello: next>7"},
      {Send{.message = "hello", .via = {"sms", "email"}}, "send hello by sms or email: next>7"},
      {Send{.message = "hello", .via = {"sms", "email"}, .via_all = true},
       "send hello by sms and email: next>7"},
      {Send{.message = "hello", .otherwise = 2}, "send hello: next>7(sent) otherwise>2(not sent)"},
      {Wait{.span = {.days = 2}}, "wait 2d: next>7"},
      {Wait{.span = {.days = 1, .exact = 12h}, .at = ClockTime{600}, .days = {0b10001}},
       "wait 1d12h at 10:00 on mon, fri: next>7"},
      {WaitUntil{expression("now")}, "wait until now: next>7"},
      {WaitUntil{expression("now"), true, 8}, "wait until now: next>7 skipped>8(past already)"},
      {WaitUntil{expression("now"), true, no_step},
       "wait until now: next>7 skipped>.(past already)"},
      {WaitFor{.events = {"paid"}, .then = 3}, "wait for paid: answered>3(it came)"},
      {WaitFor{.events = {"paid", "called"},
               .condition = paid,
               .within = Span{.days = 1},
               .then = 3,
               .otherwise = no_step},
       "wait for paid or called if event.sum > 10: answered>3(it came) otherwise>.(not within 1d)"},
      {Ask{.send = {.message = "size"}, .otherwise = 4},
       "ask size: answered>7(answered) otherwise>4(no answer)"},
      {Ask{.send = {.message = "size"},
           .choices = {{"s", words("Small")}, {"l", words("Large")}},
           .within = Span{.exact = 4h},
           .otherwise = 4},
       "ask size: s / l: answered>7(answered) otherwise>4(no answer within 4h)"},
      {Choose{{{paid, 3}, {std::nullopt, 5}}},
       "choose: branch>3(if event.sum > 10) branch>5(else)"},
      {Choose{{{paid, 3}}}, "choose: branch>3(if event.sum > 10) branch>7(else)"},
      {Set{{{"city", cel::Value("Riga")}, {"vip", cel::Value(true)}}}, "set city, vip: next>7"},
      {Tag{.tags = {"warm", "new"}}, "tag warm, new: next>7"},
      {Tag{.tags = {"cold"}, .remove = true}, "untag cold: next>7"},
      {MoveTo{"decision"}, "move to decision: next>7"},
      {Score{.amount = 10}, "score +10: next>7"},
      {Score{.amount = -2.5}, "score -2.5: next>7"},
      {Score{.amount = 50, .absolute = true}, "score = 50: next>7"},
      {Emit{.event = "lead.warm", .properties = {}}, "emit lead.warm: next>7"},
      {Notify{words("Call\n {{ contact.id }}")}, "notify: Call {{ contact.id }}: next>7"},
      {HandOff{}, "hand over to a human: next>7"},
      {HandOff{.pause = Span{.days = 3}, .text = words("An odd order")},
       "hand over to a human for 3d: An odd order: next>7"},
      {Split{{{"short", 1, 3}, {"long", 2, no_step}}},
       "split: branch>3(short (weight 1)) branch>.(long (weight 2))"},
      {Repeat{.times = 3, .condition = std::nullopt, .body = 2},
       "repeat 3 times: branch>2(again) next>7(then)"},
      {Repeat{.condition = expression("contact.score < 5"), .body = 2},
       "repeat: branch>2(while contact.score < 5) next>7(then)"},
      {Enroll{.playbook = "p", .properties = std::nullopt}, "enroll in p: next>7"},
      {Leave{"p"}, "leave p: next>7"},
      {End{}, "end:"},
  };
  for (const Case& c : cases) CHECK(shape(c.action) == c.shape);
}

// A wait for `paid` that is disappointed after a day, with a step on either way.
Playbook forked() {
  Playbook playbook;
  playbook.steps = {
      {.id = "tag:in", .action = Tag{{"in"}}, .next = 1, .place = {}},
      {.id = "wait",
       .action = WaitFor{.events = {"paid"}, .within = Span{.days = 1}, .then = 2, .otherwise = 3},
       .next = 4,
       .place = {"p.yaml", 3, 1, 1}},
      {.id = "tag:paid", .action = Tag{{"paid"}}, .next = 4, .place = {"p.yaml", 5, 1, 1}},
      {.id = "tag:late", .action = Tag{{"late"}}, .next = 4, .place = {"p.yaml", 7, 1, 1}},
      {.id = "end", .action = End{}, .place = {}}};
  return playbook;
}

// "name>target@line ..." of the ways on from that step of the forked playbook, whatever it does.
std::string ways(std::size_t index, std::optional<StepAction> action = {}) {
  Playbook playbook = forked();
  if (action) playbook.steps.at(index).action = *std::move(action);
  std::string out;
  for (const Way& way : ways_of(playbook, playbook.steps.at(index))) {
    out += fmt::format("{}{}>{}@{}", out.empty() ? "" : " ", way.name, way.target, way.place.line);
  }
  return out;
}

TEST_CASE("a step has the ways on that its author wrote") {
  CHECK(ways(0) == "next>1@0");
  CHECK(ways(1) == "then>2@5 otherwise>3@7");
  CHECK(ways(4).empty());
  // Of the step itself where a way goes on beneath it.
  CHECK(ways(1, Send{.message = "m", .otherwise = 2}) == "sent>4@3 otherwise>2@5");
  CHECK(ways(1, Ask{.otherwise = 2}) == "answered>4@3 otherwise>2@5");
  CHECK(ways(1, WaitUntil{expression("now"), true, 3}) == "in time>4@3 if_past: skip>3@7");
  CHECK(ways(1, Split{{{"short", 1, 2}, {"long", 1, 3}}}) == "short>2@5 long>3@7");
  CHECK(ways(1, Repeat{.times = 2, .body = 2}) == "again>2@5 through>4@3");
  Expression hot = expression("contact.score\n > 1");
  hot.place = {"p.yaml", 4, 1, 1};
  CHECK(ways(1, Choose{{{hot, 2}, {std::nullopt, 3}}}) == "if contact.score > 1>2@4 else>3@7");
  CHECK(ways(1, Choose{{{hot, 2}}}) == "if contact.score > 1>2@4 none of them>4@3");
}

TEST_CASE("ways that lead to the same step are one") {
  CHECK(ways(1, WaitFor{.within = Span{.days = 1}, .then = 2, .otherwise = 2}) == "next>2@5");
  // Without `within` it waits for ever.
  CHECK(ways(1, WaitFor{.then = 2, .otherwise = 3}) == "next>2@5");
  CHECK(ways(1, Send{.message = "m"}) == "next>4@3");
  CHECK(ways(1, Choose{{{std::nullopt, 2}}}) == "next>2@5");
}

}  // namespace
}  // namespace nurtured::rules

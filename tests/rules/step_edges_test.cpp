// Where every kind of step leads, and how it is named.
#include "rules/step_edges.h"

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
      {Split{{{"short", 3, 5}, {"long", 1, no_step}}},
       "split short 3 / long 1: branch>5(short) branch>.(long)"},
      {Repeat{.times = 3, .condition = {}, .body = 5},
       "repeat 3 times: branch>5(3 times) next>7(done)"},
      {Repeat{.condition = paid, .body = 5},
       "repeat while event.sum > 10: branch>5(while event.sum > 10) next>7(done)"},
      {Enroll{.playbook = "course", .properties = {}}, "enroll in course: next>7"},
      {Leave{"course"}, "leave course: next>7"},
      {End{}, "end:"},
  };
  for (const Case& c : cases) CHECK(shape(c.action) == c.shape);
}

}  // namespace
}  // namespace nurtured::rules

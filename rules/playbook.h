// A playbook as the engine runs it: checked, its steps flattened into one list in which every step
// names the next. config/ makes it from YAML; an enrollment finishes on the version it began with.
// Immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "rules/calendar.h"
#include "rules/cel/program.h"
#include "rules/contact.h"
#include "rules/cron.h"

namespace nurtured::rules {

// A checked CEL expression and where it stands.
struct Expression {
  cel::Program program;
  std::string source;
  base::Place place;
};

// A Liquid text inside a step (`set`, `notify`, `emit`). rules/ does not know Liquid: config/ hands
// in an implementation made by content/. Thread-safe.
class Text {
 public:
  virtual ~Text() = default;
  // `data` is a map of contact, event, enrollment and vars, as rules/scope.h's render_data makes
  // it.
  virtual base::Result<std::string> render(const cel::Value& data) const = 0;
  // As it is written in the playbook.
  virtual std::string_view source() const = 0;
};

// What `set`, `emit` and `do` give: a literal as YAML has it, a Liquid text, `=EXPR`, or a list or
// map with such within.
struct ValueTree;
using ValueSource = std::variant<cel::Value, std::shared_ptr<const Text>, Expression,
                                 std::shared_ptr<const ValueTree>>;
using Assignments = std::vector<std::pair<std::string, ValueSource>>;
struct ValueTree {
  bool is_list = false;
  Assignments entries;  // of a list, without names
};

using StepIndex = std::uint32_t;
inline constexpr StepIndex no_step = 0xffffffff;

struct Send {
  std::string message;
  std::vector<std::string> via;  // empty: the playbook's
  bool via_all = false;
  Span hold{.days = 30};
  std::optional<Expression> expires;
  StepIndex otherwise = no_step;  // when `hold` runs out
  bool go_on_while_held = false;
};
struct Wait {
  Span span;
  std::optional<ClockTime> at;
  Weekdays days;
};
struct WaitUntil {
  Expression moment;
  bool skip_if_past = false;  // then the next step is left out: `after_skip`
  StepIndex after_skip = no_step;
};
struct WaitFor {
  std::vector<std::string> events;
  std::optional<Expression> condition;
  std::optional<Span> within;
  StepIndex then = no_step;       // always set by config/: the step after, where left out
  StepIndex otherwise = no_step;  // when `within` passes, likewise
  std::string save;
};
enum class AnswerType { text, integer, decimal, boolean };
// One of the answers that a question offers.
struct AnswerChoice {
  std::string id;                    // what is kept of it
  std::shared_ptr<const Text> text;  // as it is shown
};
// A message that asks, and the wait for its answer.
struct Ask {
  Send send;
  std::vector<AnswerChoice> choices;  // none: whatever is typed
  AnswerType type = AnswerType::text;
  std::optional<Expression> condition;  // of `event.answer`, for it to be taken
  std::optional<Span> within;
  StepIndex otherwise = no_step;  // no answer came in time, or none that could be taken
  std::string save;
  std::shared_ptr<const Text> again;  // told when an answer cannot be taken
  std::uint32_t tries = 3;
};
// A human has the contact until it is handed back.
struct HandOff {
  std::optional<Span> pause;         // `for`: after that the playbook goes on
  std::shared_ptr<const Text> text;  // what the humans are told; may be null
};
struct Branch {
  std::optional<Expression> condition;  // none: `else`
  StepIndex target = no_step;
};
struct Choose {
  std::vector<Branch> branches;  // the first that holds; none: the next step
};
struct Set {
  Assignments attributes;
};
struct Tag {
  std::vector<std::string> tags;
  bool remove = false;
};
struct MoveTo {
  std::string stage;
};
struct Score {
  double amount = 0;
  bool absolute = false;
};
struct Emit {
  std::string event;
  Assignments properties;
};
struct Notify {
  std::shared_ptr<const Text> text;
};
struct End {};
// Sends each person one of several ways, by weight; whoever was split once keeps to that way.
struct Split {
  struct Way {
    std::string name;
    std::uint32_t weight = 1;
    StepIndex target = no_step;
  };
  std::vector<Way> ways;
};
// Its steps again and again: `times` times, or while the condition holds. The last of them leads
// back here.
struct Repeat {
  std::uint32_t times = 0;
  std::optional<Expression> condition;
  StepIndex body = no_step;
};
// Starts a playbook for the same contact, as if by hand.
struct Enroll {
  std::string playbook;
  std::optional<Assignments> properties;  // of the event that it begins with; none: those of ours
};
// Ends what the contact is under way in of a playbook.
struct Leave {
  std::string playbook;
};
// Has a connector do something beside sending, and waits for its answer.
struct Do {
  std::string connector;
  std::string action;
  Assignments arguments;
  std::string save;  // what it gave back is kept under this name
};

using StepAction = std::variant<Send, Wait, WaitUntil, WaitFor, Choose, Set, Tag, MoveTo, Score,
                                Emit, Notify, End, Ask, HandOff, Split, Repeat, Enroll, Leave, Do>;

// What the step sends; nullptr where it sends nothing.
const Send* send_of(const StepAction& action);
// How long it waits for an event at most; nullopt: for ever, or it waits for none.
std::optional<Span> wait_max_of(const StepAction& action);

struct Step {
  std::string id;  // stable; given, or made from the content: `send:webinar-invite`, `wait#2`
  StepAction action;
  StepIndex next = no_step;  // no_step: the playbook is finished
  base::Place place;
};

struct EventStart {
  std::string event;
  std::optional<Expression> condition;
  std::string segment;  // of `segment.entered` and `segment.left`: which; empty: any
};
// At a date of the contact's own: a birthday, the end of a contract.
struct DateStart {
  Expression date;  // a timestamp, or a text: 1990-05-17, --05-17, or a moment (RFC 3339)
  Span offset;
  bool is_before = false;       // the offset goes back from the date
  std::optional<ClockTime> at;  // none: the date's own time, or the day's beginning
  bool every_year = false;      // 29 February falls on the 28th where a year has none
};
// At moments of the workspace's clock, for everybody who is in a segment then.
struct ScheduleStart {
  std::string segment;
  std::variant<Cron, LocalTime> times;  // again and again, or once
  std::string written;                  // `times` as the author wrote them, for people to read
};
// A start that no event makes: each contact has a moment of its own for it.
struct TimedStart {
  std::variant<DateStart, ScheduleStart> when;
  std::optional<Expression> condition;  // judged at that moment
};
struct Goal {
  std::string event;
  std::optional<Expression> condition;
  std::optional<Span> within;
};
struct Stop {
  std::string event;  // empty: judged after every change to the contact
  std::optional<Expression> condition;
};

// `by_clock`: what comes again by the clock starts again, and nothing else does.
enum class AgainMode { never, always, after, by_clock };
struct Again {
  AgainMode mode = AgainMode::never;
  Span after;
};
enum class Meanwhile { ignore, restart };
enum class Late { send, skip };

struct Playbook {
  std::string id;
  PlaybookVersion version;
  std::string title;
  std::string stage;
  std::string source;  // the file's text, kept in the store beside the version
  int priority = 50;   // 0 to 100
  std::vector<std::string> via;
  bool via_all = false;
  std::vector<EventStart> starts;
  std::vector<TimedStart> timed_starts;
  bool by_hand = false;  // `manual`: operators and programs may start it
  Again again;
  Meanwhile meanwhile = Meanwhile::ignore;
  std::optional<Expression> per;
  std::optional<Goal> goal;
  std::vector<Stop> stops;
  std::optional<Late> late;
  std::vector<Step> steps;  // begins with step 0

  // The step with that id; no_step when there is none or it is ambiguous.
  StepIndex find_step(std::string_view id) const;
};

}  // namespace nurtured::rules

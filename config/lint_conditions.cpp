// Conditions that cannot mean what they say: that never hold, that hold before anything begins, or
// that fail for whoever lacks an attribute.
#include <algorithm>
#include <set>
#include <variant>

#include <fmt/format.h>

#include "config/lint.h"
#include "config/near_trait.h"
#include "rules/cel/literal.h"
#include "rules/cel/scope.h"
#include "rules/scope.h"

namespace nurtured::config {
namespace {

using rules::Expression;
using rules::Playbook;

// Why the condition fails whoever it is asked of.
std::optional<std::string> failure_of(const Expression& condition) {
  const cel::References& references = condition.program.references();
  if (!references.fields.empty() || !references.calls.empty()) return std::nullopt;
  const cel::Environment nothing;
  const auto answer = condition.program.test(cel::MapScope(nothing));
  return answer ? std::nullopt : std::optional(answer.error().message);
}

// What `last` gives may be null, so that the type check lets everything be done with it: does it
// fail once the events have happened?
std::optional<base::Error> misuse_of_last(const Expression& expression) {
  const auto& calls = expression.program.references().calls;
  const base::Instant now = base::Instant{} + std::chrono::days{20'000};
  rules::Contact somebody;
  bool has_last = false;
  for (const cel::CallReference& call : calls) {
    if (call.arguments.empty() || !call.arguments.front()) continue;
    if (!call.arguments.front()->is_string()) continue;
    has_last = has_last || call.function == "last";
    somebody.history[call.arguments.front()->as_string()].add(now);
  }
  if (!has_last) return std::nullopt;
  const rules::Book book{rules::BookParts{}};
  const rules::Event event;
  const rules::ConditionScope scope(book, somebody, &event, nullptr, now);
  auto answer = expression.program.evaluate(scope);
  const bool is_misused =
      !answer && answer.error().message.find("does not take") != std::string::npos;
  return is_misused ? std::optional(std::move(answer.error())) : std::nullopt;
}

bool note_misuse(const Expression& expression, Problems& problems) {
  const auto misuse = misuse_of_last(expression);
  if (!misuse) return false;
  problems.warning(
      expression.place, "never-true",
      fmt::format("this fails whenever it is asked: {}", misuse->message),
      "last() is a moment: compare it with timestamp(\"2026-03-01T00:00:00Z\"), and what "
      "has gone by since with duration(\"72h\")");
  return true;
}

void note_never(const std::optional<Expression>& condition, std::string_view what,
                Problems& problems) {
  if (!condition || note_misuse(*condition, problems)) return;
  const bool is_false = constant_of(*condition) == false;
  const auto failure = is_false ? std::nullopt : failure_of(*condition);
  if (!is_false && !failure) return;
  problems.warning(
      condition->place, "never-true",
      failure ? fmt::format("this always fails, which counts as no: {}; {}", *failure, what)
              : fmt::format("this is never true: {}", what),
      "write what it is to depend on");
}

void note_never_true(const LintInput& input, Problems& problems) {
  for (const rules::Segment& segment : input.segments) {
    note_never(segment.condition, "nobody is ever in the segment", problems);
  }
  for (const auto& playbook : input.playbooks) {
    for (const auto& start : playbook->starts) {
      note_never(start.condition, "nobody starts by it", problems);
    }
    for (const auto& start : playbook->timed_starts) {
      note_never(start.condition, "nobody starts by it", problems);
    }
    if (playbook->goal) note_never(playbook->goal->condition, "nobody reaches it", problems);
    for (const auto& stop : playbook->stops) {
      note_never(stop.condition, "it stops nobody", problems);
    }
    for (const auto& step : playbook->steps) {
      if (const auto* wait = std::get_if<rules::WaitFor>(&step.action)) {
        note_never(wait->condition, "no event is taken", problems);
      } else if (const auto* ask = std::get_if<rules::Ask>(&step.action)) {
        note_never(ask->condition, "no answer is taken", problems);
      }
    }
  }
}

// A stop that is true at the start means no enrollment at all (CONTRACT section 2).
void note_stops_at_once(const Playbook& playbook, Problems& problems) {
  const Expression* start = nullptr;
  if (playbook.starts.size() == 1 && playbook.timed_starts.empty() && !playbook.by_hand &&
      playbook.starts.front().condition) {
    start = &*playbook.starts.front().condition;
  }
  for (const rules::Stop& stop : playbook.stops) {
    if (!stop.event.empty() || !stop.condition) continue;
    const bool is_start = start != nullptr && start->source == stop.condition->source;
    if (!is_start && constant_of(*stop.condition) != true) continue;
    problems.warning(stop.condition->place, "stops-at-once",
                     "this is true when the playbook starts, so that nobody ever enters it",
                     "stop by what changes on the way, or remove this stop");
  }
}

// ---- attributes

// What every contact has.
bool is_always_there(const std::vector<std::string>& path) {
  constexpr std::string_view names[] = {"id", "tags", "stage", "score", "channels", "consent"};
  const bool is_there = std::ranges::find(names, path.front()) != std::end(names);
  // The address and the consent of a channel are there once somebody gave them.
  const bool is_of_channel = path.front() == "channels" || path.front() == "consent";
  return is_there && !(is_of_channel && path.size() > 1);
}

std::set<std::string, std::less<>> attributes_set(const LintInput& input) {
  std::set<std::string, std::less<>> names;
  for (const auto& playbook : input.playbooks) {
    for (const auto& step : playbook->steps) {
      const auto* set = std::get_if<rules::Set>(&step.action);
      if (set == nullptr) continue;
      for (const auto& [name, source] : set->attributes) names.insert(name);
    }
  }
  return names;
}

// ---- names that are nearly known

// "channels.email", "tags[0]" → channels and email, tags
std::vector<std::string> names_of(std::string_view path) {
  std::vector<std::string> names;
  for (path = path.substr(0, path.find('[')); !path.empty();) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    names.emplace_back(path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return names;
}

// What conditions, steps and messages read of the contact.
std::vector<ContactUse> contact_uses(const LintInput& input) {
  std::vector<ContactUse> uses = input.uses.contact;
  constexpr std::string_view root = "contact.";
  const auto add = [&](const std::vector<MessageScenes::Variable>& variables) {
    for (const auto& [use, place] : variables) {
      if (!use.path.starts_with(root)) continue;
      uses.push_back({names_of(std::string_view(use.path).substr(root.size())), place});
    }
  };
  for (const auto& [message, scenes] : input.messages.scenes) add(scenes.variables);
  for (const File& file : input.workspace.files) add(variables_of_partial(input, file));
  return uses;
}

void note_near_traits(const LintInput& input, Problems& problems) {
  const auto set = attributes_set(input);
  for (const ContactUse& use : contact_uses(input)) {
    if (use.path.empty()) continue;
    const std::string name(rules::attribute_name(use.path.front()));
    const bool is_of_channel = use.path.size() > 1 && (name == "channels" || name == "consent");
    const bool is_set = set.contains(name);
    const std::string& said = is_of_channel ? use.path[1] : name;
    const std::string meant = is_of_channel ? slip_of(said, input.catalogue.channels)
                                            : (is_set ? std::string() : near_trait(name));
    if (meant.empty()) continue;
    problems.warning(use.place, "near-trait",
                     is_of_channel ? fmt::format("there is no channel `{}`", said)
                                   : fmt::format("`{}` is an attribute of its own here", said),
                     fmt::format("did you mean `{}`?", meant));
  }
}

class AttributeLint {
 public:
  AttributeLint(const LintInput& input, Problems& problems)
      : book_({.settings = input.settings, .segments = input.segments}),
        set_(attributes_set(input)),
        problems_(problems) {}

  void check(const Playbook& playbook) {
    playbook_ = &playbook;
    for (rules::StepIndex i = 0; i < playbook.steps.size(); ++i) {
      step_ = i;
      const auto& step = playbook.steps[i];
      if (const auto* choose = std::get_if<rules::Choose>(&step.action)) {
        for (const auto& branch : choose->branches) {
          if (branch.condition) check(*branch.condition);
        }
      } else if (const auto* repeat = std::get_if<rules::Repeat>(&step.action)) {
        if (repeat->condition) check(*repeat->condition);
      } else if (const auto* until = std::get_if<rules::WaitUntil>(&step.action)) {
        check(until->moment);
      } else if (const auto* set = std::get_if<rules::Set>(&step.action)) {
        check(set->attributes);
      } else if (const auto* emit = std::get_if<rules::Emit>(&step.action)) {
        check(emit->properties);
      } else if (const auto* call = std::get_if<rules::Do>(&step.action)) {
        check(call->arguments);
      } else if (const auto* enroll = std::get_if<rules::Enroll>(&step.action)) {
        if (enroll->properties) check(*enroll->properties);
      }
    }
  }

 private:
  void check(const rules::Assignments& assignments) {
    for (const auto& [name, source] : assignments) {
      if (const auto* formula = std::get_if<Expression>(&source)) check(*formula);
      const auto* tree = std::get_if<std::shared_ptr<const rules::ValueTree>>(&source);
      if (tree != nullptr) check((*tree)->entries);
    }
  }

  // Asked of somebody of whom nothing is known: does it fail at an attribute of theirs?
  void check(const Expression& expression) {
    const rules::Contact nobody;
    const rules::Event event;
    const rules::ConditionScope scope(book_, nobody, &event, nullptr, base::Instant{});
    if (note_misuse(expression, problems_)) return;
    const auto answer = expression.program.evaluate(scope);
    if (answer) return;
    if (answer.error().kind == base::ErrorKind::invalid) return check_last(expression);
    if (answer.error().kind != base::ErrorKind::not_found) return;
    const base::Place& failed = answer.error().place;
    for (const cel::FieldReference& field : expression.program.references().fields) {
      const bool is_attribute =
          field.variable == "contact" && !field.path.empty() && !is_always_there(field.path);
      if (!is_attribute) continue;
      const auto name = rules::attribute_name(field.path.front());
      if (set_.contains(name) || is_asked_on_the_way(*playbook_, step_, name)) continue;
      const bool failed_here = field.place.line == failed.line &&
                               field.place.column <= failed.column + failed.length &&
                               failed.column <= field.place.column + field.place.length;
      if (!failed_here) continue;
      const std::string path = fmt::format("contact.{}", fmt::join(field.path, "."));
      problems_.warning(
          expression.place, "missing-attribute",
          fmt::format("this fails for everybody without `{}`, and stops them here", path),
          fmt::format("ask first: has({0}) && …, or has({0}) ? … : …", path));
      return;
    }
  }

  // What never happened has no last time to reckon with.
  void check_last(const Expression& expression) {
    const auto& calls = expression.program.references().calls;
    const auto last = std::ranges::find_if(calls, [](const cel::CallReference& call) {
      return call.function == "last" && !call.arguments.empty() && call.arguments.front();
    });
    if (last == calls.end()) return;
    const std::string event = cel::to_literal(*last->arguments.front());
    problems_.warning(
        expression.place, "missing-attribute",
        fmt::format("this fails for everybody to whom {} never happened, and stops them here",
                    event),
        fmt::format("ask first: did({0}) && …, or did({0}) ? … : …", event));
  }

  const Playbook* playbook_ = nullptr;  // that is looked at, and its step
  rules::StepIndex step_ = 0;
  rules::Book book_;
  std::set<std::string, std::less<>> set_;
  Problems& problems_;
};

}  // namespace

std::optional<bool> constant_of(const Expression& condition) {
  const cel::References& references = condition.program.references();
  if (!references.fields.empty() || !references.calls.empty()) return std::nullopt;
  const cel::Environment nothing;
  const auto answer = condition.program.test(cel::MapScope(nothing));
  return answer ? std::optional(*answer) : std::nullopt;
}

void lint_conditions(const LintInput& input, Problems& problems) {
  note_never_true(input, problems);
  note_near_traits(input, problems);
  AttributeLint attributes(input, problems);
  for (const auto& playbook : input.playbooks) {
    note_stops_at_once(*playbook, problems);
    attributes.check(*playbook);
  }
}

}  // namespace nurtured::config

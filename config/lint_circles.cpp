// Playbooks that start themselves, or one another in a circle, for ever: by events, by enrolling,
// by what their ends and their messages are followed by.
//
// CONTRACT section 2 decides what really goes round: what a step causes comes before the next step,
// so an event that a playbook emits finds it still under way, and a start while enrolled is ignored
// but with `meanwhile: restart`.
#include <algorithm>
#include <map>
#include <set>
#include <variant>

#include <fmt/format.h>

#include "config/lint.h"
#include "rules/scope.h"

namespace nurtured::config {
namespace {

using rules::no_step;
using rules::Playbook;
using rules::Step;
using rules::StepIndex;

// Whether something else may happen to the contact before the step is left.
bool is_left_later(const Step& step) {
  return std::holds_alternative<rules::Wait>(step.action) ||
         std::holds_alternative<rules::WaitUntil>(step.action) ||
         std::holds_alternative<rules::WaitFor>(step.action) ||
         std::holds_alternative<rules::HandOff>(step.action) ||
         std::holds_alternative<rules::Do>(step.action) || rules::send_of(step.action) != nullptr;
}

// Something that everybody who goes through `from` brings about, each time, and `to` starts by.
struct Link {
  const Playbook* from = nullptr;
  std::size_t from_index = 0;
  const Playbook* to = nullptr;
  std::size_t to_index = 0;
  base::Place place{};           // of the step
  bool is_end = false;           // it comes when `from` is over
  bool comes_later = false;      // `from` has waited before
  bool is_over_at_once = false;  // `from` waits no more behind it
};

// The event that it brings about, as far as the playbook decides it.
struct Made {
  std::string event;
  cel::Map known;
};

class CircleLint {
 public:
  CircleLint(const LintInput& input, Problems& problems)
      : input_(input), problems_(problems), links_(input.playbooks.size()) {
    for (std::size_t i = 0; i < input.playbooks.size(); ++i) {
      const Playbook& playbook = *input.playbooks[i];
      if (!may_start_again(playbook) || playbook.steps.empty()) continue;
      by_id_.emplace(playbook.id, i);
      for (const rules::EventStart& start : playbook.starts) by_event_[start.event].insert(i);
    }
    if (by_id_.empty()) return;
    for (std::size_t from = 0; from < input.playbooks.size(); ++from) {
      const Playbook& playbook = *input.playbooks[from];
      for (StepIndex i = 0; i < playbook.steps.size(); ++i) add_links_of_step(from, i);
      add_links_of_end(from);
    }
  }

  void run() {
    std::set<std::set<const Playbook*>> told;
    for (const auto& links : links_) {
      for (const auto& [to, link] : links) {
        const auto circle = circle_of(link);
        if (circle.empty() || !goes_round(circle)) continue;
        std::set<const Playbook*> members;
        for (const Link* part : circle) members.insert(part->from);
        if (told.insert(std::move(members)).second) warn(circle);
      }
    }
  }

 private:
  using Circle = std::vector<const Link*>;

  // `again` has no say in a restart.
  static bool may_start_again(const Playbook& playbook) {
    const bool is_stopped = std::ranges::any_of(
        playbook.stops, [](const rules::Stop& stop) { return stop.event.empty(); });
    const bool may = playbook.again.mode == rules::AgainMode::always ||
                     playbook.meanwhile == rules::Meanwhile::restart;
    return may && !playbook.per && !is_stopped;
  }

  bool is_started_by(const Playbook& playbook, const Made& made) const {
    return std::ranges::any_of(playbook.starts, [&](const rules::EventStart& start) {
      return start.event == made.event && start.segment.empty() &&
             surely_holds(start.condition, made.known);
    });
  }

  bool surely_holds(const std::optional<rules::Expression>& condition,
                    const cel::Map& known) const {
    if (!condition) return true;
    const cel::References& references = condition->program.references();
    const bool is_known =
        references.calls.empty() &&
        std::ranges::all_of(references.fields, [&](const cel::FieldReference& field) {
          return field.variable == "event" && field.path.size() == 1 &&
                 known.find(field.path.front()) != nullptr;
        });
    if (!is_known) return false;
    cel::MapScope scope(environment_);
    scope.set("event", known);
    return condition->program.test(scope).value_or(false);
  }

  std::optional<Made> made_by(const Playbook& playbook, const Step& step) const {
    if (const auto* emit = std::get_if<rules::Emit>(&step.action)) {
      cel::Map known;
      for (const auto& [name, source] : emit->properties) {
        if (const auto* value = std::get_if<cel::Value>(&source)) known.set(name, *value);
      }
      return Made{emit->event, std::move(known)};
    }
    const rules::Send* send = rules::send_of(step.action);
    if (send == nullptr) return std::nullopt;
    const auto facts = input_.catalogue.messages.find(send->message);
    if (facts == input_.catalogue.messages.end()) return std::nullopt;
    return Made{"message.sent", cel::Map{{"message", send->message},
                                         {"kind", rules::to_string(facts->second.kind)},
                                         {"playbook", playbook.id}}};
  }

  std::set<std::size_t> started_by(const Made& made) const {
    std::set<std::size_t> out;
    const auto found = by_event_.find(made.event);
    if (found == by_event_.end()) return out;
    for (const std::size_t to : found->second) {
      if (is_started_by(*input_.playbooks[to], made)) out.insert(to);
    }
    return out;
  }

  void add_links_of_step(std::size_t from, StepIndex i) {
    const Playbook& playbook = *input_.playbooks[from];
    const Step& step = playbook.steps[i];
    std::set<std::size_t> started;
    if (const auto* enroll = std::get_if<rules::Enroll>(&step.action)) {
      const auto found = by_id_.find(enroll->playbook);
      if (found != by_id_.end()) started.insert(found->second);
    } else if (const auto made = made_by(playbook, step)) {
      started = started_by(*made);
    }
    const auto pass_others = [&](StepIndex at) { return at != i; };
    if (started.empty() || can_come(playbook, 0, no_step, pass_others)) return;
    const auto pass_at_once = [&](StepIndex at) { return !is_left_later(playbook.steps[at]); };
    const bool comes_later = is_left_later(step) || !can_come(playbook, 0, i, pass_at_once);
    const bool is_over_at_once = can_come(playbook, step.next, no_step, pass_at_once);
    for (const std::size_t to : started) {
      // Of several steps the last one finds the playbook nearest to its end.
      links_[from].insert_or_assign(to, Link{.from = &playbook,
                                             .from_index = from,
                                             .to = input_.playbooks[to].get(),
                                             .to_index = to,
                                             .place = step.place,
                                             .comes_later = comes_later,
                                             .is_over_at_once = is_over_at_once});
    }
  }

  void add_links_of_end(std::size_t from) {
    const Playbook& playbook = *input_.playbooks[from];
    const auto started = started_by(
        {"enrollment.ended", cel::Map{{"playbook", playbook.id}, {"outcome", "finished"}}});
    if (started.empty()) return;
    const auto pass_at_once = [&](StepIndex at) { return !is_left_later(playbook.steps[at]); };
    const bool comes_later = !can_come(playbook, 0, no_step, pass_at_once);
    for (const std::size_t to : started) {
      links_[from].insert_or_assign(to, Link{.from = &playbook,
                                             .from_index = from,
                                             .to = input_.playbooks[to].get(),
                                             .to_index = to,
                                             .is_end = true,
                                             .comes_later = comes_later,
                                             .is_over_at_once = true});
    }
  }

  // The shortest way from the link back to its playbook, the link first.
  Circle circle_of(const Link& first) const {
    std::map<std::size_t, const Link*> reached{{first.to_index, nullptr}};
    std::vector<std::size_t> open = {first.to_index};
    for (std::size_t i = 0; i < open.size() && !reached.contains(first.from_index); ++i) {
      for (const auto& [to, link] : links_[open[i]]) {
        if (reached.emplace(to, &link).second) open.push_back(to);
      }
    }
    if (!reached.contains(first.from_index)) return {};
    Circle circle;
    for (std::size_t at = first.from_index; at != first.to_index; at = circle.back()->from_index) {
      circle.push_back(reached.at(at));
    }
    circle.push_back(&first);
    std::ranges::reverse(circle);
    return circle;
  }

  // Whether each playbook of it may begin again when the circle comes back to it.
  static bool goes_round(const Circle& circle) {
    return std::ranges::all_of(circle, [&](const Link* out) {
      const Playbook& playbook = *out->from;
      const bool others_wait = std::ranges::any_of(
          circle, [&](const Link* other) { return other != out && other->comes_later; });
      const bool is_over = out->is_end || (out->is_over_at_once && others_wait);
      const bool restarts = playbook.meanwhile == rules::Meanwhile::restart;
      return is_over ? playbook.again.mode == rules::AgainMode::always : restarts;
    });
  }

  void warn(const Circle& circle) {
    const Link& link = *circle.front();
    const bool waits = std::ranges::any_of(circle, &Link::comes_later);
    const bool restarts = link.to->meanwhile == rules::Meanwhile::restart;
    const std::string what = circle.size() == 1
                                 ? std::string("the playbook")
                                 : fmt::format("`{}`, which leads back here,", link.to->id);
    problems_.warning(
        link.is_end ? place_of_key(input_, *link.to, "start") : link.place, "starts-itself",
        fmt::format("{} starts {} again, for ever{}",
                    link.is_end ? fmt::format("the end of `{}`", link.from->id) : "this", what,
                    waits ? "" : " and without a pause"),
        restarts ? "leave out `meanwhile: restart`, or add a condition to the start"
                 : "write `again: never` or `again: after 30d`, or add a condition to the start");
  }

  const LintInput& input_;
  Problems& problems_;
  const cel::Environment environment_ = rules::condition_environment();
  // Those that may start again.
  std::map<std::string, std::size_t, std::less<>> by_id_;
  std::map<std::string, std::set<std::size_t>, std::less<>> by_event_;
  std::vector<std::map<std::size_t, Link>> links_;  // by whom they come from, and where they lead
};

}  // namespace

void lint_circles(const LintInput& input, Problems& problems) {
  CircleLint(input, problems).run();
}

}  // namespace nurtured::config

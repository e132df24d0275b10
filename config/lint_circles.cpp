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

bool takes_time(const Step& step) {
  return std::holds_alternative<rules::Wait>(step.action) ||
         std::holds_alternative<rules::WaitUntil>(step.action) ||
         std::holds_alternative<rules::WaitFor>(step.action) ||
         std::holds_alternative<rules::HandOff>(step.action) ||
         std::holds_alternative<rules::Do>(step.action) || rules::send_of(step.action) != nullptr;
}

// Something that everybody who goes through `from` brings about, each time, and `to` starts by.
struct Link {
  const Playbook* from = nullptr;
  const Playbook* to = nullptr;
  base::Place place;             // of the step, or of the start that goes by the end of `from`
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
  CircleLint(const LintInput& input, Problems& problems) : input_(input), problems_(problems) {
    for (const auto& playbook : input.playbooks) {
      for (const auto& to : input.playbooks) {
        if (may_start_again(*to)) add_links(*playbook, *to);
      }
    }
  }

  void run() {
    std::set<std::set<const Playbook*>> told;
    for (const Link& link : links_) {
      const auto circle = circle_of(link);
      if (circle.empty() || !goes_round(circle)) continue;
      std::set<const Playbook*> members;
      for (const Link* part : circle) members.insert(part->from);
      if (told.insert(std::move(members)).second) warn(circle);
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

  static bool is_started_by(const Playbook& playbook, const Made& made) {
    return std::ranges::any_of(playbook.starts, [&](const rules::EventStart& start) {
      return start.event == made.event && start.segment.empty() &&
             surely_holds(start.condition, made.known);
    });
  }

  static bool surely_holds(const std::optional<rules::Expression>& condition,
                           const cel::Map& known) {
    if (!condition) return true;
    const cel::References& references = condition->program.references();
    const bool is_known =
        references.calls.empty() &&
        std::ranges::all_of(references.fields, [&](const cel::FieldReference& field) {
          return field.variable == "event" && field.path.size() == 1 &&
                 known.find(field.path.front()) != nullptr;
        });
    if (!is_known) return false;
    const cel::Environment environment = rules::condition_environment();
    cel::MapScope scope(environment);
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

  void add_links(const Playbook& playbook, const Playbook& to) {
    for (StepIndex i = 0; i < playbook.steps.size(); ++i) {
      const Step& step = playbook.steps[i];
      const auto* enroll = std::get_if<rules::Enroll>(&step.action);
      const auto made = made_by(playbook, step);
      const bool starts =
          (enroll != nullptr && enroll->playbook == to.id) || (made && is_started_by(to, *made));
      if (!starts) continue;
      const auto pass_others = [&](StepIndex at) { return at != i; };
      if (can_come(playbook, 0, no_step, pass_others)) continue;
      const auto pass_at_once = [&](StepIndex at) { return !takes_time(playbook.steps[at]); };
      links_.push_back({.from = &playbook,
                        .to = &to,
                        .place = step.place,
                        .comes_later = takes_time(step) || !can_come(playbook, 0, i, pass_at_once),
                        .is_over_at_once = can_come(playbook, step.next, no_step, pass_at_once)});
    }
    const Made end{"enrollment.ended",
                   cel::Map{{"playbook", playbook.id}, {"outcome", "finished"}}};
    if (to.steps.empty() || !is_started_by(to, end)) return;
    const auto pass_at_once = [&](StepIndex at) { return !takes_time(playbook.steps[at]); };
    links_.push_back({.from = &playbook,
                      .to = &to,
                      .place = place_of_key(input_, to, "start"),
                      .is_end = true,
                      .comes_later = !can_come(playbook, 0, no_step, pass_at_once),
                      .is_over_at_once = true});
  }

  // The shortest way from the link back to its playbook, the link first.
  Circle circle_of(const Link& first) const {
    std::map<const Playbook*, const Link*> reached{{first.to, nullptr}};
    std::vector<const Playbook*> open = {first.to};
    for (std::size_t i = 0; i < open.size() && !reached.contains(first.from); ++i) {
      for (const Link& link : links_) {
        if (link.from != open[i] || reached.contains(link.to)) continue;
        reached.emplace(link.to, &link);
        open.push_back(link.to);
      }
    }
    if (!reached.contains(first.from)) return {};
    Circle circle;
    for (const Playbook* at = first.from; at != first.to; at = circle.back()->from) {
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
        link.place, "starts-itself",
        fmt::format("{} starts {} again, for ever{}",
                    link.is_end ? fmt::format("the end of `{}`", link.from->id) : "this", what,
                    waits ? "" : " and without a pause"),
        restarts ? "leave out `meanwhile: restart`, or add a condition to the start"
                 : "write `again: never` or `again: after 30d`, or add a condition to the start");
  }

  const LintInput& input_;
  Problems& problems_;
  std::vector<Link> links_;
};

}  // namespace

void lint_circles(const LintInput& input, Problems& problems) {
  CircleLint(input, problems).run();
}

}  // namespace nurtured::config

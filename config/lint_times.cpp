// Moments that cannot be kept: replies that come too late, goals that are over before the message
// for them, hours in which nothing may leave, dates that come once.
#include <algorithm>
#include <chrono>
#include <concepts>
#include <map>
#include <queue>
#include <variant>

#include <fmt/format.h>

#include "config/lint.h"

namespace nurtured::config {
namespace {

using base::Milliseconds;
using rules::no_step;
using rules::Playbook;
using rules::Step;
using rules::StepEdge;
using rules::StepIndex;

// CONTRACT section 3: a reply answers within an hour.
constexpr Milliseconds reply_max = std::chrono::hours{1};
constexpr Milliseconds never = Milliseconds::max();
// Rounds within rounds are not counted beyond this.
constexpr Milliseconds stay_max = std::chrono::years{1000};

// "7d", "1d12h": days of 24 hours, as far as there are any.
std::string in_days(Milliseconds time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  return rules::to_string(
      rules::Span{.days = static_cast<std::int32_t>(days.count()), .exact = time - days});
}

// How long at least an enrollment stands at a step that it leaves that way.
Milliseconds least_stay(const Step& step, const StepEdge& edge) {
  if (const auto* wait = std::get_if<rules::Wait>(&step.action)) return wait->span.nominal();
  const auto within = rules::wait_max_of(step.action);
  const bool is_too_late = edge.kind == rules::EdgeKind::otherwise && within;
  // A question that cannot be put is left at once.
  const bool surely_waited = std::holds_alternative<rules::WaitFor>(step.action);
  return is_too_late && surely_waited ? within->nominal() : Milliseconds{0};
}

// The shortest time with which somebody who begins at `from` comes to each step, where a step is
// left with `after` what it was come to with; `never` to those nobody comes to. What lies behind
// `until` is not looked at.
template <std::invocable<StepIndex, const StepEdge&, Milliseconds> After>
std::vector<Milliseconds> shortest_times(const Playbook& playbook, const After& after,
                                         StepIndex from = 0, StepIndex until = no_step) {
  std::vector<Milliseconds> times(playbook.steps.size(), never);
  std::queue<StepIndex> open;
  const auto reach = [&](StepIndex index, Milliseconds with) {
    if (index >= times.size() || with >= times[index]) return;
    times[index] = with;
    if (index != until) open.push(index);
  };
  reach(from, Milliseconds{0});
  // First come, first served: otherwise a step might be gone by once for each way to it.
  while (!open.empty()) {
    const StepIndex at = open.front();
    open.pop();
    for (const StepEdge& edge : open_edges(playbook, playbook.steps[at])) {
      reach(edge.target, after(at, edge, times[at]));
    }
  }
  return times;
}

// How long at least the contact has not been heard of at each step.
std::vector<Milliseconds> shortest_silences(const Playbook& playbook) {
  const auto after = [&](StepIndex at, const StepEdge& edge, Milliseconds silence) {
    const bool is_heard_of = edge.kind == rules::EdgeKind::answered;
    return is_heard_of ? Milliseconds{0} : silence + least_stay(playbook.steps[at], edge);
  };
  return shortest_times(playbook, after);
}

// How long at least an enrollment has lasted at each step.
class ShortestStays {
 public:
  explicit ShortestStays(const Playbook& playbook) : playbook_(playbook) {}

  std::vector<Milliseconds> of_steps() { return from(0, no_step); }

 private:
  std::vector<Milliseconds> from(StepIndex begin, StepIndex until) {
    const auto after = [this](StepIndex at, const StepEdge& edge, Milliseconds stay) {
      const Step& step = playbook_.steps[at];
      const auto* repeat = std::get_if<rules::Repeat>(&step.action);
      const bool has_all_rounds =
          repeat != nullptr && !repeat->condition && edge.kind != rules::EdgeKind::branch;
      if (!has_all_rounds) return std::min(stay + least_stay(step, edge), stay_max);
      const Milliseconds round = least_round(at, repeat->body);
      return round == never ? never : std::min(stay + round * repeat->times, stay_max);
    };
    return shortest_times(playbook_, after, begin, until);
  }

  // Rounds stand in one another: each is gone round once.
  Milliseconds least_round(StepIndex repeat, StepIndex body) {
    if (const auto known = rounds_.find(repeat); known != rounds_.end()) return known->second;
    const Milliseconds round = body == no_step ? Milliseconds{0} : from(body, repeat)[repeat];
    return rounds_.emplace(repeat, round).first->second;
  }

  const Playbook& playbook_;
  std::map<StepIndex, Milliseconds> rounds_;
};

void note_late_replies(const LintInput& input, const Playbook& playbook, Problems& problems) {
  const auto silences = shortest_silences(playbook);
  for (std::size_t i = 0; i < playbook.steps.size(); ++i) {
    const rules::Send* send = rules::send_of(playbook.steps[i].action);
    if (send == nullptr || silences[i] == never || silences[i] <= reply_max) continue;
    const auto facts = input.catalogue.messages.find(send->message);
    const bool is_reply =
        facts != input.catalogue.messages.end() && facts->second.kind == rules::Kind::reply;
    if (!is_reply) continue;
    problems.warning(
        playbook.steps[i].place, "late-reply",
        fmt::format("`{}` is a reply, and is skipped as expired: the contact was last heard of "
                    "{} before, or longer",
                    send->message, in_days(silences[i])),
        "send it within an hour, or make it value, engagement or offer");
  }
}

// CONTRACT section 2: `within` of a goal counts from the start.
void note_goal_over(const LintInput& input, const Playbook& playbook, Problems& problems) {
  if (!playbook.goal || !playbook.goal->within) return;
  const Milliseconds within = playbook.goal->within->nominal();
  const auto stays = ShortestStays(playbook).of_steps();
  for (std::size_t i = 0; i < playbook.steps.size(); ++i) {
    const Step& step = playbook.steps[i];
    const rules::Send* send = rules::send_of(step.action);
    if (send == nullptr || stays[i] == never || stays[i] < within) continue;
    const std::string over = rules::to_string(*playbook.goal->within);
    const std::string earliest = in_days(stays[i]);
    problems.warning(
        place_of_key(input, playbook, "goal"), "goal-over",
        fmt::format("the goal is over {} after the start, and `{}` (line {}) leaves {} after it at "
                    "the earliest: whoever does what it asks for does not count",
                    over, send->message, step.place.line, earliest),
        "give the goal more time (`within`), or send the message sooner");
    return;  // what follows would repeat it
  }
}

void note_unused_late(const LintInput& input, const Playbook& playbook, Problems& problems) {
  if (!playbook.late || !playbook.timed_starts.empty() || playbook.steps.empty()) return;
  const bool waits = std::ranges::any_of(playbook.steps, [](const Step& step) {
    return std::holds_alternative<rules::Wait>(step.action) ||
           std::holds_alternative<rules::WaitUntil>(step.action) ||
           std::holds_alternative<rules::HandOff>(step.action) ||
           rules::wait_max_of(step.action).has_value();
  });
  if (waits) return;
  problems.warning(place_of_key(input, playbook, "late"), "late-unused",
                   "`late` never counts: nothing in this playbook falls due later", "remove it");
}

// ---- quiet hours

bool is_quiet_at(const rules::QuietHours& quiet, int minutes) {
  const int start = quiet.start.minutes;
  const int end = quiet.end.minutes;
  if (start <= end) return minutes >= start && minutes < end;
  return minutes >= start || minutes < end;
}

bool is_quiet_always(const rules::QuietHours& quiet, const rules::Cron& cron) {
  for (int hour = 0; hour < 24; ++hour) {
    if (((cron.hours >> static_cast<unsigned>(hour)) & 1U) == 0) continue;
    for (int minute = 0; minute < 60; ++minute) {
      const bool fits = ((cron.minutes >> static_cast<unsigned>(minute)) & 1U) != 0;
      if (fits && !is_quiet_at(quiet, hour * 60 + minute)) return false;
    }
  }
  return true;
}

class QuietLint {
 public:
  QuietLint(const LintInput& input, const Playbook& playbook, Problems& problems)
      : input_(input),
        quiet_(input.settings.limits.quiet),
        playbook_(playbook),
        problems_(problems) {}

  void run() {
    for (const Step& step : playbook_.steps) {
      const auto* wait = std::get_if<rules::Wait>(&step.action);
      if (wait == nullptr || !wait->at || !is_quiet_at(quiet_, wait->at->minutes)) continue;
      if (sends_marketing(step.next)) warn(step.place, "the wait ends");
    }
    if (!sends_marketing(playbook_.steps.empty() ? no_step : 0)) return;
    for (const auto& start : playbook_.timed_starts) {
      if (!is_quiet(start)) continue;
      warn(place_of_key(input_, playbook_, "start"), "the playbook starts");
      return;
    }
  }

 private:
  bool is_quiet(const rules::TimedStart& start) const {
    if (const auto* date = std::get_if<rules::DateStart>(&start.when)) {
      return date->at && date->offset.exact == Milliseconds{0} &&
             is_quiet_at(quiet_, date->at->minutes);
    }
    const auto& times = std::get<rules::ScheduleStart>(start.when).times;
    if (const auto* cron = std::get_if<rules::Cron>(&times)) return is_quiet_always(quiet_, *cron);
    const auto moment = std::get<rules::LocalTime>(times);
    const auto since_midnight = moment - std::chrono::floor<std::chrono::days>(moment);
    return is_quiet_at(
        quiet_,
        static_cast<int>(std::chrono::duration_cast<std::chrono::minutes>(since_midnight).count()));
  }

  bool sends_marketing(StepIndex index) const {
    if (index == no_step) return false;
    const rules::Send* send = rules::send_of(playbook_.steps[index].action);
    return send != nullptr && input_.marketing_kind(send->message).has_value();
  }

  void warn(const base::Place& place, std::string_view what) {
    problems_.warning(
        place, "quiet-moment",
        fmt::format("{} in the quiet hours ({}-{}): the message leaves when they are over", what,
                    rules::to_string(quiet_.start), rules::to_string(quiet_.end)),
        "name an hour outside them, or change `limits.quiet`");
  }

  const LintInput& input_;
  const rules::QuietHours& quiet_;
  const Playbook& playbook_;
  Problems& problems_;
};

// ---- dates

void note_birthdays(const Playbook& playbook, Problems& problems) {
  for (const auto& start : playbook.timed_starts) {
    const auto* date = std::get_if<rules::DateStart>(&start.when);
    if (date == nullptr || date->every_year) continue;
    const auto& fields = date->date.program.references().fields;
    const bool is_birthday = std::ranges::any_of(fields, [](const cel::FieldReference& field) {
      return field.variable == "contact" && field.path == std::vector<std::string>{"birthday"};
    });
    if (!is_birthday) continue;
    problems.warning(date->date.place, "birthday-once",
                     "this is the day on which they were born, which never comes again",
                     "write `every: year` beside it");
  }
}

}  // namespace

void lint_times(const LintInput& input, Problems& problems) {
  for (const auto& playbook : input.playbooks) {
    note_late_replies(input, *playbook, problems);
    note_goal_over(input, *playbook, problems);
    note_unused_late(input, *playbook, problems);
    QuietLint(input, *playbook, problems).run();
    note_birthdays(*playbook, problems);
  }
}

}  // namespace nurtured::config

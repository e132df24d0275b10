#include "daemon/scenario_judge.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "daemon/contact_view.h"
#include "daemon/scenario_match.h"

namespace nurtured::daemon {
namespace {

using config::Expectation;
using config::LineExpected;
using config::StateExpected;
using config::Window;

// Of what really happened, so much is shown: all of it where that is little, else what is about the
// expectation, and what is around its time.
constexpr std::size_t all_shown_max = 12;
constexpr std::size_t related_shown_max = 8;
constexpr std::size_t around_shown_max = 3;  // before it, and after it

// What explains, beside what `simulate` prints.
bool is_telling(const PlayedLine& line) {
  constexpr std::array<std::string_view, 2> silent = {"touch", "wait"};
  return std::ranges::find(silent, line.decision.action) == silent.end();
}

base::Milliseconds distance(const Window& window, const PlayedLine& line) {
  if (overlaps(window, line)) return base::Milliseconds{0};
  return line.at < window.from ? window.from - line.at : line.at - window.to;
}

// "21h30m": days of 24 hours, whole minutes. What is expected at 11:30 may come until that minute
// is over, and is told from its beginning.
std::string distance_text(const Window& window, const PlayedLine& line) {
  const auto length = window.to - window.from;  // negative where the scenario begins after it
  const bool is_minute = length >= base::Milliseconds{0} && length < std::chrono::minutes{1};
  const auto apart =
      is_minute && line.at > window.to ? line.at - window.from : distance(window, line);
  const auto minutes = std::chrono::floor<std::chrono::minutes>(apart);
  return rules::to_string({.exact = std::max(minutes, std::chrono::minutes{1})});
}

class Judge {
 public:
  Judge(const config::Scenario& scenario, const Played& played)
      : scenario_(scenario), played_(played), taken_by_(played.lines.size()) {}

  std::vector<Unmet> run() {
    std::vector<Unmet> unmet;
    unmet.reserve(played_.faults.size() + scenario_.expectations.size());
    for (const base::Error& fault : played_.faults) {
      unmet.push_back({.place = fault.place, .expected = fault.message, .actual = fault.remedy});
    }
    match_lines();
    for (std::size_t i = 0; i < scenario_.expectations.size(); ++i) {
      if (auto its = judge(i)) unmet.push_back(*std::move(its));
    }
    return unmet;
  }

 private:
  const Expectation& expectation(std::size_t i) const { return scenario_.expectations[i]; }
  const rules::Zone& zone(const Expectation& its) const {
    return scenario_.contacts[its.contact].zone;
  }
  std::string time(const Expectation& its, Instant at) const { return local_text(at, zone(its)); }

  Window window(const Expectation& its) const {
    if (its.window) {
      return {std::max(its.window->from, scenario_.start),
              std::min(its.window->to, scenario_.until)};
    }
    const bool is_state = std::holds_alternative<StateExpected>(its.what);
    if (is_state && !its.never) return {scenario_.until, scenario_.until};
    return {scenario_.start, scenario_.until};
  }

  bool answers(const Expectation& its, const PlayedLine& line) const {
    const auto* expected = std::get_if<LineExpected>(&its.what);
    return expected != nullptr && line.contact == its.contact && says(*expected, line) &&
           overlaps(window(its), line);
  }

  // ---- lines: a matching of as many expectations as possible (Kuhn's algorithm)

  void match_lines() {
    met_.assign(scenario_.expectations.size(), false);
    for (std::size_t i = 0; i < scenario_.expectations.size(); ++i) {
      const Expectation& its = expectation(i);
      if (its.never || !std::holds_alternative<LineExpected>(its.what)) continue;
      seen_.assign(played_.lines.size(), false);
      met_[i] = find_line(i);
    }
  }

  // Takes a line for the expectation, if need be from one that finds another. The depth is bounded
  // by config::scenario_expectations_max.
  bool find_line(std::size_t i) {  // NOLINT(misc-no-recursion)
    for (std::size_t line = 0; line < played_.lines.size(); ++line) {
      if (seen_[line] || !answers(expectation(i), played_.lines[line])) continue;
      // What lasts is there for everybody.
      if (played_.lines[line].until != played_.lines[line].at) return true;
      seen_[line] = true;
      if (!taken_by_[line] || find_line(*taken_by_[line])) {
        taken_by_[line] = i;
        return true;
      }
    }
    return false;
  }

  // ---- the verdict

  std::optional<Unmet> judge(std::size_t i) const {
    const Expectation& its = expectation(i);
    if (const auto* expected = std::get_if<LineExpected>(&its.what)) {
      return its.never ? judge_never(its, *expected)
             : met_[i] ? std::nullopt
                       : std::optional(missing(its, *expected));
    }
    return judge_state(its, std::get<StateExpected>(its.what));
  }

  std::optional<Unmet> judge_never(const Expectation& its, const LineExpected& expected) const {
    for (const PlayedLine& line : played_.lines) {
      if (answers(its, line)) {
        return unmet(its, "it happened at " + time(its, line.at), &expected);
      }
    }
    return std::nullopt;
  }

  Unmet missing(const Expectation& its, const LineExpected& expected) const {
    const Window wanted = window(its);
    const PlayedLine* same = nullptr;     // says it, at another time
    const PlayedLine* similar = nullptr;  // of that action and about the same
    const PlayedLine* other = nullptr;    // about the same
    std::size_t times = 0;                // that it happened when it should
    const auto is_nearer = [&](const PlayedLine& line, const PlayedLine* best) {
      return best == nullptr || distance(wanted, line) < distance(wanted, *best);
    };
    for (const PlayedLine& line : played_.lines) {
      if (line.contact != its.contact || !is_about(expected, line)) continue;
      if (answers(its, line)) ++times;
      if (says(expected, line)) {
        if (is_nearer(line, same)) same = &line;
      } else if (line.decision.action == expected.action) {
        if (is_nearer(line, similar)) similar = &line;
      } else if (is_telling(line) && is_nearer(line, other)) {
        other = &line;
      }
    }
    std::string actual = "nothing of the kind happened";
    if (times > 0) {
      actual =
          fmt::format("it happened only {}", times == 1 ? "once" : fmt::format("{} times", times));
    } else if (same != nullptr) {
      const bool is_late = same->at > wanted.to;
      actual = fmt::format("it happened at {}, {} {}", time(its, same->at),
                           distance_text(wanted, *same), is_late ? "later" : "earlier");
    } else if (similar != nullptr) {
      actual = fmt::format("at {} {}", time(its, similar->at), difference(expected, *similar));
    } else if (other != nullptr) {
      actual = fmt::format("instead, at {}: {}", time(its, other->at),
                           decision_text(other->decision, zone(its)));
    }
    return unmet(its, std::move(actual), &expected);
  }

  std::optional<Unmet> judge_state(const Expectation& its, const StateExpected& expected) const {
    const auto& states = played_.states[its.contact];
    const Window wanted = window(its);
    const PlayedLine* made = find_maker(its, expected);
    if (made != nullptr) {
      return its.never
                 ? std::optional(unmet(its, "it became so at " + time(its, made->at), nullptr))
                 : std::nullopt;
    }
    const PlayedState* shown = nullptr;
    for (std::size_t i = 0; i < states.size() && states[i].at <= wanted.to; ++i) {
      shown = &states[i];
      const Instant next = i + 1 < states.size() ? states[i + 1].at : base::instant_max;
      if (next <= wanted.from || !holds(expected, states, i)) continue;
      if (!its.never) return std::nullopt;
      return unmet(its,
                   fmt::format("at {} {}", time(its, std::max(states[i].at, wanted.from)),
                               state_text(expected, states[i])),
                   nullptr);
    }
    if (its.never) return std::nullopt;
    const std::string then = its.window ? "then" : "in the end";
    return unmet(
        its,
        shown == nullptr ? "they are not known then" : then + " " + state_text(expected, *shown),
        nullptr);
  }

  // A step that made it so when it matters. The states show what several steps of one moment came
  // to, and a tag that was put on and taken off at once is in none of them.
  const PlayedLine* find_maker(const Expectation& its, const StateExpected& expected) const {
    const auto* tag = std::get_if<config::TagIs>(&expected);
    const bool is_lasting = tag != nullptr && tag->removed;
    if (!its.window && !its.never && !is_lasting) return nullptr;
    Window wanted = window(its);
    // What was taken off is off, unless it was put on again.
    if (is_lasting && !its.never) wanted.from = scenario_.start;
    const PlayedLine* made = nullptr;
    for (const PlayedLine& line : played_.lines) {
      if (line.contact != its.contact || !overlaps(wanted, line)) continue;
      if (makes(expected, line)) made = &line;
      const bool is_undone = is_lasting && makes(config::TagIs{tag->tag, false}, line);
      if (is_undone && !its.never) made = nullptr;
    }
    return made;
  }

  // ---- what is told

  Unmet unmet(const Expectation& its, std::string actual, const LineExpected* expected) const {
    const auto& contact = scenario_.contacts[its.contact];
    Unmet out{.place = its.place,
              .expected = "expected: " + its.text + (its.when.empty() ? "" : " " + its.when),
              .actual = std::move(actual),
              .contact = fmt::format("{} ({})", contact.id,
                                     contact.zone_name.empty() ? "UTC" : contact.zone_name)};
    if (scenario_.contacts.size() > 1) out.expected += " of " + contact.id;
    out.near = near(its, expected);
    return out;
  }

  std::vector<NearLine> near(const Expectation& its, const LineExpected* expected) const {
    const Window wanted = window(its);
    std::vector<std::size_t> own;      // the contact's
    std::vector<std::size_t> related;  // of them
    for (std::size_t i = 0; i < played_.lines.size(); ++i) {
      const PlayedLine& line = played_.lines[i];
      if (line.contact != its.contact || !is_telling(line)) continue;
      own.push_back(i);
      const bool is_related = expected == nullptr
                                  ? is_change(its, line)
                                  : is_about(*expected, line) && line.decision.action != "event";
      if (is_related) related.push_back(i);
    }
    std::ranges::stable_sort(related, {},
                             [&](std::size_t i) { return distance(wanted, played_.lines[i]); });
    related.resize(std::min(related.size(), related_shown_max));
    std::vector<std::size_t> shown = related;
    const auto middle = std::ranges::partition_point(
        own, [&](std::size_t i) { return played_.lines[i].at < wanted.from; });
    const auto around = static_cast<std::ptrdiff_t>(around_shown_max);
    const auto first = middle - std::min(around, middle - own.begin());
    const auto last = middle + std::min(around, own.end() - middle);
    const bool is_little = own.size() <= all_shown_max;
    shown.insert(shown.end(), is_little ? own.begin() : first, is_little ? own.end() : last);
    std::ranges::sort(shown);
    shown.erase(std::unique(shown.begin(), shown.end()), shown.end());
    std::vector<NearLine> lines;
    for (const std::size_t i : shown) {
      const PlayedLine& line = played_.lines[i];
      std::string text = time(its, line.at) + "  " + decision_text(line.decision, zone(its));
      if (!line.subject.empty()) text += " \"" + line.subject + "\"";
      lines.push_back({std::move(text), std::ranges::find(related, i) != related.end()});
    }
    return lines;
  }

  // Whether the line changed what is expected of the contact.
  static bool is_change(const Expectation& its, const PlayedLine& line) {
    struct Actions {
      std::vector<std::string_view> operator()(const config::StageIs&) const { return {"move_to"}; }
      std::vector<std::string_view> operator()(const config::TagIs&) const {
        return {"tag", "untag"};
      }
      std::vector<std::string_view> operator()(const config::ScoreIs&) const { return {"score"}; }
      std::vector<std::string_view> operator()(const config::SegmentIs&) const { return {}; }
      std::vector<std::string_view> operator()(const config::AttributesAre&) const {
        return {"set"};
      }
    };
    const auto actions = std::visit(Actions{}, std::get<StateExpected>(its.what));
    return std::ranges::find(actions, line.decision.action) != actions.end();
  }

  const config::Scenario& scenario_;
  const Played& played_;
  std::vector<std::optional<std::size_t>> taken_by_;  // beside played_.lines
  std::vector<bool> seen_;
  std::vector<bool> met_;  // beside the expectations
};

}  // namespace

std::vector<Unmet> judge(const config::Scenario& scenario, const Played& played) {
  return Judge(scenario, played).run();
}

}  // namespace nurtured::daemon

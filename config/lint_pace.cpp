// How long the mix would hold a playbook's own messages back, found by letting them leave one by
// one under the rules themselves: rules/ledger.h and rules/gates.h.
#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <variant>

#include <fmt/format.h>

#include "config/lint.h"
#include "rules/gates.h"
#include "rules/ledger.h"

namespace nurtured::config {
namespace {

using base::Instant;
using rules::Kind;
using rules::no_step;
using rules::Playbook;
using rules::Step;
using rules::StepIndex;

constexpr std::size_t paths_max = 64;         // ways through a playbook that are tried
constexpr std::size_t path_steps_max = 1000;  // of one
constexpr int visits_max = 12;                // of a step on one way, where it repeats
constexpr int feed_max = 400;                 // messages let in before one that is held
constexpr int judged_max = 20'000;            // moments of one playbook that are looked at
// A shorter hold is what a mix is for.
constexpr int told_days_min = 14;

// A Monday morning.
constexpr Instant begin =
    std::chrono::sys_days{std::chrono::January / 5 / 2026} + std::chrono::hours{10};

struct Walk {
  Instant now = begin;
  rules::Ledger ledger;
  std::size_t pieces_used = 0;
  std::optional<Instant> fill_last;
  std::map<Kind, int> sent;
  std::vector<int> visits;
};

// A message that waited for the mix.
struct Held {
  const Step* step = nullptr;
  Kind kind = Kind::offer;
  int number = 0;             // the third offer
  std::optional<int> days{};  // nullopt: until `hold` ran out
  bool is_again = false;      // the step has sent before, in a round before this one
};

class PaceLint {
 public:
  PaceLint(const LintInput& input, const Playbook& playbook, bool others_feed)
      : input_(input), settings_(input.settings), playbook_(playbook), others_feed_(others_feed) {
    if (!settings_.fill) return;
    const auto series = settings_.series.find(settings_.fill->series);
    if (series == settings_.series.end()) return;
    for (const std::string& name : series->second) {
      if (const auto kind = input.marketing_kind(name)) pieces_.push_back(*kind);
    }
  }

  // The longest hold that some way through the playbook meets.
  std::optional<Held> worst() {
    Walk walk;
    walk.visits.resize(playbook_.steps.size());
    follow(0, std::move(walk), 0);
    return worst_;
  }

 private:
  void follow(StepIndex at, Walk walk, std::size_t depth) {
    while (at != no_step && depth < path_steps_max && walk.visits[at] < visits_max &&
           judged_ < judged_max) {
      ++depth;
      ++walk.visits[at];
      const Step& step = playbook_.steps[at];
      pass(step, walk);
      const auto edges = next_edges(step, walk.visits[at]);
      for (std::size_t i = 1; i < edges.size() && paths_ < paths_max; ++i) {
        ++paths_;
        follow(edges[i], walk, depth);
      }
      at = edges.empty() ? no_step : edges.front();
    }
  }

  std::vector<StepIndex> next_edges(const Step& step, int visits) const {
    if (const auto* repeat = std::get_if<rules::Repeat>(&step.action)) {
      const bool again =
          repeat->condition ? visits <= 1 : static_cast<std::uint32_t>(visits) <= repeat->times;
      return {again ? repeat->body : step.next};
    }
    std::vector<StepIndex> targets;
    for (const auto& edge : open_edges(playbook_, step)) targets.push_back(edge.target);
    return targets;
  }

  void pass(const Step& step, Walk& walk) {
    if (const auto* wait = std::get_if<rules::Wait>(&step.action)) {
      walk.now = rules::align(rules::add(walk.now, wait->span, settings_.zone), wait->at,
                              wait->days, settings_.zone);
    }
    const rules::Send* send = rules::send_of(step.action);
    const auto kind = send == nullptr ? std::nullopt : input_.marketing_kind(send->message);
    if (!kind) return;
    const int number = ++walk.sent[*kind];
    const Instant asked = walk.now;
    const auto left = leave(*kind, rules::add(asked, send->hold, settings_.zone), walk);
    if (!send->go_on_while_held)
      walk.now = left.value_or(rules::add(asked, send->hold, settings_.zone));
    if (*kind == Kind::value) return;
    const auto index = static_cast<std::size_t>(&step - playbook_.steps.data());
    Held held{.step = &step, .kind = *kind, .number = number, .is_again = walk.visits[index] > 1};
    // Of what is sent once, `held-for-ever` tells where nothing feeds the mix; and what goes on
    // meanwhile may feed it itself.
    if (!is_fed() && (!held.is_again || send->go_on_while_held)) return;
    if (left)
      held.days = static_cast<int>(std::chrono::floor<std::chrono::days>(*left - asked).count());
    if (!worst_ || is_longer(held, *worst_)) worst_ = held;
  }

  static bool is_longer(const Held& one, const Held& other) {
    if (!one.days || !other.days) return !one.days && other.days;
    return *one.days > *other.days;
  }

  bool is_fed() const { return settings_.fill || others_feed_; }

  Instant room(const Walk& walk, Instant from) const {
    return rules::judge_caps(settings_.limits, {&walk.ledger}, true, settings_.zone, from).earliest;
  }

  void depart(Kind kind, Instant at, Walk& walk) const {
    walk.ledger.depart({.at = at, .kind = kind}, settings_.mix.window);
  }

  // When it leaves, at the latest at `until`; nullopt when it does not.
  std::optional<Instant> leave(Kind kind, Instant until, Walk& walk) {
    Instant at = walk.now;
    for (int fed = 0; fed < feed_max && at <= until; ++fed) {
      ++judged_;
      if (rules::mix_allows(settings_.mix, walk.ledger, kind)) {
        at = room(walk, at);
        if (at > until) return std::nullopt;
        depart(kind, at, walk);
        return at;
      }
      const auto piece = next_piece(walk);
      if (!piece) return std::nullopt;
      if (settings_.fill && walk.fill_last) {
        at = std::max(at, rules::add(*walk.fill_last, settings_.fill->every, settings_.zone));
      }
      at = room(walk, at);
      if (at > until) return std::nullopt;
      depart(*piece, at, walk);
      walk.fill_last = at;
    }
    return std::nullopt;
  }

  // What is sent meanwhile: the next piece of `fill`, or value from other playbooks, as fast as the
  // caps allow.
  std::optional<Kind> next_piece(Walk& walk) const {
    if (!settings_.fill) return others_feed_ ? std::optional(Kind::value) : std::nullopt;
    while (walk.pieces_used < pieces_.size()) {
      const Kind kind = pieces_[walk.pieces_used++];
      if (rules::mix_allows(settings_.mix, walk.ledger, kind)) return kind;
    }
    return std::nullopt;
  }

  const LintInput& input_;
  const rules::Settings& settings_;
  const Playbook& playbook_;
  bool others_feed_;
  std::vector<Kind> pieces_;
  std::size_t paths_ = 1;
  int judged_ = 0;
  std::optional<Held> worst_;
};

std::string ordinal(int number) {
  constexpr std::array<std::string_view, 6> words = {"first",  "second", "third",
                                                     "fourth", "fifth",  "sixth"};
  const auto index = static_cast<std::size_t>(number - 1);
  return index < words.size() ? std::string(words.at(index)) : fmt::format("{}th", number);
}

bool sends_value(const LintInput& input, const Playbook& playbook) {
  return std::ranges::any_of(playbook.steps, [&](const Step& step) {
    const rules::Send* send = rules::send_of(step.action);
    return send != nullptr && input.marketing_kind(send->message) == Kind::value;
  });
}

void warn(const LintInput& input, const Playbook& playbook, const Held& held, Problems& problems) {
  const rules::Mix& mix = input.settings.mix;
  std::size_t all = 0;
  std::size_t same = 0;
  for (const Step& step : playbook.steps) {
    const rules::Send* send = rules::send_of(step.action);
    const auto kind = send == nullptr ? std::nullopt : input.marketing_kind(send->message);
    if (kind) ++all;
    if (kind == held.kind) ++same;
  }
  const std::string how_long =
      !held.days ? "is held until `hold` runs out, and is not sent"
      : input.settings.fill
          ? fmt::format("would be held about {} days, while `fill` feeds the mix", *held.days)
          : fmt::format("would be held {} days at least, however much value other playbooks send",
                        *held.days);
  problems.warning(held.step->place, "offer-heavy",
                   fmt::format("{} of {} messages are {}s: at {}/{}/{} the {} {}", same, all,
                               rules::to_string(held.kind), mix.value, mix.engagement, mix.offer,
                               ordinal(held.number), how_long),
                   "send value in between, or spread them over several playbooks");
}

}  // namespace

void lint_pace(const LintInput& input, Problems& problems) {
  for (const auto& playbook : input.playbooks) {
    if (playbook->steps.empty()) continue;
    const bool others_feed = std::ranges::any_of(input.playbooks, [&](const auto& other) {
      return other != playbook && sends_value(input, *other);
    });
    const auto held = PaceLint(input, *playbook, others_feed).worst();
    const bool is_long = held && held->number > 1 && (!held->days || *held->days >= told_days_min);
    if (is_long) warn(input, *playbook, *held, problems);
  }
}

}  // namespace nurtured::config

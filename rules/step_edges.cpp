#include "rules/step_edges.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "rules/cel/json.h"

namespace nurtured::rules {
namespace {

// Expressions and texts may be written over several lines.
std::string one_line(std::string_view text) {
  std::string out;
  bool gap = false;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      gap = !out.empty();
      continue;
    }
    if (gap) out += ' ';
    gap = false;
    out += c;
  }
  return out;
}

std::string condition_suffix(const std::optional<Expression>& condition) {
  return condition ? " if " + one_line(condition->source) : "";
}

std::string names_of(const Weekdays& days) {
  constexpr std::array<std::string_view, 7> names{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  std::vector<std::string_view> out;
  for (unsigned day = 0; day < names.size(); ++day) {
    if (days.contains(day)) out.push_back(names.at(day));
  }
  return fmt::format("{}", fmt::join(out, ", "));
}

std::string names_of(const Assignments& assignments) {
  std::vector<std::string_view> out;
  out.reserve(assignments.size());
  for (const auto& [name, source] : assignments) out.push_back(name);
  return fmt::format("{}", fmt::join(out, ", "));
}

std::string text_of(const std::shared_ptr<const Text>& text) {
  return text == nullptr ? "" : one_line(text->source());
}

// Both visitors name every kind of step: a new one does not compile before it says where it leads.
struct Edges {
  StepIndex next = no_step;

  std::vector<StepEdge> only() const { return {{EdgeKind::next, next, {}}}; }

  std::vector<StepEdge> operator()(const Send& send) const {
    auto edges = only();
    if (send.otherwise != no_step) {
      edges.front().name = "sent";
      edges.push_back({EdgeKind::otherwise, send.otherwise, "not sent", "otherwise"});
    }
    return edges;
  }
  std::vector<StepEdge> operator()(const WaitUntil& wait) const {
    auto edges = only();
    if (wait.skip_if_past) {
      edges.front().written = "in time";
      edges.push_back({EdgeKind::skipped, wait.after_skip, "past already", "if_past: skip"});
    }
    return edges;
  }
  std::vector<StepEdge> operator()(const WaitFor& wait) const {
    std::vector<StepEdge> edges{{EdgeKind::answered, wait.then, "it came", "then"}};
    if (wait.within) {
      edges.push_back({EdgeKind::otherwise, wait.otherwise, "not within " + to_string(*wait.within),
                       "otherwise"});
    }
    return edges;
  }
  std::vector<StepEdge> operator()(const Ask& ask) const {
    return {{EdgeKind::answered, next, "answered"},
            {EdgeKind::otherwise, ask.otherwise,
             ask.within ? "no answer within " + to_string(*ask.within) : "no answer", "otherwise"}};
  }
  std::vector<StepEdge> operator()(const Choose& choose) const {
    std::vector<StepEdge> edges;
    for (const Branch& branch : choose.branches) {
      const bool is_else = !branch.condition;
      if (is_else) {
        edges.push_back({EdgeKind::branch, branch.target, "else"});
        return edges;
      }
      StepEdge edge{EdgeKind::branch, branch.target, "if " + one_line(branch.condition->source)};
      edge.place = branch.condition->place;
      edges.push_back(std::move(edge));
    }
    edges.push_back({EdgeKind::branch, next, "else", "none of them"});
    return edges;
  }
  std::vector<StepEdge> operator()(const Split& split) const {
    std::vector<StepEdge> edges;
    edges.reserve(split.ways.size());
    for (const Split::Way& way : split.ways) {
      edges.push_back({EdgeKind::branch, way.target,
                       fmt::format("{} (weight {})", way.name, way.weight), way.name});
    }
    return edges;
  }
  std::vector<StepEdge> operator()(const Repeat& repeat) const {
    const std::string while_true =
        repeat.condition ? "while " + one_line(repeat.condition->source) : "";
    return {{EdgeKind::branch, repeat.body, while_true.empty() ? "again" : while_true, "again"},
            {EdgeKind::next, next, "then", "through"}};
  }
  std::vector<StepEdge> operator()(const Enroll&) const { return only(); }
  std::vector<StepEdge> operator()(const Leave&) const { return only(); }
  std::vector<StepEdge> operator()(const Do&) const { return only(); }
  std::vector<StepEdge> operator()(const Wait&) const { return only(); }
  std::vector<StepEdge> operator()(const Set&) const { return only(); }
  std::vector<StepEdge> operator()(const Tag&) const { return only(); }
  std::vector<StepEdge> operator()(const MoveTo&) const { return only(); }
  std::vector<StepEdge> operator()(const Score&) const { return only(); }
  std::vector<StepEdge> operator()(const Emit&) const { return only(); }
  std::vector<StepEdge> operator()(const Notify&) const { return only(); }
  std::vector<StepEdge> operator()(const HandOff&) const { return only(); }
  std::vector<StepEdge> operator()(const End&) const { return {}; }
};

struct Label {
  static std::string send(std::string_view verb, const Send& send) {
    std::string out = fmt::format("{} {}", verb, send.message);
    if (!send.via.empty()) {
      out += fmt::format(" by {}", fmt::join(send.via, send.via_all ? " and " : " or "));
    }
    return out;
  }

  std::string operator()(const Send& action) const { return send("send", action); }
  std::string operator()(const Ask& ask) const {
    std::string out = send("ask", ask.send);
    std::vector<std::string_view> choices;
    choices.reserve(ask.choices.size());
    for (const AnswerChoice& choice : ask.choices) choices.push_back(choice.id);
    if (!choices.empty()) out += fmt::format(": {}", fmt::join(choices, " / "));
    return out;
  }
  std::string operator()(const Wait& wait) const {
    std::string out = "wait " + to_string(wait.span);
    if (wait.at) out += " at " + to_string(*wait.at);
    if (wait.days.bits != 0) out += " on " + names_of(wait.days);
    return out;
  }
  std::string operator()(const WaitUntil& wait) const {
    return "wait until " + one_line(wait.moment.source);
  }
  std::string operator()(const WaitFor& wait) const {
    return fmt::format("wait for {}{}", fmt::join(wait.events, " or "),
                       condition_suffix(wait.condition));
  }
  std::string operator()(const Choose&) const { return "choose"; }
  std::string operator()(const Set& set) const { return "set " + names_of(set.attributes); }
  std::string operator()(const Tag& tag) const {
    return fmt::format("{} {}", tag.remove ? "untag" : "tag", fmt::join(tag.tags, ", "));
  }
  std::string operator()(const MoveTo& move) const { return "move to " + move.stage; }
  std::string operator()(const Score& score) const {
    return (score.absolute     ? "score = "
            : score.amount < 0 ? "score "
                               : "score +") +
           cel::to_plain_text(cel::Value(score.amount));
  }
  std::string operator()(const Emit& emit) const { return "emit " + emit.event; }
  std::string operator()(const Notify& notify) const { return "notify: " + text_of(notify.text); }
  std::string operator()(const HandOff& handoff) const {
    std::string out = "hand over to a human";
    if (handoff.pause) out += " for " + to_string(*handoff.pause);
    if (handoff.text != nullptr) out += ": " + text_of(handoff.text);
    return out;
  }
  std::string operator()(const Split&) const { return "split"; }
  std::string operator()(const Repeat& repeat) const {
    return repeat.condition ? "repeat" : fmt::format("repeat {} times", repeat.times);
  }
  std::string operator()(const Enroll& enroll) const { return "enroll in " + enroll.playbook; }
  std::string operator()(const Leave& leave) const { return "leave " + leave.playbook; }
  std::string operator()(const Do& call) const {
    return fmt::format("do {}.{}", call.connector, call.action);
  }
  std::string operator()(const End&) const { return "end"; }
};

}  // namespace

std::vector<StepEdge> step_edges(const Step& step) {
  return std::visit(Edges{step.next}, step.action);
}

std::vector<bool> steps_ahead(const Playbook& playbook, StepIndex from,
                              const std::function<std::vector<StepEdge>(const Step&)>& edges_of) {
  std::vector<bool> ahead(playbook.steps.size());
  std::vector<StepIndex> open;
  const auto reach = [&](StepIndex index) {
    if (index >= ahead.size() || ahead[index]) return;
    ahead[index] = true;
    open.push_back(index);
  };
  reach(from);
  while (!open.empty()) {
    const Step& step = playbook.steps[open.back()];
    open.pop_back();
    for (const StepEdge& edge : edges_of(step)) reach(edge.target);
  }
  return ahead;
}

std::vector<Way> ways_of(const Playbook& playbook, const Step& step) {
  std::vector<Way> ways;
  for (StepEdge& edge : step_edges(step)) {
    if (std::ranges::find(ways, edge.target, &Way::target) != ways.end()) continue;
    const bool is_inner = edge.target != step.next && edge.target < playbook.steps.size();
    const base::Place& led_to = is_inner ? playbook.steps[edge.target].place : step.place;
    ways.push_back({.target = edge.target,
                    .name = std::move(edge.written.empty() ? edge.name : edge.written),
                    .place = edge.place.value_or(led_to)});
  }
  if (ways.size() == 1) ways.front().name = "next";
  return ways;
}

std::string step_label(const Step& step) {
  return std::visit(Label{}, step.action);
}

}  // namespace nurtured::rules

// Ways through a playbook: steps that nobody comes to, and waits that nothing ends.
#include <algorithm>
#include <variant>

#include <fmt/format.h>

#include "config/lint.h"

namespace nurtured::config {
namespace {

using rules::no_step;
using rules::Playbook;
using rules::Step;
using rules::StepEdge;
using rules::StepIndex;

std::vector<StepEdge> open_branches(const rules::Choose& choose, std::vector<StepEdge> edges) {
  std::vector<StepEdge> open;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const bool has_condition = i < choose.branches.size() && choose.branches[i].condition;
    const auto constant = has_condition ? constant_of(*choose.branches[i].condition) : std::nullopt;
    const auto asked_before = choose.branches.begin() + static_cast<std::ptrdiff_t>(i);
    const bool is_repeated =
        has_condition &&
        std::any_of(choose.branches.begin(), asked_before, [&](const rules::Branch& before) {
          return before.condition &&
                 before.condition->source == choose.branches[i].condition->source;
        });
    if (constant == false || is_repeated) continue;
    open.push_back(std::move(edges[i]));
    if (constant == true) break;
  }
  return open;
}

std::vector<StepEdge> open_ways(const rules::Split& split, std::vector<StepEdge> edges) {
  std::vector<StepEdge> open;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (split.ways[i].weight > 0) open.push_back(std::move(edges[i]));
  }
  return open;
}

// CONTRACT section 2, one event, one order: goals and stops come before what waits for the event.
bool always_ends(const Playbook& playbook, const std::string& event) {
  const auto& goal = playbook.goal;
  if (goal && goal->event == event && !goal->condition && !goal->within) return true;
  return std::ranges::any_of(playbook.stops, [&](const rules::Stop& stop) {
    return stop.event == event && !stop.condition;
  });
}

bool ends_before_its_answer(const Playbook& playbook, const rules::WaitFor& wait) {
  return std::ranges::all_of(
      wait.events, [&](const std::string& event) { return always_ends(playbook, event); });
}

// The wait whose answer would lead to that step, were it not for a goal or a stop.
const Step* wait_in_vain(const Playbook& playbook, StepIndex step) {
  for (const Step& before : playbook.steps) {
    const auto* wait = std::get_if<rules::WaitFor>(&before.action);
    if (wait == nullptr || wait->then != step) continue;
    if (ends_before_its_answer(playbook, *wait)) return &before;
  }
  return nullptr;
}

void note_unreachable(const Playbook& playbook, Problems& problems) {
  const std::vector<bool> reachable = reachable_steps(playbook);
  for (StepIndex i = 1; i < playbook.steps.size(); ++i) {
    // What follows one such step in the file would only repeat it.
    if (reachable[i] || !reachable[i - 1]) continue;
    const std::string& id = playbook.steps[i].id;
    if (const Step* wait = wait_in_vain(playbook, i)) {
      problems.warning(
          playbook.steps[i].place, "unreachable-step",
          fmt::format("nobody comes to this step ({}): what is waited for in line {} ends the "
                      "playbook, by its goal or a stop",
                      id, wait->place.line),
          "let another playbook start with that event, or take it out of the goal and the stops");
      continue;
    }
    problems.warning(playbook.steps[i].place, "unreachable-step",
                     fmt::format("nobody comes to this step ({})", id),
                     "remove it, or mend the condition, weight or `end` before it");
  }
}

// A loop that is come to, and whose every round ends the playbook.
void note_loops_that_end(const Playbook& playbook, Problems& problems) {
  const std::vector<bool> reachable = reachable_steps(playbook);
  for (StepIndex i = 0; i < playbook.steps.size(); ++i) {
    const auto* repeat = std::get_if<rules::Repeat>(&playbook.steps[i].action);
    if (repeat == nullptr || !reachable[i] || repeat->times == 1 || repeat->body == no_step)
      continue;
    if (!reachable[repeat->body]) continue;
    if (can_come(playbook, repeat->body, i, [](StepIndex) { return true; })) continue;
    problems.warning(playbook.steps[i].place, "never-repeats",
                     "the first round of this loop ends the playbook, whichever way it takes",
                     "`end` ends the whole playbook: to leave a loop alone, write `while:`");
  }
}

void note_endless_waits(const Playbook& playbook, Problems& problems) {
  if (playbook.goal || !playbook.stops.empty()) return;
  for (const Step& step : playbook.steps) {
    const auto* wait = std::get_if<rules::WaitFor>(&step.action);
    const auto* ask = std::get_if<rules::Ask>(&step.action);
    const bool is_endless = (wait != nullptr && !wait->within) || (ask != nullptr && !ask->within);
    if (!is_endless) continue;
    problems.warning(step.place, "waits-for-ever",
                     "who never does this stays in the playbook for ever",
                     "say how long to wait (`within: 14d`), or give the playbook a goal or a stop");
  }
}

}  // namespace

std::vector<StepEdge> open_edges(const Playbook& playbook, const Step& step) {
  std::vector<StepEdge> edges = rules::step_edges(step);
  if (const auto* choose = std::get_if<rules::Choose>(&step.action)) {
    return open_branches(*choose, std::move(edges));
  }
  if (const auto* split = std::get_if<rules::Split>(&step.action)) {
    return open_ways(*split, std::move(edges));
  }
  const auto* leave = std::get_if<rules::Leave>(&step.action);
  if (leave != nullptr && leave->playbook == playbook.id) return {};
  const auto* wait = std::get_if<rules::WaitFor>(&step.action);
  if (wait != nullptr && ends_before_its_answer(playbook, *wait)) {
    std::erase_if(edges,
                  [](const StepEdge& edge) { return edge.kind == rules::EdgeKind::answered; });
  }
  const auto* repeat = std::get_if<rules::Repeat>(&step.action);
  if (repeat != nullptr && repeat->condition) {
    const auto constant = constant_of(*repeat->condition);
    if (constant) {
      std::erase_if(edges, [&](const StepEdge& edge) {
        return (edge.kind == rules::EdgeKind::branch) != *constant;
      });
    }
  }
  return edges;
}

bool can_come(const Playbook& playbook, StepIndex from, StepIndex target,
              const std::function<bool(StepIndex)>& may_pass,
              const std::function<bool(const Step&, const StepEdge&)>& may_take) {
  std::vector<bool> seen(playbook.steps.size());
  std::vector<StepIndex> open = {from};
  while (!open.empty()) {
    const StepIndex at = open.back();
    open.pop_back();
    if (at == target) return true;
    if (at == no_step || seen[at] || !may_pass(at)) continue;
    seen[at] = true;
    const Step& step = playbook.steps[at];
    const auto edges = open_edges(playbook, step);
    if (edges.empty() && target == no_step) return true;
    for (const StepEdge& edge : edges) {
      if (!may_take || may_take(step, edge)) open.push_back(edge.target);
    }
  }
  return false;
}

bool is_asked_on_the_way(const Playbook& playbook, StepIndex step, std::string_view attribute) {
  const auto asks = [&](const std::optional<rules::Expression>& condition) {
    return condition &&
           std::ranges::any_of(condition->program.references().fields,
                               [&](const cel::FieldReference& field) {
                                 return field.variable == "contact" && !field.path.empty() &&
                                        rules::attribute_name(field.path.front()) == attribute;
                               });
  };
  const bool starts_by_event = !playbook.by_hand && playbook.timed_starts.empty();
  const bool all_starts_ask = std::ranges::all_of(
      playbook.starts, [&](const rules::EventStart& start) { return asks(start.condition); });
  if (starts_by_event && !playbook.starts.empty() && all_starts_ask) return true;
  const auto is_unasked = [&](const Step& at, const StepEdge& edge) {
    const auto* choose = std::get_if<rules::Choose>(&at.action);
    return choose == nullptr || !edge.place ||
           std::ranges::none_of(choose->branches, [&](const rules::Branch& branch) {
             return asks(branch.condition) && branch.condition->place == *edge.place;
           });
  };
  return !can_come(playbook, 0, step, [](StepIndex) { return true; }, is_unasked);
}

std::vector<bool> reachable_steps(const Playbook& playbook) {
  return rules::steps_ahead(playbook, 0,
                            [&](const Step& step) { return open_edges(playbook, step); });
}

void lint_flow(const LintInput& input, Problems& problems) {
  for (const auto& playbook : input.playbooks) {
    note_unreachable(*playbook, problems);
    note_loops_that_end(*playbook, problems);
    note_endless_waits(*playbook, problems);
  }
}

}  // namespace nurtured::config

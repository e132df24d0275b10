#include "config/step_graph.h"

#include <limits>

#include "config/lint.h"

namespace nurtured::config {

using rules::no_step;
using rules::StepIndex;

StepGraph::StepGraph(const rules::Playbook& playbook) : next_(playbook.steps.size()) {
  for (StepIndex i = 0; i < playbook.steps.size(); ++i) {
    for (const rules::StepEdge& edge : open_edges(playbook, playbook.steps[i])) {
      if (edge.target != no_step) next_[i].push_back(edge.target);
    }
  }
  find_reached();
  find_sure();
}

void StepGraph::find_reached() {
  reached_.assign(next_.size(), Steps(next_.size()));
  std::vector<StepIndex> open;
  for (StepIndex from = 0; from < next_.size(); ++from) {
    Steps& reached = reached_[from];
    reached[from] = true;
    open.push_back(from);
    while (!open.empty()) {
      const StepIndex at = open.back();
      open.pop_back();
      for (const StepIndex to : next_[at]) {
        if (reached[to]) continue;
        reached[to] = true;
        open.push_back(to);
      }
    }
  }
}

// The dominators of each step, by what all ways to it have in common.
void StepGraph::find_sure() {
  sure_.assign(next_.size(), Steps(next_.size(), true));
  if (next_.empty()) return;
  sure_[0].assign(next_.size(), false);
  sure_[0][0] = true;
  for (bool has_changed = true; has_changed;) {
    has_changed = false;
    for (StepIndex at = 0; at < next_.size(); ++at) {
      if (!is_reached(at)) continue;
      for (const StepIndex to : next_[at]) {
        for (StepIndex before = 0; before < next_.size(); ++before) {
          if (before == to || !sure_[to][before] || sure_[at][before]) continue;
          sure_[to][before] = false;
          has_changed = true;
        }
      }
    }
  }
}

std::vector<std::size_t> StepGraph::fewest_before(const std::vector<bool>& counted) const {
  constexpr std::size_t never = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> fewest(next_.size(), never);
  std::vector<StepIndex> open;
  if (!next_.empty()) {
    fewest[0] = 0;
    open.push_back(0);
  }
  // First come, first served: otherwise a step might be gone by once for each way to it.
  for (std::size_t i = 0; i < open.size(); ++i) {
    const StepIndex at = open[i];
    const std::size_t with = fewest[at] + (counted[at] ? 1 : 0);
    for (const StepIndex to : next_[at]) {
      if (with >= fewest[to]) continue;
      fewest[to] = with;
      open.push_back(to);
    }
  }
  for (std::size_t& count : fewest) {
    if (count == never) count = 0;
  }
  return fewest;
}

}  // namespace nurtured::config

#include "daemon/coverage.h"

#include <algorithm>

#include "rules/step_edges.h"

namespace nurtured::daemon {

CoverageReport Coverage::report(const rules::Book& book) const {
  CoverageReport out;
  CoverageCount all;
  for (const auto& playbook : book.current()) {
    PlaybookCoverage& its = out.playbooks.emplace_back();
    its.playbook = playbook->id;
    const auto found = reached_.find(playbook->id);
    const std::set<Step> none;
    const std::set<Step>& reached = found == reached_.end() ? none : found->second;
    for (rules::StepIndex i = 0; i < playbook->steps.size(); ++i) {
      const rules::Step& step = playbook->steps[i];
      const bool is_reached =
          std::ranges::any_of(reached, [i](const Step& passage) { return passage.second == i; });
      ++its.steps.total;
      if (is_reached) {
        ++its.steps.reached;
      } else {
        its.missed.push_back({step.place, step.id, {}});
      }
      const auto ways = rules::ways_of(*playbook, step);
      if (ways.size() < 2) continue;
      for (const rules::Way& way : ways) {
        ++its.branches.total;
        if (reached.contains({i, way.target})) {
          ++its.branches.reached;
        } else if (is_reached) {
          its.missed.push_back({way.place, step.id, way.name});
        }
      }
    }
    all.reached += its.steps.reached + its.branches.reached;
    all.total += its.steps.total + its.branches.total;
  }
  std::ranges::sort(out.playbooks, {}, &PlaybookCoverage::playbook);
  if (all.total > 0) out.percent = static_cast<int>(all.reached * 100 / all.total);
  return out;
}

}  // namespace nurtured::daemon

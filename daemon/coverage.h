// Which steps and branches of the playbooks were ever reached, out of the passages that the engine
// tells of.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "rules/book.h"
#include "rules/transition.h"

namespace nurtured::daemon {

struct CoverageCount {
  std::size_t reached = 0;
  std::size_t total = 0;
};

struct Missed {
  base::Place place;
  std::string step;
  std::string branch;  // empty: the step itself
};

struct PlaybookCoverage {
  std::string playbook;
  CoverageCount steps;
  CoverageCount branches;      // ways on from steps that have several
  std::vector<Missed> missed;  // in the order of the file; of a step never reached, no branches
};

struct CoverageReport {
  std::vector<PlaybookCoverage> playbooks;  // by id
  // Of all steps and branches, rounded down: 100 means all. 100 where there are none.
  int percent = 100;
};

class Coverage {
 public:
  void add(const rules::Passage& passage) {
    reached_[passage.playbook].emplace(passage.from, passage.to);
  }

  // Of the playbooks that new enrollments start on.
  CoverageReport report(const rules::Book& book) const;

 private:
  using Step = std::pair<rules::StepIndex, rules::StepIndex>;  // from, to
  std::map<std::string, std::set<Step>, std::less<>> reached_;
};

}  // namespace nurtured::daemon

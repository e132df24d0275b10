// The ways on from a step: what coverage holds against the passages that enrollments made
// (rules/transition.h). Pure.
#pragma once

#include <string>
#include <vector>

#include "rules/playbook.h"

namespace nurtured::rules {

// One way on from a step. Ways that lead to the same step are one, for no enrollment fares
// differently on them.
struct Way {
  StepIndex target = no_step;  // no_step: the playbook is finished
  // As the playbook's author knows it: "if contact.score >= 50", "otherwise"; "next" for the only
  // one.
  std::string name;
  base::Place place;  // of its condition, or of the first step on it; else of the step itself
};

// In the order of the file. A step with several ways branches; one that ends its playbook has none.
// `step` is one of the playbook's.
std::vector<Way> ways_of(const Playbook& playbook, const Step& step);

}  // namespace nurtured::rules

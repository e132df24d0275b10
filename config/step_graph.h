// The ways through a playbook that somebody can take (lint.h, open_edges), walked once for all that
// is asked of them. Inside config/ only.
#pragma once

#include <cstddef>
#include <vector>

#include "rules/playbook.h"

namespace nurtured::config {

// For a playbook of n steps it takes n² bits and the time of n walks. The playbook need not outlive
// it.
class StepGraph {
 public:
  explicit StepGraph(const rules::Playbook& playbook);

  // Whether the playbook's first step leads there, by however many others.
  bool is_reached(rules::StepIndex step) const { return reached_[0][step]; }
  // Of two different steps.
  bool leads_to(rules::StepIndex from, rules::StepIndex to) const { return reached_[from][to]; }
  // Whether whoever comes to `step`, which is reached, has come by `before`.
  bool is_surely_before(rules::StepIndex before, rules::StepIndex step) const {
    return sure_[step][before];
  }
  // For each step, on the way that meets the fewest of them: how many of the counted steps lie
  // before it. 0 for what is not reached.
  std::vector<std::size_t> fewest_before(const std::vector<bool>& counted) const;

 private:
  using Steps = std::vector<bool>;

  void find_reached();
  void find_sure();

  std::vector<std::vector<rules::StepIndex>> next_;
  std::vector<Steps> reached_;  // by where one begins, which is among them
  std::vector<Steps> sure_;     // by where one has come to, which is among them
};

}  // namespace nurtured::config

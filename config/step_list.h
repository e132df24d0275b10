// Steps on their way from nested lists to rules/'s one list: naming and linking, apart from what
// the steps do. Inside config/ only.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rules/playbook.h"

namespace nurtured::config {

// One step of the file: the steps that it became (a series becomes many), and the lists inside it.
// An empty list stands for one that is left out.
struct StepTree {
  rules::StepIndex first = 0;
  rules::StepIndex last = 0;
  std::vector<std::vector<StepTree>> branches;
};

// What every step has beside its action.
struct StepHead {
  std::string id;  // as given; empty when it is to be made
  base::Place place;
};

class StepList {
 public:
  std::size_t size() const { return steps_.size(); }
  const rules::Step& operator[](rules::StepIndex index) const { return steps_[index]; }

  // False when a step has been given that id already.
  bool claim_id(const std::string& id) { return given_ids_.insert(id).second; }
  // `base` is what the id is made from where the head has none: "send:welcome".
  rules::StepIndex add(const StepHead& head, std::string base, rules::StepAction action);
  // For a step whose action is known only when the lists inside it are read.
  void set_action(rules::StepIndex index, rules::StepAction action) {
    steps_[index].action = std::move(action);
  }

  // The finished list, which `trees` are the outermost steps of.
  std::vector<rules::Step> finish(const std::vector<StepTree>& trees);

 private:
  void name_steps();
  void link_list(const std::vector<StepTree>& trees, rules::StepIndex after);
  void link_step(const StepTree& tree, rules::StepIndex next, rules::StepIndex after_next);

  std::vector<rules::Step> steps_;
  std::vector<std::string> bases_;  // beside steps_
  std::set<std::string, std::less<>> given_ids_;
};

}  // namespace nurtured::config

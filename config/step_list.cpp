#include "config/step_list.h"

#include <map>
#include <utility>

namespace nurtured::config {

using rules::no_step;
using rules::Step;
using rules::StepIndex;

StepIndex StepList::add(const StepHead& head, std::string base, rules::StepAction action) {
  steps_.push_back({head.id, std::move(action), no_step, head.place});
  bases_.push_back(std::move(base));
  return static_cast<StepIndex>(steps_.size() - 1);
}

std::vector<Step> StepList::finish(const std::vector<StepTree>& trees) {
  name_steps();
  link_list(trees, no_step);
  return std::move(steps_);
}

// Made ids keep out of the way of given ones: `wait`, `wait#2`, `wait#3`.
void StepList::name_steps() {
  std::map<std::string, int, std::less<>> counts;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (!steps_[i].id.empty()) continue;
    std::string id;
    do {
      const int count = ++counts[bases_[i]];
      id = count == 1 ? bases_[i] : bases_[i] + "#" + std::to_string(count);
    } while (given_ids_.contains(id));
    steps_[i].id = std::move(id);
  }
}

// Every step goes on to the next one of its list, the last to `after`.
void StepList::link_list(const std::vector<StepTree>& trees, StepIndex after) {
  const auto entry = [&](std::size_t i) { return i < trees.size() ? trees[i].first : after; };
  for (std::size_t i = 0; i < trees.size(); ++i) link_step(trees[i], entry(i + 1), entry(i + 2));
}

void StepList::link_step(const StepTree& tree, StepIndex next, StepIndex after_next) {
  for (StepIndex i = tree.first; i < tree.last; ++i) steps_[i].next = i + 1;
  steps_[tree.last].next = next;
  rules::StepAction& action = steps_[tree.first].action;
  const bool is_loop = std::holds_alternative<rules::Repeat>(action);
  std::vector<StepIndex> targets;
  for (const auto& branch : tree.branches) {
    targets.push_back(branch.empty() ? next : branch.front().first);
    link_list(branch, is_loop ? tree.first : next);
  }
  if (auto* send = std::get_if<rules::Send>(&action)) {
    if (!targets.empty()) send->otherwise = targets[0];
  } else if (auto* until = std::get_if<rules::WaitUntil>(&action)) {
    until->after_skip = after_next;
  } else if (auto* wait = std::get_if<rules::WaitFor>(&action)) {
    wait->then = targets[0];
    wait->otherwise = targets[1];
  } else if (auto* ask = std::get_if<rules::Ask>(&action)) {
    ask->otherwise = targets[0];
    ask->send.otherwise = targets[0];
  } else if (auto* choose = std::get_if<rules::Choose>(&action)) {
    for (std::size_t i = 0; i < targets.size(); ++i) choose->branches[i].target = targets[i];
  } else if (auto* split = std::get_if<rules::Split>(&action)) {
    for (std::size_t i = 0; i < targets.size(); ++i) split->ways[i].target = targets[i];
  } else if (auto* repeat = std::get_if<rules::Repeat>(&action)) {
    repeat->body = targets[0];
  }
}

}  // namespace nurtured::config

#include "rules/ways.h"

#include <algorithm>
#include <utility>

namespace nurtured::rules {
namespace {

class Ways {
 public:
  Ways(const Playbook& playbook, const Step& step) : playbook_(playbook), step_(step) {}

  std::vector<Way> read() {
    std::visit([this](const auto& action) { add_ways(action); }, step_.action);
    if (ways_.size() == 1) ways_.front().name = "next";
    return std::move(ways_);
  }

 private:
  // Whatever does not branch, which a new kind of step is until it is named below.
  template <class Action>
  void add_ways(const Action&) {
    add("next", step_.next);
  }
  void add_ways(const End&) {}
  void add_ways(const Send& send) {
    add("sent", step_.next);
    if (send.otherwise != no_step) add("otherwise", send.otherwise);
  }
  void add_ways(const Ask& ask) {
    add("answered", step_.next);
    add("otherwise", ask.otherwise);
  }
  void add_ways(const WaitUntil& wait) {
    add("in time", step_.next);
    if (wait.skip_if_past) add("if_past: skip", wait.after_skip);
  }
  void add_ways(const WaitFor& wait) {
    add("then", wait.then);
    if (wait.within) add("otherwise", wait.otherwise);
  }
  void add_ways(const Choose& choose) {
    bool has_else = false;
    for (const Branch& branch : choose.branches) {
      has_else = has_else || !branch.condition;
      add(branch.condition ? "if " + branch.condition->source : "else", branch.target,
          branch.condition ? &branch.condition->place : nullptr);
    }
    if (!has_else) add("none of them", step_.next);
  }

  void add_ways(const Split& split) {
    for (const Split::Way& way : split.ways) add(way.name, way.target);
  }
  void add_ways(const Repeat& repeat) {
    add("again", repeat.body);
    add("through", step_.next);
  }

  void add(std::string name, StepIndex target, const base::Place* place = nullptr) {
    if (std::ranges::find(ways_, target, &Way::target) != ways_.end()) return;
    if (place == nullptr) {
      const bool is_inner = target != step_.next && target < playbook_.steps.size();
      place = is_inner ? &playbook_.steps[target].place : &step_.place;
    }
    ways_.push_back({target, std::move(name), *place});
  }

  const Playbook& playbook_;
  const Step& step_;
  std::vector<Way> ways_;
};

}  // namespace

std::vector<Way> ways_of(const Playbook& playbook, const Step& step) {
  return Ways(playbook, step).read();
}

}  // namespace nurtured::rules

// Events that playbooks send one another: some that nobody ever sends, and goals of their own
// making.
#include <algorithm>
#include <map>
#include <set>
#include <variant>

#include <fmt/format.h>

#include "config/lint.h"

namespace nurtured::config {
namespace {

using rules::Playbook;
using rules::Step;

using Names = std::set<std::string, std::less<>>;

bool comes_in(const Catalogue& catalogue, const std::string& event) {
  return catalogue.events.contains(event) || built_in_events().contains(event) ||
         catalogue.touchpoints.contains(event);
}

struct Calls {
  Names emitted;
  Names enrolled;
};

Calls calls_of(const Playbook& playbook) {
  Calls out;
  const std::vector<bool> reachable = reachable_steps(playbook);
  for (std::size_t i = 0; i < playbook.steps.size(); ++i) {
    if (!reachable[i]) continue;
    if (const auto* emit = std::get_if<rules::Emit>(&playbook.steps[i].action)) {
      out.emitted.insert(emit->event);
    } else if (const auto* enroll = std::get_if<rules::Enroll>(&playbook.steps[i].action)) {
      out.enrolled.insert(enroll->playbook);
    }
  }
  return out;
}

// What is sent in the end, beginning with what comes from outside.
Names live_events(const LintInput& input) {
  Names events;
  Names started;
  bool grew = true;
  while (grew) {
    grew = false;
    for (const auto& playbook : input.playbooks) {
      const auto is_sent = [&](const rules::EventStart& start) {
        // What nobody sends at all is told as `unknown-event`.
        return comes_in(input.catalogue, start.event) || events.contains(start.event) ||
               !input.uses.emitted.contains(start.event);
      };
      const bool starts = playbook->by_hand || !playbook->timed_starts.empty() ||
                          started.contains(playbook->id) ||
                          std::ranges::any_of(playbook->starts, is_sent);
      if (!starts) continue;
      Calls calls = calls_of(*playbook);
      const std::size_t before = events.size() + started.size();
      events.merge(calls.emitted);
      started.merge(calls.enrolled);
      started.insert(playbook->id);
      grew = grew || events.size() + started.size() > before;
    }
  }
  return events;
}

void note_unsent(const LintInput& input, Problems& problems) {
  const Names live = live_events(input);
  for (const EventUse& use : input.uses.events) {
    const bool is_emitted = input.uses.emitted.contains(use.event);
    if (!is_emitted || comes_in(input.catalogue, use.event) || live.contains(use.event)) continue;
    problems.warning(
        use.place, "unsent-event",
        fmt::format("only playbooks that nothing starts emit the event `{}`", use.event),
        "give one of them a start that can come, or list the event in events.yaml if it comes in");
  }
}

void note_own_goals(const LintInput& input, Problems& problems) {
  std::map<std::string, Names, std::less<>> emitters;  // event → playbooks
  for (const auto& playbook : input.playbooks) {
    for (const std::string& event : calls_of(*playbook).emitted) {
      emitters[event].insert(playbook->id);
    }
  }
  for (const auto& playbook : input.playbooks) {
    if (!playbook->goal || comes_in(input.catalogue, playbook->goal->event)) continue;
    const auto found = emitters.find(playbook->goal->event);
    if (found == emitters.end() || found->second != Names{playbook->id}) continue;
    const auto emit = std::ranges::find_if(playbook->steps, [&](const Step& step) {
      const auto* action = std::get_if<rules::Emit>(&step.action);
      return action != nullptr && action->event == playbook->goal->event;
    });
    problems.warning(emit->place, "own-goal",
                     fmt::format("the goal `{}` is reached by this step, whatever the contact does",
                                 playbook->goal->event),
                     "take a goal that the contact brings about, or end with `end: true`");
  }
}

}  // namespace

void lint_events(const LintInput& input, Problems& problems) {
  note_unsent(input, problems);
  note_own_goals(input, problems);
}

}  // namespace nurtured::config

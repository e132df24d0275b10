// Events that playbooks send one another: some nobody ever sends, some that go round in circles.
#include <algorithm>
#include <map>
#include <set>
#include <variant>

#include <fmt/format.h>

#include "config/lint.h"

namespace nurtured::config {
namespace {

using rules::no_step;
using rules::Playbook;
using rules::Step;
using rules::StepIndex;

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

// ---- circles

bool takes_time(const Step& step) {
  return std::holds_alternative<rules::Wait>(step.action) ||
         std::holds_alternative<rules::WaitUntil>(step.action) ||
         std::holds_alternative<rules::WaitFor>(step.action) ||
         std::holds_alternative<rules::HandOff>(step.action) ||
         rules::send_of(step.action) != nullptr;
}

// Can somebody come from `from` to the end of the playbook by steps that `may_pass` lets through?
template <class MayPass>
bool can_finish(const Playbook& playbook, StepIndex from, MayPass may_pass) {
  std::vector<bool> seen(playbook.steps.size());
  std::vector<StepIndex> open = {from};
  while (!open.empty()) {
    const StepIndex at = open.back();
    open.pop_back();
    if (at == no_step) return true;
    if (seen[at] || !may_pass(at)) continue;
    seen[at] = true;
    const auto edges = open_edges(playbook, playbook.steps[at]);
    if (edges.empty()) return true;
    for (const auto& edge : edges) open.push_back(edge.target);
  }
  return false;
}

// A step that starts another playbook, or its own, for everybody and each time.
struct Link {
  const Playbook* from = nullptr;
  const Step* step = nullptr;
  const Playbook* to = nullptr;
};

class CircleLint {
 public:
  CircleLint(const LintInput& input, Problems& problems) : problems_(problems) {
    for (const auto& playbook : input.playbooks) {
      if (may_start_for_ever(*playbook)) targets_.push_back(playbook.get());
    }
    for (const Playbook* playbook : targets_) add_links(*playbook);
  }

  void run() {
    for (const Link& link : links_) {
      if (!leads_back(link)) continue;
      const bool is_own = link.from == link.to;
      problems_.warning(
          link.step->place, "starts-itself",
          fmt::format("this starts {} again, for ever and without a pause",
                      is_own ? std::string("the playbook")
                             : fmt::format("`{}`, which leads back here,", link.to->id)),
          "write `again: never` or `again: after 7d`, or add a condition");
    }
  }

 private:
  static bool may_start_for_ever(const Playbook& playbook) {
    const bool is_stopped = std::ranges::any_of(
        playbook.stops, [](const rules::Stop& stop) { return stop.event.empty(); });
    return playbook.again.mode == rules::AgainMode::always && !playbook.per && !is_stopped;
  }

  static bool is_started_by(const Playbook& playbook, const Step& step) {
    if (const auto* enroll = std::get_if<rules::Enroll>(&step.action)) {
      return enroll->playbook == playbook.id;
    }
    const auto* emit = std::get_if<rules::Emit>(&step.action);
    return emit != nullptr && std::ranges::any_of(playbook.starts, [&](const auto& start) {
             return start.event == emit->event && !start.condition;
           });
  }

  void add_links(const Playbook& playbook) {
    for (StepIndex i = 0; i < playbook.steps.size(); ++i) {
      const Step& step = playbook.steps[i];
      for (const Playbook* to : targets_) {
        if (!is_started_by(*to, step)) continue;
        const bool is_passed_by = can_finish(playbook, 0, [&](StepIndex at) { return at != i; });
        const bool ends_at_once = can_finish(
            playbook, step.next, [&](StepIndex at) { return !takes_time(playbook.steps[at]); });
        const bool restarts = to->meanwhile == rules::Meanwhile::restart;
        if (!is_passed_by && (ends_at_once || restarts)) links_.push_back({&playbook, &step, to});
      }
    }
  }

  bool leads_back(const Link& first) const {
    std::set<const Playbook*> seen;
    std::vector<const Playbook*> open = {first.to};
    while (!open.empty()) {
      const Playbook* at = open.back();
      open.pop_back();
      if (at == first.from) return true;
      if (!seen.insert(at).second) continue;
      for (const Link& link : links_) {
        if (link.from == at) open.push_back(link.to);
      }
    }
    return false;
  }

  Problems& problems_;
  std::vector<const Playbook*> targets_;
  std::vector<Link> links_;
};

}  // namespace

void lint_events(const LintInput& input, Problems& problems) {
  note_unsent(input, problems);
  note_own_goals(input, problems);
  CircleLint(input, problems).run();
}

}  // namespace nurtured::config

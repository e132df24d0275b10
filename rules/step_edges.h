// A step as it is drawn and walked, whatever it does: a few words on it, and where it may lead.
// Pictures, lints and coverage go by it. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rules/playbook.h"

namespace nurtured::rules {

// Why an enrollment leaves a step this way.
enum class EdgeKind : std::uint8_t {
  next,       // the step is done
  answered,   // what it waited for has come
  otherwise,  // that has not come in time, or the message was held too long
  branch,     // a condition of its own holds, or none of them does; a way of a split; a round
  skipped,    // its moment is past: the next step is left out
};

struct StepEdge {
  EdgeKind kind = EdgeKind::next;
  StepIndex target = no_step;  // no_step: the playbook is finished
  std::string name;            // "if contact.score >= 50", "not within 1d"; empty for the only way
  std::string written = {};  // as the file has it: "then", "otherwise"; empty where `name` is that
  std::optional<base::Place> place = {};  // of its own condition, where it has one

  bool operator==(const StepEdge&) const = default;
};

// In the order of the file, each way once; two may lead to the same step. None after `end`.
std::vector<StepEdge> step_edges(const Step& step);

// For each step whether whoever stands at `from` may still come to it; `from` is among them.
// `edges_of` gives the ways on that count.
std::vector<bool> steps_ahead(
    const Playbook& playbook, StepIndex from,
    const std::function<std::vector<StepEdge>(const Step&)>& edges_of = step_edges);

// One way on from a step, as coverage counts it against the passages that enrollments made
// (rules/transition.h).
struct Way {
  StepIndex target = no_step;  // no_step: the playbook is finished
  std::string name;   // as the file has it: "if contact.score >= 50", "otherwise"; "next": the only
  base::Place place;  // of its condition, or of the first step on it; else of the step itself
};

// The edges of `step`, which is one of the playbook's, without those that lead where an earlier one
// does: no enrollment fares differently on them. A step with several ways branches.
std::vector<Way> ways_of(const Playbook& playbook, const Step& step);

// What the step does, in the words of the file: "send webinar-invite", "wait 2d at 10:00". One
// line, as long as what it quotes; expressions and texts stand as they are written.
std::string step_label(const Step& step);

}  // namespace nurtured::rules

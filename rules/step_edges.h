// A step as it is drawn and walked, whatever it does: a few words on it, and where it may lead.
// Pictures and lints go by it. Pure.
#pragma once

#include <cstdint>
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

  bool operator==(const StepEdge&) const = default;
};

// In the order of the file, each way once; two may lead to the same step. None after `end`.
std::vector<StepEdge> step_edges(const Step& step);

// What the step does, in the words of the file: "send webinar-invite", "wait 2d at 10:00". One
// line, as long as what it quotes; expressions and texts stand as they are written.
std::string step_label(const Step& step);

}  // namespace nurtured::rules

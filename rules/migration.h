// Where people who are under way in one version of a playbook stand in another (`plan --apply
// --migrate`). Pure.
#pragma once

#include "rules/advance.h"
#include "rules/playbook.h"

namespace nurtured::rules {

enum class StepMatch {
  matched,
  gone,       // no step has that id any more
  ambiguous,  // ids made from the content are counted, and another number of steps is counted now
  changed,    // the step of that id does something else
};

struct MatchedStep {
  StepMatch match = StepMatch::gone;
  StepIndex step = no_step;  // of the other version, where it matched
};

// By the step's id: a given one names it, a made one (`send:offer`, `wait#2`) does while the steps
// that are counted with it are as many as they were.
MatchedStep match_step(const Playbook& from, StepIndex step, const Playbook& to);

// The contact as the input Migrate would leave it before anything is judged by the new versions.
Snapshot migrated(const Book& book, Snapshot snapshot, Instant now);

}  // namespace nurtured::rules

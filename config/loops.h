// What keeps a `repeat` from running away. Inside config/ only.
#pragma once

#include "config/catalogue.h"
#include "rules/playbook.h"

namespace nurtured::config {

// Whether the step lets time pass in each round: it waits for longer than no time, or sends what
// the caps hold. Replies, reminders and receipts leave at once, however many there are.
bool keeps_pace(const rules::StepAction& action, const Catalogue& catalogue);

}  // namespace nurtured::config

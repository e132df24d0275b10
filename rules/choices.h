// What the pages need to know of people's choices beside making them (rules::Choice).
#pragma once

#include "rules/transition.h"

namespace nurtured::rules {

// True when the confirmation answers a message that is older than the unsubscribe that `known` has,
// or one that is not known: it must not undo what the person said after that message left. Pure.
bool is_overtaken(const Choice& choice, const Consent& known);

}  // namespace nurtured::rules

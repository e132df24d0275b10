// How the parts of an expression move with the clock, for Watch. Internal to rules/cel.
#pragma once

#include <string_view>

#include "base/result.h"
#include "rules/cel/environment.h"
#include "rules/cel/syntax.h"

namespace nurtured::cel {

// Gives every comparison, and every call that asks a time for a part of it, its pace. Refuses an
// expression whose next change cannot be told: one that does more with the clock's variable than
// add, subtract, compare, and ask for hours and dates. The expression must be resolved, and the
// environment must watch the clock.
base::Result<void> mark_pace(Expression& expression, std::string_view source,
                             const Environment& environment);

}  // namespace nurtured::cel

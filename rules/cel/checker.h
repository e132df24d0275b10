// The type check (langdef.md, "Gradual Type Checking"): refuses what can only fail, and tells the
// result's type. Internal to rules/cel.
#pragma once

#include <string_view>

#include "base/result.h"
#include "rules/cel/environment.h"
#include "rules/cel/syntax.h"

namespace nurtured::cel {

// The expression must be resolved, in a checked environment.
base::Result<Type> check(const Expression& expression, std::string_view source,
                         const Environment& environment);

}  // namespace nurtured::cel

// What a resolved expression uses of its environment. Internal to rules/cel.
#pragma once

#include <string_view>

#include "rules/cel/environment.h"
#include "rules/cel/program.h"
#include "rules/cel/syntax.h"

namespace nurtured::cel {

References find_references(const Expression& expression, std::string_view source,
                           const Environment& environment);

}  // namespace nurtured::cel

// "%s has %d".format([…]) of the strings extension (cel-spec doc/extensions/strings.md). Internal
// to rules/cel.
#pragma once

#include <optional>

#include "rules/cel/library.h"

namespace nurtured::cel {

// Arguments: the format, a list. The result is bounded by the evaluation's budget.
std::optional<Value> format(Evaluation& evaluation, const Arguments& arguments);

}  // namespace nurtured::cel

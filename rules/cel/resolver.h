// Gives every name of a syntax tree its meaning (langdef.md, "Name Resolution"). Internal to
// rules/cel.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "rules/cel/environment.h"
#include "rules/cel/syntax.h"

namespace nurtured::cel {

// Afterwards the tree has no Identifier, and each Call knows its candidates. In a checked
// environment an unknown name is an error with its near miss; otherwise it stays an UnknownName or
// a call without candidates. Answers how many variables of comprehensions are alive at once, at
// most.
base::Result<std::size_t> resolve(Expression& expression, std::string_view source,
                                  const Environment& environment);

}  // namespace nurtured::cel

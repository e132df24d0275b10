// Which calls are macros, and what they stand for (langdef.md, "Macros"; the two-variable
// comprehensions, bindings and optional extensions). Internal to rules/cel.
#pragma once

#include <optional>
#include <string>

#include "rules/cel/syntax.h"

namespace nurtured::cel {

struct Expansion {
  std::optional<Node> node;  // empty when the call is no macro: then `call` is as it was
  std::string problem;       // set when it is one, but written wrongly
  Span problem_span;
};

// Takes the parts out of `call` when it is a macro.
Expansion expand_macro(Call& call, Span span);

}  // namespace nurtured::cel

// One expression to the text of its answer, for tables of cases.
#pragma once

#include <string>
#include <string_view>

#include "rules/cel/literal.h"
#include "rules/cel/program.h"

namespace nurtured::cel {

// The literal of the value, or "error" where compiling or evaluating ends in one. Standard CEL, no
// type check.
inline std::string answer(std::string_view source) {
  const Environment environment({.checked = false});
  const MapScope scope(environment);
  const auto program = compile(source, environment);
  if (!program) return "error";
  const auto value = program->evaluate(scope);
  return value ? to_literal(*value) : "error";
}

struct Case {
  std::string_view source;
  std::string_view expected;
};

}  // namespace nurtured::cel

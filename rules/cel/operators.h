// The signatures of the operators that have overloads (langdef.md, "Arithmetic Operators",
// "Comparison Operators"). Internal to rules/cel.
#pragma once

#include <span>
#include <vector>

#include "rules/cel/syntax.h"
#include "rules/cel/type.h"

namespace nurtured::cel {

struct OperatorOverload {
  Operator op = Operator::add;
  std::vector<Type> operands;
  Type result;
  bool mixed = false;  // only where numbers mix (EnvironmentOptions::mixed_numbers)
};

// Built once; it never changes. Equality and `in` are not in it: the checker knows their rule.
const std::vector<OperatorOverload>& operator_overloads();

}  // namespace nurtured::cel

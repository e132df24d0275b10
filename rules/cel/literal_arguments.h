// What is wrong with literals that a call can only fail on: `duration("2d")`,
// `event.at.getHours("Europe/Moskow")`. Internal to rules/cel.
#pragma once

#include <optional>

#include "base/error.h"
#include "rules/cel/environment.h"
#include "rules/cel/syntax.h"

namespace nurtured::cel {

// About the last argument of `call`, whose types have been checked; nullopt when it is right, no
// literal, or known only at evaluation.
std::optional<base::Error> fault_in_literal(const Call& call, const Environment& environment);

}  // namespace nurtured::cel

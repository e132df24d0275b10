// Values as CEL source: what `nurtured eval` prints. Compiling and evaluating the text gives an
// equal value.
#pragma once

#include <string>

#include "rules/cel/value.h"

namespace nurtured::cel {

// 1, 1u, 1.0, "a", b"\x00", [1, 2], {"k": 1}, null, timestamp("2026-01-01T00:00:00Z"),
// duration("3600s"), a type by its name, optional.of(1), optional.none(); double("NaN") and
// double("-Infinity") for what has no digits.
std::string to_literal(const Value& value);

}  // namespace nurtured::cel

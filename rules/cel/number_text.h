// Numbers as text and text as numbers, without locale. Internal to rules/cel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nurtured::cel {

// The shortest digits that read back as `value`; plain from 1e-4 up to 1e16, else with an exponent
// ("1e+16"). "NaN", "Infinity", "-Infinity". A whole number has no point.
std::string shortest(double value);
// The same with ".0" after a whole number in plain form, so that it reads as a double.
std::string shortest_with_point(double value);
// All digits before the point and the shortest ones after it, never an exponent.
std::string shortest_fixed(double value);
// Exactly `digits` after the point, ties to even: "[-]d.ddd", and "[-]d.ddde+dd".
std::string fixed(double value, int digits);
std::string scientific(double value, int digits);
std::string in_base(std::int64_t value, int base);
std::string in_base(std::uint64_t value, int base);

// Decimal digits with an optional sign; nullopt for anything else or out of range. An unsigned one
// takes no sign.
std::optional<std::int64_t> parse_int(std::string_view text);
std::optional<std::uint64_t> parse_uint(std::string_view text);
// Decimal with optional sign, point and exponent; "NaN", "Inf" and "Infinity" in any case. Beyond
// the range it is an infinity or 0, as IEEE 754 rounds.
std::optional<double> parse_double(std::string_view text);

}  // namespace nurtured::cel

// Numbers as filters reckon with them: whole ones exactly in 64 bits, others in decimal, so that
// 10.1 - 2.2 is 7.9. Decimal digits are bounded, so no template can make a number large without
// bound.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include <tl/expected.hpp>

#include "content/liquid/value.h"

namespace nurtured::content::liquid {

// A filter's number. Decimals are kept as double and reckoned with in fifty decimal digits.
using Number = std::variant<std::int64_t, double>;

// nil, false, lists and texts that are no number count as 0; "12 apples" is 12, "1.5" is 1.5. The
// error says that a whole number does not fit in 64 bits.
tl::expected<Number, std::string> to_number(const Value& value);
// Whether all of it is a number, not only where it begins.
bool is_number(const Value& value);
cel::Value from_number(const Number& number);

enum class Operation { add, subtract, multiply, divide, modulo };
// Division of whole numbers rounds down. Errors: division by zero, a result past the range.
tl::expected<Number, std::string> reckon(Operation operation, const Number& left,
                                         const Number& right);
bool less(const Number& left, const Number& right);
tl::expected<Number, std::string> absolute(const Number& number);

enum class Rounding { nearest, up, down };
// To `digits` places after the point; half away from zero. The result is whole when digits < 1.
tl::expected<Number, std::string> rounded(const Number& number, Rounding rounding,
                                          std::int64_t digits = 0);

}  // namespace nurtured::content::liquid

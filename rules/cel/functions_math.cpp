// The math extension; math.greatest and math.least take any number of arguments and are the
// planner's.
#include <cmath>
#include <limits>

#include "rules/cel/library.h"

namespace nurtured::cel {
namespace {

using Outcome = std::optional<Value>;
using Round = double (*)(double);
using Test = bool (*)(double);

template <Round round>
Outcome rounded(Evaluation& /*unused*/, const Arguments& arguments) {
  return round(arguments[0].as_double());
}

template <Test test>
Outcome tested(Evaluation& /*unused*/, const Arguments& arguments) {
  return test(arguments[0].as_double());
}

double ceil_of(double value) {
  return std::ceil(value);
}
double floor_of(double value) {
  return std::floor(value);
}
double round_of(double value) {
  return std::round(value);
}
double trunc_of(double value) {
  return std::trunc(value);
}
double abs_of(double value) {
  return std::fabs(value);
}
bool is_inf(double value) {
  return std::isinf(value);
}
bool is_nan(double value) {
  return std::isnan(value);
}
bool is_finite(double value) {
  return std::isfinite(value);
}

double sign_of(double value) {
  if (std::isnan(value)) return value;
  return value > 0 ? 1.0 : value < 0 ? -1.0 : 0.0;
}

Outcome abs_int(Evaluation& evaluation, const Arguments& arguments) {
  const std::int64_t value = arguments[0].as_int();
  if (value == std::numeric_limits<std::int64_t>::min()) {
    return evaluation.fail("the result is out of range for an int");
  }
  return value < 0 ? -value : value;
}

Outcome identity(Evaluation& /*unused*/, const Arguments& arguments) {
  return arguments[0];
}

Outcome sign_int(Evaluation& /*unused*/, const Arguments& arguments) {
  const std::int64_t value = arguments[0].as_int();
  return std::int64_t{value > 0 ? 1 : value < 0 ? -1 : 0};
}

Outcome sign_uint(Evaluation& /*unused*/, const Arguments& arguments) {
  return std::uint64_t{arguments[0].as_uint() > 0 ? 1U : 0U};
}

Outcome square_root(Evaluation& /*unused*/, const Arguments& arguments) {
  return std::sqrt(arguments[0].number().value_or(0));
}

// The bits of an int or uint, and back in the kind of the original.
std::uint64_t bits(const Value& value) {
  return value.is_uint() ? value.as_uint() : static_cast<std::uint64_t>(value.as_int());
}

Value like(const Value& original, std::uint64_t result) {
  if (original.is_uint()) return result;
  return static_cast<std::int64_t>(result);
}

Outcome bit_and(Evaluation& /*unused*/, const Arguments& arguments) {
  return like(arguments[0], bits(arguments[0]) & bits(arguments[1]));
}

Outcome bit_or(Evaluation& /*unused*/, const Arguments& arguments) {
  return like(arguments[0], bits(arguments[0]) | bits(arguments[1]));
}

Outcome bit_xor(Evaluation& /*unused*/, const Arguments& arguments) {
  return like(arguments[0], bits(arguments[0]) ^ bits(arguments[1]));
}

Outcome bit_not(Evaluation& /*unused*/, const Arguments& arguments) {
  return like(arguments[0], ~bits(arguments[0]));
}

Outcome shifted(Evaluation& evaluation, const Arguments& arguments, bool left) {
  const std::int64_t count = arguments[1].as_int();
  if (count < 0) return evaluation.fail("a shift by a negative number of bits");
  if (count >= 64) return like(arguments[0], 0);
  const std::uint64_t value = bits(arguments[0]);
  return like(arguments[0], left ? value << count : value >> count);
}

Outcome bit_shift_left(Evaluation& evaluation, const Arguments& arguments) {
  return shifted(evaluation, arguments, true);
}

Outcome bit_shift_right(Evaluation& evaluation, const Arguments& arguments) {
  return shifted(evaluation, arguments, false);
}

}  // namespace

void add_math_functions(LibraryTable& table) {
  const Type decimal = Type::decimal();
  const Type whole = Type::integer();
  const Type natural = Type::unsigned_integer();
  table.push_back({"math.ceil", false, {decimal}, decimal, rounded<ceil_of>});
  table.push_back({"math.floor", false, {decimal}, decimal, rounded<floor_of>});
  table.push_back({"math.round", false, {decimal}, decimal, rounded<round_of>});
  table.push_back({"math.trunc", false, {decimal}, decimal, rounded<trunc_of>});
  table.push_back({"math.abs", false, {decimal}, decimal, rounded<abs_of>});
  table.push_back({"math.abs", false, {whole}, whole, abs_int});
  table.push_back({"math.abs", false, {natural}, natural, identity});
  table.push_back({"math.sign", false, {decimal}, decimal, rounded<sign_of>});
  table.push_back({"math.sign", false, {whole}, whole, sign_int});
  table.push_back({"math.sign", false, {natural}, natural, sign_uint});
  table.push_back({"math.isInf", false, {decimal}, Type::boolean(), tested<is_inf>});
  table.push_back({"math.isNaN", false, {decimal}, Type::boolean(), tested<is_nan>});
  table.push_back({"math.isFinite", false, {decimal}, Type::boolean(), tested<is_finite>});
  for (const Type& number : {decimal, whole, natural}) {
    table.push_back({"math.sqrt", false, {number}, decimal, square_root});
  }
  for (const Type& number : {whole, natural}) {
    table.push_back({"math.bitAnd", false, {number, number}, number, bit_and});
    table.push_back({"math.bitOr", false, {number, number}, number, bit_or});
    table.push_back({"math.bitXor", false, {number, number}, number, bit_xor});
    table.push_back({"math.bitNot", false, {number}, number, bit_not});
    table.push_back({"math.bitShiftLeft", false, {number, whole}, number, bit_shift_left});
    table.push_back({"math.bitShiftRight", false, {number, whole}, number, bit_shift_right});
  }
  table.push_back({"math.greatest", false, {}, Type::dyn(), nullptr});
  table.push_back({"math.least", false, {}, Type::dyn(), nullptr});
}

}  // namespace nurtured::cel

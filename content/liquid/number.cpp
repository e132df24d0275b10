#include "content/liquid/number.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include <boost/multiprecision/cpp_dec_float.hpp>

#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

using Decimal = boost::multiprecision::cpp_dec_float_50;
using Reckoned = tl::expected<Number, std::string>;

constexpr const char* too_large = "the number is too large";

Decimal to_decimal(const Number& number) {
  if (const auto* whole = std::get_if<std::int64_t>(&number)) return Decimal(*whole);
  // By its shortest digits: 0.1 is a tenth here, not the nearest binary fraction.
  return Decimal(decimal_text(std::get<double>(number)));
}

Reckoned to_double(const Decimal& decimal) {
  const double number = decimal.convert_to<double>();
  if (!std::isfinite(number)) return tl::make_unexpected(std::string(too_large));
  return Number(number);
}

Reckoned to_whole(const Decimal& decimal) {
  static const Decimal lowest(std::numeric_limits<std::int64_t>::min());
  static const Decimal highest(std::numeric_limits<std::int64_t>::max());
  if (decimal < lowest || decimal > highest) return tl::make_unexpected(std::string(too_large));
  return Number(decimal.convert_to<std::int64_t>());
}

// -?digits.digits, the one form of text that is a decimal.
bool is_decimal_text(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos || point == 0 || point + 1 == text.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i != point && !is_digit(text[i])) return false;
  }
  return true;
}

std::int64_t floor_divide(std::int64_t left, std::int64_t right) {
  const std::int64_t quotient = left / right;
  return left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient;
}

Reckoned reckon_whole(Operation operation, std::int64_t left, std::int64_t right) {
  std::int64_t result = 0;
  bool overflow = false;
  switch (operation) {
    case Operation::add:
      overflow = __builtin_add_overflow(left, right, &result);
      break;
    case Operation::subtract:
      overflow = __builtin_sub_overflow(left, right, &result);
      break;
    case Operation::multiply:
      overflow = __builtin_mul_overflow(left, right, &result);
      break;
    case Operation::divide:
    case Operation::modulo:
      if (right == 0) return tl::make_unexpected(std::string("divided by 0"));
      overflow = right == -1 && left == std::numeric_limits<std::int64_t>::min();
      if (overflow) break;
      result = floor_divide(left, right);
      if (operation == Operation::modulo) result = left - result * right;
      break;
  }
  if (overflow) return tl::make_unexpected(std::string(too_large));
  return Number(result);
}

Decimal round_half_away(const Decimal& value) {
  static const Decimal half("0.5");
  return value < 0 ? Decimal(ceil(value - half)) : Decimal(floor(value + half));
}

}  // namespace

tl::expected<Number, std::string> to_number(const Value& value) {
  if (const auto text = as_text(value)) {
    const std::string_view bare = strip(*text);
    if (is_decimal_text(bare)) {
      double number = 0;
      std::from_chars(bare.data(), bare.data() + bare.size(), number);
      if (!std::isfinite(number)) return tl::make_unexpected(std::string(too_large));
      return Number(number);
    }
    const auto whole = leading_whole(*text);
    if (!whole) return tl::make_unexpected(std::string(too_large));
    return Number(*whole);
  }
  const cel::Value* data = as_data(value);
  if (data == nullptr) return Number(std::int64_t{0});
  if (data->is_int()) return Number(data->as_int());
  if (data->is_uint()) {
    if (!std::in_range<std::int64_t>(data->as_uint())) {
      return tl::make_unexpected(std::string(too_large));
    }
    return Number(static_cast<std::int64_t>(data->as_uint()));
  }
  if (data->is_double()) {
    if (!std::isfinite(data->as_double())) {
      return tl::make_unexpected(std::string("not a number"));
    }
    return Number(data->as_double());
  }
  return Number(std::int64_t{0});
}

bool is_number(const Value& value) {
  if (const auto text = as_text(value)) {
    std::string_view bare = strip(*text);
    if (is_decimal_text(bare)) return true;
    if (bare.starts_with('-')) bare.remove_prefix(1);
    return !bare.empty() && std::ranges::all_of(bare, is_digit);
  }
  const cel::Value* data = as_data(value);
  return data != nullptr && (data->is_int() || data->is_uint() || data->is_double());
}

cel::Value from_number(const Number& number) {
  return std::visit([](auto value) { return cel::Value(value); }, number);
}

tl::expected<Number, std::string> reckon(Operation operation, const Number& left,
                                         const Number& right) {
  const auto* left_whole = std::get_if<std::int64_t>(&left);
  const auto* right_whole = std::get_if<std::int64_t>(&right);
  if (left_whole != nullptr && right_whole != nullptr) {
    return reckon_whole(operation, *left_whole, *right_whole);
  }
  const Decimal a = to_decimal(left);
  const Decimal b = to_decimal(right);
  switch (operation) {
    case Operation::add:
      return to_double(a + b);
    case Operation::subtract:
      return to_double(a - b);
    case Operation::multiply:
      return to_double(a * b);
    case Operation::divide:
    case Operation::modulo:
      break;
  }
  if (b.is_zero()) return tl::make_unexpected(std::string("divided by 0"));
  if (operation == Operation::divide) return to_double(a / b);
  return to_double(a - b * Decimal(floor(a / b)));
}

bool less(const Number& left, const Number& right) {
  return to_decimal(left) < to_decimal(right);
}

tl::expected<Number, std::string> absolute(const Number& number) {
  if (const auto* whole = std::get_if<std::int64_t>(&number)) {
    return *whole < 0 ? reckon_whole(Operation::subtract, 0, *whole) : Reckoned(number);
  }
  return Number(std::abs(std::get<double>(number)));
}

tl::expected<Number, std::string> rounded(const Number& number, Rounding rounding,
                                          std::int64_t digits) {
  // A double has no digits past these, and 10^308 is its range.
  constexpr std::int64_t digits_max = 308;
  if (digits > digits_max || (std::holds_alternative<std::int64_t>(number) && digits >= 0)) {
    return number;
  }
  if (digits < -digits_max) return Number(std::int64_t{0});
  const Decimal scale = pow(Decimal(10), static_cast<int>(std::abs(digits)));
  const Decimal value = to_decimal(number);
  const Decimal scaled = digits < 0 ? Decimal(value / scale) : Decimal(value * scale);
  Decimal whole;
  switch (rounding) {
    case Rounding::nearest:
      whole = round_half_away(scaled);
      break;
    case Rounding::up:
      whole = ceil(scaled);
      break;
    case Rounding::down:
      whole = floor(scaled);
      break;
  }
  const Decimal result = digits < 0 ? Decimal(whole * scale) : Decimal(whole / scale);
  return digits < 1 ? to_whole(result) : to_double(result);
}

}  // namespace nurtured::content::liquid

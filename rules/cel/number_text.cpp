#include "rules/cel/number_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace nurtured::cel {
namespace {

// The longest is -DBL_MAX in full with a hundred digits after the point.
constexpr std::size_t text_bytes_max = 512;

template <class... Form>
std::string print(double value, Form... form) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  std::array<char, text_bytes_max> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, form...);
  return {buffer.data(), end.ptr};
}

template <class Integer>
std::string print_base(Integer value, int base) {
  std::array<char, 72> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, base);
  return {buffer.data(), end.ptr};
}

template <class Integer>
std::optional<Integer> parse_whole(std::string_view text) {
  Integer value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc{} || end.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

bool same_letters(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

std::optional<double> parse_special(std::string_view text) {
  if (same_letters(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  if (same_letters(text, "inf") || same_letters(text, "infinity")) {
    return std::numeric_limits<double>::infinity();
  }
  return std::nullopt;
}

// from_chars says only "out of range"; the decimal exponent of the first digit tells on which side.
bool is_tiny(std::string_view digits) {
  const std::size_t mark = digits.find_first_of("eE");
  const std::string_view mantissa = digits.substr(0, mark);
  if (mark != std::string_view::npos) return digits.substr(mark + 1).starts_with('-');
  const std::size_t point = mantissa.find('.');
  return mantissa.substr(0, point).find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

std::string shortest(double value) {
  if (value == 0) return std::signbit(value) ? "-0" : "0";
  const double size = std::fabs(value);
  if (!std::isfinite(value) || (size >= 1e-4 && size < 1e16)) {
    return print(value, std::chars_format::fixed);
  }
  return print(value, std::chars_format::scientific);
}

std::string shortest_with_point(double value) {
  std::string text = shortest(value);
  if (text.find_first_of(".eNI") == std::string::npos) text += ".0";
  return text;
}

std::string shortest_fixed(double value) {
  return print(value, std::chars_format::fixed);
}

std::string fixed(double value, int digits) {
  return print(value, std::chars_format::fixed, digits);
}

std::string scientific(double value, int digits) {
  return print(value, std::chars_format::scientific, digits);
}

std::string in_base(std::int64_t value, int base) {
  return print_base(value, base);
}

std::string in_base(std::uint64_t value, int base) {
  return print_base(value, base);
}

std::optional<std::int64_t> parse_int(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  return parse_whole<std::int64_t>(text);
}

std::optional<std::uint64_t> parse_uint(std::string_view text) {
  return parse_whole<std::uint64_t>(text);
}

std::optional<double> parse_double(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (const auto special = parse_special(text)) return negative ? -*special : *special;
  const bool starts_as_number =
      !text.empty() && (text[0] == '.' || (text[0] >= '0' && text[0] <= '9'));
  if (!starts_as_number) return std::nullopt;
  double value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ptr != text.data() + text.size()) return std::nullopt;
  if (end.ec == std::errc::result_out_of_range) {
    value = is_tiny(text) ? 0.0 : std::numeric_limits<double>::infinity();
  } else if (end.ec != std::errc{}) {
    return std::nullopt;
  }
  return negative ? -value : value;
}

}  // namespace nurtured::cel

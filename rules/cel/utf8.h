// Code points of a text, one by one. Internal to rules/cel.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nurtured::cel {

inline constexpr char32_t replacement_character = U'\uFFFD';

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;
  bool valid = true;
};

// The first code point of a text that is not empty. An ill-formed one is `replacement_character`
// over one byte.
CodePoint first_code_point(std::string_view text);
// `value` must be a Unicode scalar value.
void append_utf8(std::string& out, char32_t value);
// Not a surrogate, and at most U+10FFFF.
bool is_scalar_value(std::uint32_t value);
std::u32string to_code_points(std::string_view text);
std::string to_utf8(std::u32string_view code_points);
// Unicode's White_Space property.
bool is_white_space(char32_t value);

}  // namespace nurtured::cel

// Text by characters, as Liquid counts it: UTF-8 code points. Ill-formed bytes count as one each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nurtured::content::liquid {

// Ruby's \s with the vertical tab: what separates words and is stripped.
constexpr bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

std::string_view strip_left(std::string_view text);
std::string_view strip_right(std::string_view text);
std::string_view strip(std::string_view text);
bool is_blank(std::string_view text);

// The bytes of the character at the front; `text` must not be empty.
std::string_view first_character(std::string_view text);
std::string_view last_character(std::string_view text);
std::size_t count_characters(std::string_view text);
// The byte offset of the character number `index`, or the text's size when it has fewer.
std::size_t character_offset(std::string_view text, std::size_t index);

// Ruby's String#slice(start, length): a negative start counts from the end; nullopt when the start
// lies outside or the length is negative.
struct Slice {
  std::size_t begin = 0;
  std::size_t length = 0;
};
std::optional<Slice> slice_of(std::size_t size, std::int64_t start, std::int64_t length);
std::optional<std::string_view> slice_characters(std::string_view text, std::int64_t start,
                                                 std::int64_t length);

// A text that holds nothing but a whole number, as Ruby's Integer(): blanks around it, a sign, and
// single underscores between digits are allowed.
std::optional<std::int64_t> parse_whole(std::string_view text);
// The whole number that a text begins with, 0 when it begins with none: Ruby's String#to_i. nullopt
// when it does not fit in 64 bits.
std::optional<std::int64_t> leading_whole(std::string_view text);

// Unicode's full case mapping.
std::string upper_case(std::string_view text);
std::string lower_case(std::string_view text);

}  // namespace nurtured::content::liquid

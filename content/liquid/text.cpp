#include "content/liquid/text.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include <unicode/bytestream.h>
#include <unicode/casemap.h>

namespace nurtured::content::liquid {
namespace {

constexpr bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// The digits at the front of `text` without the underscores between them; `used` says how many
// bytes they took.
std::string leading_digits(std::string_view text, std::size_t& used) {
  std::string digits;
  used = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_digit(text[i])) {
      digits += text[i];
      used = i + 1;
    } else if (text[i] != '_' || i == 0 || text[i - 1] == '_') {
      break;
    }
  }
  return digits;
}

std::optional<std::int64_t> signed_number(bool negative, std::string digits) {
  if (negative) digits.insert(digits.begin(), '-');
  std::int64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, problem] = std::from_chars(digits.data(), end, number);
  if (problem != std::errc{} || stop != end) return std::nullopt;
  return number;
}

bool take_sign(std::string_view& text) {
  if (text.empty() || (text[0] != '-' && text[0] != '+')) return false;
  const bool negative = text[0] == '-';
  text.remove_prefix(1);
  return negative;
}

}  // namespace

std::string_view strip_left(std::string_view text) {
  while (!text.empty() && (is_space(text.front()) || text.front() == '\0')) text.remove_prefix(1);
  return text;
}

std::string_view strip_right(std::string_view text) {
  while (!text.empty() && (is_space(text.back()) || text.back() == '\0')) text.remove_suffix(1);
  return text;
}

std::string_view strip(std::string_view text) {
  return strip_right(strip_left(text));
}

bool is_blank(std::string_view text) {
  for (const char c : text) {
    if (!is_space(c)) return false;
  }
  return true;
}

std::string_view first_character(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && length < 4 && continues(text[length])) ++length;
  return text.substr(0, length);
}

std::string_view last_character(std::string_view text) {
  std::size_t begin = text.size() - 1;
  while (begin > 0 && text.size() - begin < 4 && continues(text[begin])) --begin;
  return text.substr(begin);
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(first_character(text).size());
  return count;
}

std::size_t character_offset(std::string_view text, std::size_t index) {
  const std::size_t size = text.size();
  for (; index > 0 && !text.empty(); --index) text.remove_prefix(first_character(text).size());
  return size - text.size();
}

std::optional<Slice> slice_of(std::size_t size, std::int64_t start, std::int64_t length) {
  const auto count = static_cast<std::int64_t>(size);
  if (length < 0) return std::nullopt;
  if (start < 0) start += count;
  if (start < 0 || start > count) return std::nullopt;
  return Slice{static_cast<std::size_t>(start),
               static_cast<std::size_t>(std::min(length, count - start))};
}

std::optional<std::string_view> slice_characters(std::string_view text, std::int64_t start,
                                                 std::int64_t length) {
  const auto slice = slice_of(count_characters(text), start, length);
  if (!slice) return std::nullopt;
  text.remove_prefix(character_offset(text, slice->begin));
  return text.substr(0, character_offset(text, slice->length));
}

std::optional<std::int64_t> parse_whole(std::string_view text) {
  text = strip(text);
  const bool negative = take_sign(text);
  std::size_t used = 0;
  std::string digits = leading_digits(text, used);
  if (digits.empty() || used != text.size()) return std::nullopt;
  return signed_number(negative, std::move(digits));
}

std::optional<std::int64_t> leading_whole(std::string_view text) {
  text = strip_left(text);
  const bool negative = take_sign(text);
  std::size_t used = 0;
  std::string digits = leading_digits(text, used);
  if (digits.empty()) return 0;
  return signed_number(negative, std::move(digits));
}

std::string upper_case(std::string_view text) {
  std::string upper;
  icu::StringByteSink<std::string> sink(&upper);
  UErrorCode status = U_ZERO_ERROR;
  icu::CaseMap::utf8ToUpper("", 0, icu::StringPiece(text.data(), static_cast<int>(text.size())),
                            sink, nullptr, status);
  return upper;
}

std::string lower_case(std::string_view text) {
  std::string lower;
  icu::StringByteSink<std::string> sink(&lower);
  UErrorCode status = U_ZERO_ERROR;
  icu::CaseMap::utf8ToLower("", 0, icu::StringPiece(text.data(), static_cast<int>(text.size())),
                            sink, nullptr, status);
  return lower;
}

}  // namespace nurtured::content::liquid

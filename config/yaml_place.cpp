#include <algorithm>

#include "base/encoding.h"
#include "config/yaml.h"

namespace nurtured::config {
namespace {

constexpr std::string_view blanks = " \t\r\n";

bool is_blank(char c) {
  return blanks.find(c) != std::string_view::npos;
}

// How long an escape of a double-quoted scalar is in the file (YAML 1.2, section 5.7), and how many
// bytes of text it stands for.
struct Escape {
  std::size_t written = 2;
  std::size_t meant = 1;
};
Escape escape_at(std::string_view source, std::size_t at, std::string_view meant) {
  const char name = at + 1 < source.size() ? source[at + 1] : '\0';
  Escape escape;
  if (name == 'x') escape.written = 4;
  if (name == 'u') escape.written = 6;
  if (name == 'U') escape.written = 10;
  const std::string_view rest = meant.substr(0, 4);
  while (escape.meant < rest.size() &&
         (static_cast<unsigned char>(rest[escape.meant]) & 0xc0U) == 0x80U) {
    ++escape.meant;
  }
  return escape;
}

std::size_t blanks_from(std::string_view text, std::size_t at) {
  const std::size_t end = text.find_first_not_of(blanks, at);
  return (end == std::string_view::npos ? text.size() : end) - at;
}

// Where the text of a scalar begins in the file.
std::size_t start_of_text(const Node& scalar, std::string_view source) {
  if (scalar.style == ScalarStyle::plain) return scalar.offset;
  if (scalar.style != ScalarStyle::block) return scalar.offset + 1;
  const std::size_t header_end = std::min(source.find('\n', scalar.offset), source.size());
  return header_end + blanks_from(source, header_end);
}

// Walks text and file side by side until `target` bytes of the text are passed: what a fold or an
// escape made of the file is undone on the way. npos when they do not fit each other.
std::size_t walk(const Node& scalar, std::string_view source, std::size_t target) {
  const std::string_view text = scalar.text;
  std::size_t from = start_of_text(scalar, source);
  // Blanks at the front of a block were skipped in the file.
  std::size_t at = scalar.style == ScalarStyle::block ? blanks_from(text, 0) : 0;
  while (at < target || (at == target && from < source.size() && source[from] == '\\' &&
                         from + 1 < source.size() && is_blank(source[from + 1]))) {
    if (from >= source.size()) return std::string_view::npos;
    if (scalar.style == ScalarStyle::double_quoted && source[from] == '\\') {
      if (from + 1 < source.size() && (source[from + 1] == '\n' || source[from + 1] == '\r')) {
        from += 1 + blanks_from(source, from + 1);
        continue;
      }
      const Escape escape = escape_at(source, from, text.substr(at));
      from += escape.written;
      at += escape.meant;
    } else if (scalar.style == ScalarStyle::single_quoted && source[from] == '\'') {
      from += 2;
      at += 1;
    } else if (is_blank(source[from]) && at < text.size() && is_blank(text[at])) {
      const std::size_t run = blanks_from(source, from);
      const bool folds = source.substr(from, run).find('\n') != std::string_view::npos;
      from += folds ? run : 1;
      at += folds ? blanks_from(text, at) : 1;
    } else if (at < text.size() && source[from] == text[at]) {
      ++from;
      ++at;
    } else {
      return std::string_view::npos;
    }
  }
  return from;
}

}  // namespace

std::size_t offset_of(std::string_view text, int line, int column) {
  std::size_t at = 0;
  for (int i = 1; i < line; ++i) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return text.size();
    at = end + 1;
  }
  for (int i = 1; i < column && at < text.size(); ++i) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U) ++at;
  }
  return at;
}

std::size_t end_of_plain(const Node& scalar, std::string_view source) {
  return walk(scalar, source, scalar.text.size());
}

base::Place place_inside(const Node& scalar, std::string_view source, const base::Place& range) {
  source = without_bom(source);
  if (!scalar.is_scalar() || range.line < 1 || scalar.offset >= source.size()) return scalar.place;
  const std::size_t first = offset_of(scalar.text, range.line, range.column);
  const std::size_t last =
      offset_of(std::string_view(scalar.text).substr(first), 1, 1 + std::max(range.length, 1));
  const std::size_t begin = walk(scalar, source, first);
  if (begin == std::string_view::npos) return scalar.place;

  base::Place place = scalar.place;
  const std::string_view passed = source.substr(scalar.offset, begin - scalar.offset);
  const std::size_t line_start = passed.rfind('\n');
  if (line_start == std::string_view::npos) {
    place.column += static_cast<int>(base::code_points(passed));
  } else {
    place.line += static_cast<int>(std::count(passed.begin(), passed.end(), '\n'));
    place.column = 1 + static_cast<int>(base::code_points(passed.substr(line_start + 1)));
  }
  const std::size_t end = walk(scalar, source, first + last);
  const std::size_t line_end = std::min(source.find_first_of("\r\n", begin), source.size());
  const std::size_t shown = end == std::string_view::npos ? begin + 1 : std::min(end, line_end);
  place.length = std::max(
      1, static_cast<int>(base::code_points(source.substr(begin, std::max(shown, begin) - begin))));
  return place;
}

}  // namespace nurtured::config

#include "daemon/lsp/positions.h"

#include <algorithm>

#include "config/yaml.h"

namespace nurtured::daemon::lsp {
namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

// Just behind the line end that `offset` stands before; npos where the text ends without one.
std::size_t next_line(std::string_view text, std::size_t offset) {
  const std::size_t end = text.find_first_of("\r\n", offset);
  if (end == std::string_view::npos) return end;
  return end + (text.substr(end, 2) == "\r\n" ? 2 : 1);
}

std::size_t after_character(std::string_view text, std::size_t offset) {
  ++offset;
  while (offset < text.size() && is_continuation(text[offset])) ++offset;
  return offset;
}

// UTF-16 needs two units for what takes four bytes in UTF-8.
std::int64_t units(std::string_view text, std::size_t from, std::size_t to,
                   PositionEncoding encoding) {
  if (encoding == PositionEncoding::utf8) return static_cast<std::int64_t>(to - from);
  return static_cast<unsigned char>(text[from]) >= 0xf0 ? 2 : 1;
}

}  // namespace

std::size_t offset_at(std::string_view text, const Position& position, PositionEncoding encoding) {
  std::size_t at = 0;
  for (std::int64_t line = 0; line < position.line; ++line) {
    at = next_line(text, at);
    if (at == std::string_view::npos) return text.size();
  }
  const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
  std::int64_t left = position.character;
  while (at < end) {
    const std::size_t after = after_character(text, at);
    left -= units(text, at, after, encoding);
    if (left < 0) break;
    at = after;
  }
  return at;
}

Position position_at(std::string_view text, std::size_t offset, PositionEncoding encoding) {
  offset = std::min(offset, text.size());
  Position position;
  std::size_t at = 0;
  for (std::size_t line = next_line(text, 0); line <= offset; line = next_line(text, line)) {
    ++position.line;
    at = line;
  }
  while (at < offset) {
    const std::size_t after = after_character(text, at);
    if (after > offset) break;
    position.character += units(text, at, after, encoding);
    at = after;
  }
  return position;
}

Span span_of(std::string_view text, const base::Place& place) {
  const std::string_view plain = config::without_bom(text);
  const std::size_t mark = text.size() - plain.size();
  const std::size_t begin = config::offset_of(plain, place.line, place.column);
  const std::size_t line_end = std::min(plain.find_first_of("\r\n", begin), plain.size());
  std::size_t end = begin;
  for (int i = 0; i < std::max(place.length, 1) && end < line_end; ++i) {
    end = after_character(plain, end);
  }
  return {mark + begin, mark + end};
}

}  // namespace nurtured::daemon::lsp

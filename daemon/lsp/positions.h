// Where something stands in a text, as editors count and as we do: lines and characters from 0 in
// the units that were agreed on (LSP 3.17, "Position" and "Position Encoding Kind"), bytes within,
// and the lines and code points of our problems. Pure; takes any bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace nurtured::daemon::lsp {

enum class PositionEncoding { utf8, utf16 };

struct Position {
  std::int64_t line = 0;
  std::int64_t character = 0;  // of the line, in units of the encoding

  bool operator==(const Position&) const = default;
};

// Of bytes of a text, the end exclusive.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;

  // An editor's cursor stands between characters: just behind the last one counts, too.
  bool holds(std::size_t offset) const { return begin <= offset && offset <= end; }
  std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
  bool operator==(const Span&) const = default;
};

// A character beyond the line is its end, a line beyond the text is the text's end, and what lies
// within a character is its beginning. Lines end with "\n", "\r\n" or "\r".
std::size_t offset_at(std::string_view text, const Position& position, PositionEncoding encoding);
Position position_at(std::string_view text, std::size_t offset, PositionEncoding encoding);

// What a problem or a definition of ours covers; at least one character where the line has one.
Span span_of(std::string_view text, const base::Place& place);

}  // namespace nurtured::daemon::lsp

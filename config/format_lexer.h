// A YAML text as the formatter sees it: lines of tokens, comments among them, with all that stands
// between the scalars read by hand and the scalars found by the parser. Inside config/ only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nurtured::config {

enum class FormatTokenKind : std::uint8_t {
  scalar,   // unquoted or in quotes; may go over several lines
  block,    // `|` or `>`: its head and its lines, without the last line end
  comment,  // from its number sign to its last letter
  sign,     // one of - : , [ ] { }
  word,     // a written null (~, null), or a line --- or ...
};

struct FormatToken {
  FormatTokenKind kind = FormatTokenKind::scalar;
  std::string_view text;
  std::size_t offset = 0;
  std::size_t block_indent = 0;  // of a block: the blanks before its content

  bool is_sign(char sign) const { return kind == FormatTokenKind::sign && text.front() == sign; }
};

// Goes over several lines of the file where a scalar does. Without tokens: an empty line.
struct FormatLine {
  std::size_t start = 0;  // offset
  std::vector<FormatToken> tokens;

  // In bytes, from 0.
  std::size_t column(const FormatToken& token) const { return token.offset - start; }
};

// `text` has been read by parse_yaml without an error, begins with no byte order mark and ends its
// lines with "\n"; the tokens point into it. The error, with line and column, is of what YAML
// allows and the formatter does not know: `? key` and directives.
base::Result<std::vector<FormatLine>> lex_lines(std::string_view text);

}  // namespace nurtured::config

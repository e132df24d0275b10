// The words inside {{ }} and {% %}. Used by the parser alone.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nurtured::content::liquid {

enum class LexemeKind {
  identifier,  // letters, digits, _ and -, perhaps a ? at the end
  number,
  string,  // with its quotes
  comparison,
  pipe,
  dot,
  dot_dot,
  colon,
  comma,
  open_square,
  close_square,
  open_round,
  close_round,
  dash,
  question,
  end,
};

struct Lexeme {
  LexemeKind kind = LexemeKind::end;
  std::string_view text;  // a part of the markup
};

// The lexemes of `markup` with `end` after them. The error's message names the character that
// cannot be; `place.column` holds its offset in `markup`.
base::Result<std::vector<Lexeme>> lex(std::string_view markup);

std::string_view describe(LexemeKind kind);

}  // namespace nurtured::content::liquid

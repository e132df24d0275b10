// CEL source to tokens (langdef.md, "Syntax"). Internal to rules/cel.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rules/cel/syntax.h"

namespace nurtured::cel {

enum class TokenKind : std::uint8_t {
  end,
  identifier,         // reserved words too: only the parser knows where they are allowed
  quoted_identifier,  // `a-b`; text without the backticks
  integer,            // text as written, without a sign
  unsigned_integer,   // text without the u
  decimal,
  string,  // text is the content, escapes resolved
  bytes,
  punctuation,  // text is the symbol; `in`, `true`, `false` and `null` are keywords
  keyword,
};

struct Token {
  TokenKind kind = TokenKind::end;
  Span span;
  std::string text;
};

// All tokens, an `end` last. `source` must be UTF-8 of less than 4 GiB.
base::Result<std::vector<Token>> tokenize(std::string_view source);

}  // namespace nurtured::cel

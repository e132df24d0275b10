#include "content/liquid/lexer.h"

#include <string>
#include <utility>

#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

constexpr bool is_letter(char c) {
  return is_word(c) && !is_digit(c);
}

// Bytes of -?digits(.digits)? at the front, 0 when there is no number.
std::size_t number_length(std::string_view text) {
  std::size_t i = text.starts_with('-') ? 1 : 0;
  const std::size_t digits = i;
  while (i < text.size() && is_digit(text[i])) ++i;
  if (i == digits) return 0;
  if (i + 1 < text.size() && text[i] == '.' && is_digit(text[i + 1])) {
    ++i;
    while (i < text.size() && is_digit(text[i])) ++i;
  }
  return i;
}

std::size_t identifier_length(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size() && (is_word(text[i]) || text[i] == '-')) ++i;
  if (i < text.size() && text[i] == '?') ++i;
  return i;
}

std::size_t comparison_length(std::string_view text) {
  const std::string_view two = text.substr(0, 2);
  if (two == "==" || two == "!=" || two == "<=" || two == ">=" || two == "<>") return 2;
  return text[0] == '<' || text[0] == '>' ? 1 : 0;
}

LexemeKind punctuation(char c) {
  switch (c) {
    case '|':
      return LexemeKind::pipe;
    case '.':
      return LexemeKind::dot;
    case ':':
      return LexemeKind::colon;
    case ',':
      return LexemeKind::comma;
    case '[':
      return LexemeKind::open_square;
    case ']':
      return LexemeKind::close_square;
    case '(':
      return LexemeKind::open_round;
    case ')':
      return LexemeKind::close_round;
    case '-':
      return LexemeKind::dash;
    case '?':
      return LexemeKind::question;
    default:
      return LexemeKind::end;
  }
}

// The lexeme at the front of `text`, of kind `end` when there can be none.
Lexeme next(std::string_view text, bool after_dot) {
  const char c = text[0];
  if (is_letter(c)) {
    const std::string_view word = text.substr(0, identifier_length(text));
    const bool compares = word == "contains" && !after_dot;
    return {compares ? LexemeKind::comparison : LexemeKind::identifier, word};
  }
  if (const std::size_t length = number_length(text)) {
    return {LexemeKind::number, text.substr(0, length)};
  }
  if (c == '"' || c == '\'') {
    const std::size_t close = text.find(c, 1);
    if (close == std::string_view::npos) return {};
    return {LexemeKind::string, text.substr(0, close + 1)};
  }
  if (const std::size_t length = comparison_length(text)) {
    return {LexemeKind::comparison, text.substr(0, length)};
  }
  if (text.starts_with("..")) return {LexemeKind::dot_dot, text.substr(0, 2)};
  return {punctuation(c), text.substr(0, 1)};
}

}  // namespace

base::Result<std::vector<Lexeme>> lex(std::string_view markup) {
  std::vector<Lexeme> lexemes;
  std::string_view rest = markup;
  while (true) {
    while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
    if (rest.empty()) break;
    const bool after_dot = !lexemes.empty() && lexemes.back().kind == LexemeKind::dot;
    const Lexeme lexeme = next(rest, after_dot);
    if (lexeme.kind == LexemeKind::end) {
      const bool quote = rest[0] == '"' || rest[0] == '\'';
      base::Error error{.message = "unexpected character '" + std::string(first_character(rest)) +
                                   "'" + (quote ? ", a text that is not closed" : "")};
      error.place.column = static_cast<int>(markup.size() - rest.size());
      return base::fail(std::move(error));
    }
    lexemes.push_back(lexeme);
    rest.remove_prefix(lexeme.text.size());
  }
  lexemes.push_back({LexemeKind::end, markup.substr(markup.size())});
  return lexemes;
}

std::string_view describe(LexemeKind kind) {
  switch (kind) {
    case LexemeKind::identifier:
      return "a name";
    case LexemeKind::number:
      return "a number";
    case LexemeKind::string:
      return "a text in quotes";
    case LexemeKind::comparison:
      return "a comparison";
    case LexemeKind::pipe:
      return "'|'";
    case LexemeKind::dot:
      return "'.'";
    case LexemeKind::dot_dot:
      return "'..'";
    case LexemeKind::colon:
      return "':'";
    case LexemeKind::comma:
      return "','";
    case LexemeKind::open_square:
      return "'['";
    case LexemeKind::close_square:
      return "']'";
    case LexemeKind::open_round:
      return "'('";
    case LexemeKind::close_round:
      return "')'";
    case LexemeKind::dash:
      return "'-'";
    case LexemeKind::question:
      return "'?'";
    case LexemeKind::end:
      return "the end";
  }
  return "";
}

}  // namespace nurtured::content::liquid

#include "rules/cel/lexer.h"

#include <algorithm>
#include <array>
#include <optional>

#include "rules/cel/utf8.h"

namespace nurtured::cel {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name(char c) {
  return is_name_start(c) || is_digit(c);
}

bool is_quoted_name(char c) {
  return is_name(c) || c == '.' || c == '-' || c == '/' || c == ' ';
}

std::uint32_t hex_value(char c) {
  if (is_digit(c)) return static_cast<std::uint32_t>(c - '0');
  return static_cast<std::uint32_t>((c | 0x20) - 'a') + 10U;
}

// How a string literal begins: r"…, b'''… and so on.
struct Opening {
  bool raw = false;
  bool bytes = false;
  std::size_t prefix = 0;  // letters before the quote
};

// Signs that keyboards and text programs put in for ours.
struct ForeignSign {
  std::string_view theirs;
  std::string_view ours;
  std::string_view name = {};  // of what cannot be seen
};
constexpr ForeignSign foreign_signs[] = {
    {"“", "a straight quote, \" or '"},
    {"”", "a straight quote, \" or '"},
    {"„", "a straight quote, \" or '"},
    {"«", "a straight quote, \" or '"},
    {"»", "a straight quote, \" or '"},
    {"‘", "a straight quote, \" or '"},
    {"’", "a straight quote, \" or '"},
    {"‚", "a straight quote, \" or '"},
    {"「", "a straight quote, \" or '"},
    {"」", "a straight quote, \" or '"},
    {"≥", ">="},
    {"≤", "<="},
    {"≠", "!="},
    {"×", "*"},
    {"÷", "/"},
    {"−", "-"},
    {"–", "-"},
    {"—", "-"},
    {"（", "("},
    {"）", ")"},
    {"［", "["},
    {"］", "]"},
    {"，", ","},
    {"、", ","},
    {"：", ":"},
    {"？", "?"},
    {"！", "!"},
    {"＝", "=="},
    {"＞", ">"},
    {"＜", "<"},
    {"＋", "+"},
    {"＆", "&&"},
    {"｜", "||"},
    {"\u00A0", "an ordinary blank", "no-break space"},
    {"\u2007", "an ordinary blank", "no-break space"},
    {"\u202F", "an ordinary blank", "no-break space"},
    {"\u3000", "an ordinary blank", "ideographic space"},
    {"\u200B", "nothing there", "zero-width space"},
    {"\u200E", "nothing there", "invisible mark of direction"},
    {"\u200F", "nothing there", "invisible mark of direction"},
    {"\uFEFF", "nothing there", "invisible byte order mark"},
};

const ForeignSign* foreign_sign(std::string_view text) {
  const auto* const found = std::ranges::find(foreign_signs, text, &ForeignSign::theirs);
  return found == std::end(foreign_signs) ? nullptr : found;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  base::Result<std::vector<Token>> run() {
    for (;;) {
      skip_blanks();
      if (at_ >= source_.size()) break;
      begin_ = at_;
      if (!next()) return base::fail(std::move(error_));
    }
    begin_ = at_;
    emit(TokenKind::end, {});
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }

  Span span_from(std::size_t begin) const {
    return {.begin = static_cast<std::uint32_t>(begin), .end = static_cast<std::uint32_t>(at_)};
  }

  bool fail(std::string message, std::string remedy = {}) {
    at_ = std::max(at_, begin_ + 1);
    error_ = {.message = std::move(message),
              .remedy = std::move(remedy),
              .place = place_of(source_, span_from(begin_))};
    return false;
  }

  bool emit(TokenKind kind, std::string text) {
    tokens_.push_back({.kind = kind, .span = span_from(begin_), .text = std::move(text)});
    return true;
  }

  void skip_blanks() {
    for (;;) {
      const char c = peek();
      if (at_ < source_.size() && (c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r')) {
        ++at_;
      } else if (c == '/' && peek(1) == '/') {
        at_ = std::min(source_.find('\n', at_), source_.size());
      } else {
        return;
      }
    }
  }

  bool next() {
    if (const auto opening = string_opening()) return string(*opening);
    const char c = peek();
    if (is_name_start(c)) return name();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (c == '`') return quoted_name();
    return punctuation();
  }

  bool name() {
    while (is_name(peek())) ++at_;
    const std::string_view text = source_.substr(begin_, at_ - begin_);
    const bool keyword = text == "true" || text == "false" || text == "null" || text == "in";
    return emit(keyword ? TokenKind::keyword : TokenKind::identifier, std::string(text));
  }

  bool quoted_name() {
    ++at_;
    while (is_quoted_name(peek())) ++at_;
    const std::string text(source_.substr(begin_ + 1, at_ - begin_ - 1));
    if (peek() != '`' || text.empty()) {
      return fail("a name in backticks may hold letters, digits and _ . - / and blanks");
    }
    ++at_;
    return emit(TokenKind::quoted_identifier, text);
  }

  void digits() {
    while (is_digit(peek())) ++at_;
  }

  bool number() {
    if (peek() == '0' && peek(1) == 'x' && is_hex_digit(peek(2))) {
      at_ += 2;
      while (is_hex_digit(peek())) ++at_;
      return whole_number();
    }
    digits();
    bool decimal = false;
    if (peek() == '.' && is_digit(peek(1))) {
      decimal = true;
      ++at_;
      digits();
    }
    const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
    if ((peek() == 'e' || peek() == 'E') && is_digit(peek(1 + sign))) {
      decimal = true;
      at_ += 1 + sign;
      digits();
    }
    if (!decimal) return whole_number();
    return emit(TokenKind::decimal, std::string(source_.substr(begin_, at_ - begin_)));
  }

  bool whole_number() {
    const std::string text(source_.substr(begin_, at_ - begin_));
    if (peek() != 'u' && peek() != 'U') return emit(TokenKind::integer, text);
    ++at_;
    return emit(TokenKind::unsigned_integer, text);
  }

  bool punctuation() {
    static constexpr std::array<std::string_view, 25> symbols = {
        "==", "!=", "<=", ">=", "&&", "||", "<", ">", "[", "]", "{", "}", "(",
        ")",  ".",  ",",  "-",  "!",  "?",  ":", "+", "*", "/", "%", "="};
    const std::string_view rest = source_.substr(at_);
    const auto* found =
        std::find_if(symbols.begin(), symbols.end(),
                     [rest](std::string_view known) { return rest.starts_with(known); });
    if (found == symbols.end()) return unknown_character();
    at_ += found->size();
    if (*found == "=") return fail("= does not compare", "write ==");
    return emit(TokenKind::punctuation, std::string(*found));
  }

  bool unknown_character() {
    const std::size_t bytes = first_code_point(source_.substr(at_)).bytes;
    const std::string text(source_.substr(at_, bytes));
    at_ += bytes;
    if (text == "&" || text == "|") return fail(text + " is no operator", "write " + text + text);
    const auto c = static_cast<unsigned char>(text[0]);
    if (c < 0x20 || c == 0x7F) return fail("a control character outside of a string");
    if (const auto sign = foreign_sign(text)) {
      return fail(
          "unexpected " + std::string(sign->name.empty() ? "character " + text : sign->name),
          "write " + std::string(sign->ours));
    }
    return fail("unexpected character " + text, remedy_for_letter(text));
  }

  // A letter that looks like a Latin one is told from it by nobody who reads the line.
  static std::string remedy_for_letter(std::string_view text) {
    static constexpr std::string_view cyrillic[] = {"а", "е", "о", "р", "с", "у", "х",
                                                    "і", "А", "В", "Е", "К", "М", "Н",
                                                    "О", "Р", "С", "Т", "Х", "І"};
    static constexpr std::string_view latin = "aeopcyxiABEKMHOPCTXI";
    const auto* const found = std::find(std::begin(cyrillic), std::end(cyrillic), text);
    if (found != std::end(cyrillic)) {
      const char same = latin[static_cast<std::size_t>(found - std::begin(cyrillic))];
      return std::string("it is Cyrillic and looks like the Latin ") + same +
             "; a name in other letters stands in brackets: event[\"...\"]";
    }
    const bool is_ascii = static_cast<unsigned char>(text[0]) < 0x80;
    return is_ascii ? "" : "a name in other letters stands in brackets: event[\"...\"]";
  }

  std::optional<Opening> string_opening() const {
    Opening opening;
    if (peek() == 'b' || peek() == 'B') {
      opening.bytes = true;
      ++opening.prefix;
    }
    if (const char c = peek(opening.prefix); c == 'r' || c == 'R') {
      opening.raw = true;
      ++opening.prefix;
    }
    const char quote = peek(opening.prefix);
    if (quote != '"' && quote != '\'') return std::nullopt;
    return opening;
  }

  bool string(const Opening& opening) {
    at_ += opening.prefix;
    const char quote = peek();
    const bool triple = peek(1) == quote && peek(2) == quote;
    const std::string closing(triple ? 3 : 1, quote);
    at_ += closing.size();
    std::string content;
    while (!source_.substr(at_).starts_with(closing)) {
      if (at_ >= source_.size()) return fail("the string is not closed", "end it with " + closing);
      const char c = peek();
      if (!triple && (c == '\n' || c == '\r')) {
        return fail("the string is not closed on its line", "use ''' for several lines");
      }
      if (c == '\\' && !opening.raw) {
        if (!escape(content, opening.bytes)) return false;
      } else {
        content += c;
        ++at_;
      }
    }
    at_ += closing.size();
    return emit(opening.bytes ? TokenKind::bytes : TokenKind::string, std::move(content));
  }

  bool bad_escape() {
    begin_ = at_;
    at_ = std::min(at_ + 2, source_.size());
    while (at_ < source_.size() && (static_cast<unsigned char>(source_[at_]) & 0xC0U) == 0x80U) {
      ++at_;
    }
    return fail("there is no escape " + std::string(source_.substr(begin_, at_ - begin_)),
                "write \\\\ for a backslash, or r\"…\" for a text without escapes");
  }

  bool escape(std::string& content, bool bytes) {
    static constexpr std::string_view letters = "abfnrtv\\?\"'`";
    static constexpr std::string_view meanings = "\a\b\f\n\r\t\v\\?\"'`";
    const char c = peek(1);
    if (const std::size_t found = letters.find(c); found != std::string_view::npos && c != '\0') {
      content += meanings[found];
      at_ += 2;
      return true;
    }
    if (c == 'x' || c == 'X') return numeric_escape(content, 2, bytes);
    if (c == 'u' && !bytes) return numeric_escape(content, 4, false);
    if (c == 'U' && !bytes) return numeric_escape(content, 8, false);
    if (c >= '0' && c <= '3') return octal_escape(content, bytes);
    return bad_escape();
  }

  bool numeric_escape(std::string& content, std::size_t count, bool bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const char c = peek(2 + i);
      if (!is_hex_digit(c)) return bad_escape();
      value = value * 16 + hex_value(c);
    }
    return add_escaped(content, value, 2 + count, bytes);
  }

  bool octal_escape(std::string& content, bool bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = 1; i <= 3; ++i) {
      const char c = peek(i);
      if (c < '0' || c > '7') return bad_escape();
      value = value * 8 + static_cast<std::uint32_t>(c - '0');
    }
    return add_escaped(content, value, 4, bytes);
  }

  bool add_escaped(std::string& content, std::uint32_t value, std::size_t length, bool bytes) {
    if (bytes) {
      content += static_cast<char>(value);
    } else if (is_scalar_value(value)) {
      append_utf8(content, value);
    } else {
      begin_ = at_;
      at_ += length;
      return fail("this escape is no Unicode code point");
    }
    at_ += length;
    return true;
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
  std::vector<Token> tokens_;
  base::Error error_;
};

}  // namespace

base::Result<std::vector<Token>> tokenize(std::string_view source) {
  return Lexer(source).run();
}

}  // namespace nurtured::cel

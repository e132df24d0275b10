#include "rules/cel/parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "rules/cel/lexer.h"
#include "rules/cel/macros.h"
#include "rules/cel/number_text.h"

namespace nurtured::cel {
namespace {

constexpr int level_or = 0;
constexpr int level_and = 1;
constexpr int level_relation = 2;

struct BinaryForm {
  std::string_view text;
  int level;
  Operator op;  // of || and &&: unused
};

constexpr std::array<BinaryForm, 14> binary_forms = {{
    {"||", level_or, Operator::equal},
    {"&&", level_and, Operator::equal},
    {"<", level_relation, Operator::less},
    {"<=", level_relation, Operator::less_equal},
    {">=", level_relation, Operator::greater_equal},
    {">", level_relation, Operator::greater},
    {"==", level_relation, Operator::equal},
    {"!=", level_relation, Operator::not_equal},
    {"in", level_relation, Operator::in},
    {"+", 3, Operator::add},
    {"-", 3, Operator::subtract},
    {"*", 4, Operator::multiply},
    {"/", 4, Operator::divide},
    {"%", 4, Operator::modulo},
}};

constexpr std::array<std::string_view, 17> reserved_words = {
    "as",  "break", "const",   "continue",  "else",   "for", "function", "if",   "import",
    "let", "loop",  "package", "namespace", "return", "var", "void",     "while"};

bool is_reserved(std::string_view name) {
  return std::find(reserved_words.begin(), reserved_words.end(), name) != reserved_words.end();
}

const BinaryForm* binary_form(const Token& token) {
  if (token.kind != TokenKind::punctuation && token.kind != TokenKind::keyword) return nullptr;
  const auto* found =
      std::find_if(binary_forms.begin(), binary_forms.end(),
                   [&token](const BinaryForm& form) { return form.text == token.text; });
  return found == binary_forms.end() ? nullptr : found;
}

bool is_qualified_name(const Expression& expression) {
  const Expression* at = &expression;
  while (const auto* select = std::get_if<Select>(&at->node)) {
    if (select->optional || select->test_only) return false;
    at = select->operand.get();
  }
  return std::holds_alternative<Identifier>(at->node);
}

// Recursive descent. A function that fails returns nullptr and leaves the first problem in error_.
class Parser {
 public:
  Parser(std::string_view source, const Limits& limits, std::vector<Token> tokens)
      : source_(source), limits_(limits), tokens_(std::move(tokens)) {}

  base::Result<ExpressionPtr> run() {
    ExpressionPtr whole = expression();
    if (whole != nullptr && peek().kind != TokenKind::end) whole = unexpected();
    if (whole == nullptr) return base::fail(std::move(error_));
    return whole;
  }

 private:
  // Counts how deep the descent is, so that brackets cannot exhaust the stack.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) { ++parser_.level_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    ~Level() { --parser_.level_; }

   private:
    Parser& parser_;
  };

  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }

  Token take() {
    Token token = std::move(tokens_[at_]);
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }

  bool is(std::string_view symbol, std::size_t ahead = 0) const {
    const Token& token = peek(ahead);
    return token.kind == TokenKind::punctuation && token.text == symbol;
  }

  bool accept(std::string_view symbol) {
    if (!is(symbol)) return false;
    ++at_;
    return true;
  }

  ExpressionPtr fail(Span span, std::string message, std::string remedy = {},
                     base::ErrorKind kind = base::ErrorKind::invalid) {
    if (error_.message.empty()) {
      error_ = {.kind = kind,
                .message = std::move(message),
                .remedy = std::move(remedy),
                .place = place_of(source_, span)};
    }
    return nullptr;
  }

  // Not its text: what was taken is moved away.
  std::string_view written(const Token& token) const {
    return source_.substr(token.span.begin, token.span.end - token.span.begin);
  }

  // The operators of other languages.
  static std::string_view ours_for(std::string_view word) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> words = {
        {{"and", "&&"},
         {"AND", "&&"},
         {"or", "||"},
         {"OR", "||"},
         {"not", "!"},
         {"NOT", "!"},
         {"is", "=="},
         {"contains", "it behind a point: contact.city.contains(\"a\")"},
         {"startsWith", "it behind a point: contact.city.startsWith(\"a\")"},
         {"endsWith", "it behind a point: contact.city.endsWith(\"a\")"},
         {"matches", "it behind a point: contact.city.matches(\"^a\")"}}};
    const auto* const found =
        std::ranges::find(words, word, [](const auto& its) { return its.first; });
    return found == words.end() ? std::string_view() : found->second;
  }

  ExpressionPtr unexpected() {
    const Token& token = peek();
    if (token.kind == TokenKind::end) return fail(token.span, "the expression ends too early");
    // What is wrong may be the word before, which reads like a name.
    const Token& before = at_ == 0 ? token : tokens_[at_ - 1];
    const bool is_before = token.kind != TokenKind::identifier || ours_for(written(token)).empty();
    const Token& wrong =
        is_before && before.kind == TokenKind::identifier && !ours_for(written(before)).empty()
            ? before
            : token;
    const std::string_view ours =
        wrong.kind == TokenKind::identifier ? ours_for(written(wrong)) : std::string_view();
    return fail(wrong.span, "unexpected " + std::string(base::cut_utf8(written(wrong), 40)),
                ours.empty() ? std::string() : "write " + std::string(ours));
  }

  bool expect(std::string_view symbol) {
    if (accept(symbol)) return true;
    const Token& token = peek();
    if (token.kind == TokenKind::end) {
      fail(token.span, "the expression ends too early", "a " + std::string(symbol) + " is missing");
    } else {
      unexpected();
    }
    return false;
  }

  static void count(const ExpressionPtr& child, Expression& parent) {
    parent.depth = std::max(parent.depth, child->depth + 1);
    parent.nodes += child->nodes;
  }

  ExpressionPtr make(Span span, Node node) {
    auto made = std::make_unique<Expression>();
    made->span = span;
    made->node = std::move(node);
    for_each_child(*made, [&made](const ExpressionPtr& child) { count(child, *made); });
    if (++nodes_ > limits_.nodes_max) {
      return fail(span,
                  "the expression has more than " + std::to_string(limits_.nodes_max) + " parts",
                  {}, base::ErrorKind::too_large);
    }
    return made->depth > limits_.depth_max ? too_deep(span) : std::move(made);
  }

  ExpressionPtr too_deep(Span span) {
    return fail(span,
                "the expression is nested more than " + std::to_string(limits_.depth_max) + " deep",
                {}, base::ErrorKind::too_large);
  }

  ExpressionPtr expression() {
    const Level level(*this);
    if (level_ > limits_.depth_max) return too_deep(peek().span);
    ExpressionPtr condition = binary(level_or);
    if (condition == nullptr || !is("?")) return condition;
    const Span span = take().span;
    ExpressionPtr then = binary(level_or);
    if (then == nullptr || !expect(":")) return nullptr;
    ExpressionPtr otherwise = expression();
    if (otherwise == nullptr) return nullptr;
    return make(span, Conditional{.condition = std::move(condition),
                                  .then = std::move(then),
                                  .otherwise = std::move(otherwise)});
  }

  ExpressionPtr binary(int lowest) {
    ExpressionPtr left = unary();
    while (left != nullptr) {
      const BinaryForm* form = binary_form(peek());
      if (form == nullptr || form->level < lowest) break;
      const Span span = take().span;
      ExpressionPtr right = binary(form->level + 1);
      if (right == nullptr) return nullptr;
      left = form->level <= level_and
                 ? logical(span, form->level == level_and, std::move(left), std::move(right))
                 : make(span,
                        Binary{.op = form->op, .left = std::move(left), .right = std::move(right)});
    }
    return left;
  }

  // Joins a chain of the same operator into one node.
  ExpressionPtr logical(Span span, bool is_and, ExpressionPtr left, ExpressionPtr right) {
    auto* chain = std::get_if<Logical>(&left->node);
    if (chain == nullptr || chain->is_and != is_and) {
      Logical joined{.is_and = is_and, .operands = {}};
      joined.operands.push_back(std::move(left));
      joined.operands.push_back(std::move(right));
      return make(span, std::move(joined));
    }
    count(right, *left);
    chain->operands.push_back(std::move(right));
    return left->depth > limits_.depth_max ? too_deep(span) : std::move(left);
  }

  ExpressionPtr unary() {
    const bool negates = is("-");
    if (!negates && !is("!")) return member();
    const bool is_number = peek(1).kind == TokenKind::integer || peek(1).kind == TokenKind::decimal;
    if (negates && is_number) return member();  // the sign belongs to the literal
    const Level level(*this);
    if (level_ > limits_.depth_max) return too_deep(peek().span);
    const Span span = take().span;
    if (negates ? is("!") : is("-") && !next_is_negative_literal()) return unexpected();
    ExpressionPtr operand = unary();
    if (operand == nullptr) return nullptr;
    return make(span, Unary{.op = negates ? Operator::negate : Operator::logical_not,
                            .operand = std::move(operand)});
  }

  bool next_is_negative_literal() const {
    return is("-") && (peek(1).kind == TokenKind::integer || peek(1).kind == TokenKind::decimal);
  }

  ExpressionPtr member() {
    ExpressionPtr operand = primary();
    while (operand != nullptr) {
      if (is(".")) {
        operand = selection(std::move(operand));
      } else if (is("[")) {
        operand = indexing(std::move(operand));
      } else if (is("{") && is_qualified_name(*operand)) {
        return fail(operand->span, "messages (Name{field: value}) are not supported",
                    "write a map: {\"field\": value}");
      } else {
        break;
      }
    }
    return operand;
  }

  ExpressionPtr selection(ExpressionPtr operand) {
    take();
    const bool optional = accept("?");
    if (peek().kind != TokenKind::identifier && peek().kind != TokenKind::quoted_identifier) {
      return unexpected();
    }
    Token name = take();
    if (is("(") && name.kind == TokenKind::identifier && !optional) {
      return call(std::move(name), std::move(operand), false);
    }
    return make(
        name.span,
        Select{.operand = std::move(operand), .field = std::move(name.text), .optional = optional});
  }

  ExpressionPtr indexing(ExpressionPtr operand) {
    const Span span = take().span;
    const bool optional = accept("?");
    ExpressionPtr index = expression();
    if (index == nullptr || !expect("]")) return nullptr;
    return make(
        span,
        Index{.operand = std::move(operand), .index = std::move(index), .optional = optional});
  }

  ExpressionPtr call(Token name, ExpressionPtr target, bool rooted) {
    take();
    Call made{.function = std::move(name.text), .rooted = rooted, .target = std::move(target)};
    while (!is(")")) {
      if (!made.arguments.empty() && !expect(",")) return nullptr;
      made.arguments.push_back(expression());
      if (made.arguments.back() == nullptr) return nullptr;
    }
    take();
    Expansion expansion = rooted ? Expansion{} : expand_macro(made, name.span);
    if (!expansion.problem.empty()) return fail(expansion.problem_span, expansion.problem);
    if (expansion.node) return make(name.span, std::move(*expansion.node));
    return make(name.span, std::move(made));
  }

  ExpressionPtr primary() {
    const Token& token = peek();
    switch (token.kind) {
      case TokenKind::identifier:
        return name(false);
      case TokenKind::keyword:
        return keyword();
      case TokenKind::punctuation:
        return bracketed();
      case TokenKind::integer:
      case TokenKind::unsigned_integer:
      case TokenKind::decimal:
        return number(false);
      case TokenKind::string: {
        Token text = take();
        return make(text.span, Literal{Value(std::move(text.text))});
      }
      case TokenKind::bytes: {
        Token octets = take();
        return make(octets.span, Literal{Value(Bytes{std::move(octets.text)})});
      }
      case TokenKind::quoted_identifier:
      case TokenKind::end:
        break;
    }
    return unexpected();
  }

  ExpressionPtr name(bool rooted) {
    if (peek().kind != TokenKind::identifier) return unexpected();
    if (is_reserved(peek().text)) {
      return fail(peek().span, peek().text + " is a reserved word and cannot be a name");
    }
    Token token = take();
    if (is("(")) return call(std::move(token), nullptr, rooted);
    return make(token.span, Identifier{.name = std::move(token.text), .rooted = rooted});
  }

  ExpressionPtr keyword() {
    if (peek().text == "in") return unexpected();
    const Token token = take();
    if (token.text == "null") return make(token.span, Literal{Value()});
    return make(token.span, Literal{Value(token.text == "true")});
  }

  ExpressionPtr bracketed() {
    if (accept(".")) return name(true);
    if (accept("-")) return number(true);
    if (is("[")) return list();
    if (is("{")) return map();
    if (!accept("(")) return unexpected();
    ExpressionPtr inner = expression();
    if (inner == nullptr || !expect(")")) return nullptr;
    return inner;
  }

  ExpressionPtr number(bool negative) {
    const Token token = take();
    const std::string text = (negative ? "-" : "") + token.text;
    std::optional<Value> value;
    if (token.kind == TokenKind::decimal) {
      value = finite(parse_double(text));
    } else if (token.kind == TokenKind::integer) {
      value = whole<std::int64_t>(negative, token.text);
    } else {
      value = whole<std::uint64_t>(false, token.text);
    }
    if (!value) return fail(token.span, "the number " + text + " is out of range");
    return make(token.span, Literal{std::move(*value)});
  }

  static std::optional<Value> finite(std::optional<double> value) {
    return value && std::isfinite(*value) ? std::optional<Value>(*value) : std::nullopt;
  }

  template <class Integer>
  static std::optional<Value> whole(bool negative, std::string_view digits) {
    const bool hexadecimal = digits.starts_with("0x");
    const std::string text =
        (negative ? "-" : "") + std::string(digits.substr(hexadecimal ? 2 : 0));
    Integer value = 0;
    const auto end =
        std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
    if (end.ec != std::errc{}) return std::nullopt;
    return Value(value);
  }

  ExpressionPtr list() {
    const Span span = take().span;
    ListLiteral made;
    if (is("]", 1)) accept(",");  // the grammar allows [,]
    while (!is("]")) {
      if (!made.items.empty() && !expect(",")) return nullptr;
      if (is("]") && !made.items.empty()) break;
      const bool optional = accept("?");
      ExpressionPtr value = expression();
      if (value == nullptr) return nullptr;
      made.items.push_back({.value = std::move(value), .optional = optional});
    }
    take();
    return make(span, std::move(made));
  }

  ExpressionPtr map() {
    const Span span = take().span;
    MapLiteral made;
    if (is("}", 1)) accept(",");
    while (!is("}")) {
      if (!made.entries.empty() && !expect(",")) return nullptr;
      if (is("}") && !made.entries.empty()) break;
      const bool optional = accept("?");
      ExpressionPtr key = expression();
      if (key == nullptr || !expect(":")) return nullptr;
      ExpressionPtr value = expression();
      if (value == nullptr) return nullptr;
      made.entries.push_back(
          {.key = std::move(key), .value = std::move(value), .optional = optional});
    }
    take();
    return make(span, std::move(made));
  }

  std::string_view source_;
  const Limits& limits_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t level_ = 0;
  std::size_t nodes_ = 0;
  base::Error error_;
};

}  // namespace

base::Result<ExpressionPtr> parse(std::string_view source, const Limits& limits) {
  if (source.size() > limits.source_bytes_max) {
    return base::fail(
        base::ErrorKind::too_large,
        "the expression is longer than " + std::to_string(limits.source_bytes_max) + " bytes");
  }
  if (!base::is_utf8(source)) return base::fail("the expression is not UTF-8");
  auto tokens = tokenize(source);
  if (!tokens) return base::fail(std::move(tokens.error()));
  if (tokens->size() == 1) return base::fail("the expression is empty");
  return Parser(source, limits, std::move(*tokens)).run();
}

}  // namespace nurtured::cel

#include "content/liquid/markup.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

using base::Result;
using enum LexemeKind;

std::string_view without_quotes(std::string_view quoted) {
  return quoted.substr(1, quoted.size() - 2);
}

std::optional<cel::Value> number_value(std::string_view text) {
  if (text.find('.') == std::string_view::npos) {
    std::int64_t whole = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), whole);
    return result.ec == std::errc{} ? std::optional<cel::Value>(whole) : std::nullopt;
  }
  double decimal = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), decimal);
  return result.ec == std::errc{} ? std::optional<cel::Value>(decimal) : std::nullopt;
}

std::optional<Expression> keyword(std::string_view word) {
  if (word == "nil" || word == "null") return cel::Value();
  if (word == "true") return cel::Value(true);
  if (word == "false") return cel::Value(false);
  if (word == "blank") return Emptiness::blank;
  if (word == "empty") return Emptiness::empty;
  return std::nullopt;
}

bool is_command(std::string_view key) {
  return key == "size" || key == "first" || key == "last";
}

Comparison comparison_of(std::string_view text) {
  if (text == "==") return Comparison::equal;
  if (text == "!=" || text == "<>") return Comparison::unequal;
  if (text == "<") return Comparison::less;
  if (text == "<=") return Comparison::less_equal;
  if (text == ">") return Comparison::greater;
  if (text == ">=") return Comparison::greater_equal;
  return Comparison::contains;
}

}  // namespace

Result<void> MarkupReader::start() {
  auto lexemes = lex(markup_);
  if (!lexemes) {
    base::Error error = std::move(lexemes.error());
    error.place = context_.notes.place(markup_.data() + error.place.column);
    return base::fail(std::move(error));
  }
  lexemes_ = std::move(*lexemes);
  return {};
}

const Lexeme& MarkupReader::peek(std::size_t ahead) const {
  return lexemes_[std::min(at_ + ahead, lexemes_.size() - 1)];
}

bool MarkupReader::take(LexemeKind kind) {
  if (peek().kind != kind) return false;
  ++at_;
  return true;
}

bool MarkupReader::take_word(std::string_view word) {
  if (peek().kind != identifier || peek().text != word) return false;
  ++at_;
  return true;
}

Result<std::string_view> MarkupReader::expect(LexemeKind kind) {
  if (peek().kind != kind) {
    return failure("expected " + std::string(describe(kind)) + ", found " +
                   std::string(peek().kind == end ? "the end" : peek().text));
  }
  return lexemes_[at_++].text;
}

tl::unexpected<base::Error> MarkupReader::failure(std::string message, std::string remedy) {
  base::Error error{.message = std::move(message), .remedy = std::move(remedy)};
  error.place = context_.notes.place(peek().text.data());
  return base::fail(std::move(error));
}

Result<Pipeline> MarkupReader::pipeline() {
  if (auto started = start(); !started) return base::fail(started.error());
  Pipeline pipeline;
  if (peek().kind == end) return pipeline;
  const std::size_t first_use = context_.notes.variable_count();
  const std::size_t first_filter = context_.notes.filter_count();
  auto head = expression();
  if (!head) return base::fail(head.error());
  pipeline.head = std::move(*head);
  const std::size_t head_end = context_.notes.variable_count();
  std::string_view last_filter;
  bool has_default = false;
  while (take(pipe)) {
    last_filter = peek().text;
    has_default = has_default || last_filter == "default";
    auto call = filter();
    if (!call) return base::fail(call.error());
    pipeline.filters.push_back(std::move(*call));
  }
  if (peek().kind != end) {
    return failure("unexpected " + std::string(peek().text),
                   "filters follow a '|', their arguments a ':' and ','");
  }
  pipeline.is_raw = last_filter == "raw";
  for (std::size_t i = first_filter; i < context_.notes.filter_count(); ++i) {
    context_.notes.filter_use(i).is_raw = pipeline.is_raw;
  }
  for (std::size_t i = first_use; i < head_end; ++i) {
    context_.notes.use(i).has_default = has_default;
    context_.notes.use(i).is_raw = pipeline.is_raw;
  }
  return pipeline;
}

Result<FilterCall> MarkupReader::filter() {
  const char* at = peek().text.data();
  const auto name = expect(identifier);
  if (!name) return base::fail(name.error());
  FilterCall call;
  call.filter = find_filter(*name);
  const std::size_t filter_index = context_.notes.filter(*name, at, call.filter != nullptr);
  if (call.filter == nullptr && context_.options.strict_filters) {
    --at_;
    return failure("there is no filter '" + std::string(*name) + "'");
  }
  const std::size_t name_at = at_ - 1;
  if (take(colon)) {
    if (auto read = filter_arguments(call); !read) return base::fail(read.error());
  }
  if (!call.arguments.empty()) {
    const auto* text = std::get_if<cel::Value>(&call.arguments.front());
    if (text != nullptr && text->is_string()) {
      context_.notes.filter_use(filter_index).text = text->as_string();
    }
  }
  const std::size_t count = call.arguments.size() + (call.named.empty() ? 0 : 1);
  if (call.filter != nullptr &&
      (count < call.filter->arguments_min || count > call.filter->arguments_max)) {
    at_ = name_at;
    const auto& entry = *call.filter;
    std::string takes = std::to_string(entry.arguments_min);
    if (entry.arguments_max != entry.arguments_min) {
      takes += " to " + std::to_string(entry.arguments_max);
    }
    return failure(
        "the filter '" + std::string(*name) + "' has " + std::to_string(count) + " arguments",
        "it takes " + takes);
  }
  return call;
}

Result<void> MarkupReader::filter_arguments(FilterCall& call) {
  do {
    std::string name;
    if (peek().kind == identifier && peek(1).kind == colon) {
      name = peek().text;
      at_ += 2;
    }
    auto value = expression();
    if (!value) return base::fail(value.error());
    if (name.empty()) {
      call.arguments.push_back(std::move(*value));
    } else {
      call.named.emplace_back(std::move(name), std::move(*value));
    }
  } while (take(comma));
  return {};
}

Result<Expression> MarkupReader::expression(int depth) {
  if (depth >= context_.options.limits.nesting_max) {
    auto problem = failure("brackets are nested too deeply");
    problem.value().kind = base::ErrorKind::too_large;
    return problem;
  }
  return primary(depth);
}

Result<Expression> MarkupReader::primary(int depth) {
  const Lexeme lexeme = peek();
  if (lexeme.kind == string) {
    ++at_;
    return cel::Value(without_quotes(lexeme.text));
  }
  if (lexeme.kind == number) {
    auto value = number_value(lexeme.text);
    if (!value) return failure("the number is too large");
    ++at_;
    return std::move(*value);
  }
  if (take(open_round)) {
    auto range = std::make_unique<RangeExpression>();
    auto first = expression(depth + 1);
    if (!first) return first;
    if (auto dots = expect(dot_dot); !dots) return base::fail(dots.error());
    auto last = expression(depth + 1);
    if (!last) return last;
    if (auto close = expect(close_round); !close) return base::fail(close.error());
    range->first = std::move(*first);
    range->last = std::move(*last);
    return range;
  }
  auto lookup = std::make_unique<Lookup>();
  if (lexeme.kind == identifier) {
    const LexemeKind after = peek(1).kind;
    if (after != dot && after != open_square) {
      if (auto constant = keyword(lexeme.text)) {
        ++at_;
        return std::move(*constant);
      }
    }
    ++at_;
    lookup->name = lexeme.text;
  } else if (take(open_square)) {
    auto name = expression(depth + 1);
    if (!name) return name;
    if (auto close = expect(close_square); !close) return base::fail(close.error());
    lookup->computed_name = std::move(*name);
  } else {
    return failure("expected a variable or a value, found " +
                   std::string(lexeme.kind == end ? "the end" : lexeme.text));
  }
  if (auto read = segments(*lookup, depth); !read) return base::fail(read.error());
  context_.notes.variable(*lookup, lexeme.text.data());
  return lookup;
}

Result<void> MarkupReader::segments(Lookup& lookup, int depth) {
  while (true) {
    if (take(dot)) {
      const auto key = expect(identifier);
      if (!key) return base::fail(key.error());
      lookup.segments.push_back({cel::Value(*key), is_command(*key)});
    } else if (take(open_square)) {
      auto key = expression(depth + 1);
      if (!key) return base::fail(key.error());
      if (auto close = expect(close_square); !close) return base::fail(close.error());
      lookup.segments.push_back({std::move(*key), false});
    } else {
      return {};
    }
  }
}

Result<Condition> MarkupReader::condition() {
  if (auto started = start(); !started) return base::fail(started.error());
  const std::size_t first_use = context_.notes.variable_count();
  Condition condition;
  bool has_alternative = false;
  while (true) {
    auto next = test();
    if (!next) return base::fail(next.error());
    condition.tests.push_back(std::move(*next));
    if (take_word("and")) {
      condition.tests.back().joined_by_and = true;
    } else if (take_word("or")) {
      has_alternative = true;
    } else {
      break;
    }
  }
  if (peek().kind != end) {
    return failure("unexpected " + std::string(peek().text) + " in a condition",
                   "compare with == != < > <= >= or contains, join with and, or");
  }
  for (std::size_t i = first_use; i < context_.notes.variable_count(); ++i) {
    context_.notes.use(i).is_condition = true;
    context_.notes.use(i).is_alternative = has_alternative;
  }
  return condition;
}

Result<Test> MarkupReader::test() {
  Test test;
  auto left = expression();
  if (!left) return base::fail(left.error());
  test.left = std::move(*left);
  if (peek().kind == LexemeKind::comparison) {
    test.comparison = comparison_of(peek().text);
    ++at_;
    auto right = expression();
    if (!right) return base::fail(right.error());
    test.right = std::move(*right);
  }
  return test;
}

Result<For> MarkupReader::loop_head() {
  if (auto started = start(); !started) return base::fail(started.error());
  const std::size_t first_use = context_.notes.variable_count();
  For loop;
  const auto variable = expect(identifier);
  if (!variable) return base::fail(variable.error());
  loop.variable = *variable;
  if (!take_word("in")) {
    return failure("a loop has no 'in'", "write: for item in list");
  }
  const std::size_t begin = at_;
  auto collection = expression();
  if (!collection) return base::fail(collection.error());
  loop.collection = std::move(*collection);
  loop.name = std::string(*variable) + '-';
  for (std::size_t i = begin; i < at_; ++i) loop.name += lexemes_[i].text;
  loop.is_reversed = take_word("reversed");
  while (peek().kind == comma || peek().kind == identifier) {
    take(comma);
    if (auto read = loop_attribute(loop); !read) return base::fail(read.error());
  }
  if (peek().kind != end) return failure("unexpected " + std::string(peek().text) + " in a loop");
  for (std::size_t i = first_use; i < context_.notes.variable_count(); ++i) {
    context_.notes.use(i).is_condition = true;
  }
  return loop;
}

Result<void> MarkupReader::loop_attribute(For& loop) {
  const bool is_limit = take_word("limit");
  if (!is_limit && !take_word("offset")) {
    return failure("unknown part of a loop: " + std::string(peek().text),
                   "limit, offset and reversed are known");
  }
  if (auto read = expect(colon); !read) return base::fail(read.error());
  if (!is_limit && peek(1).kind != dot && peek(1).kind != open_square && take_word("continue")) {
    loop.continues = true;
    return {};
  }
  auto value = expression();
  if (!value) return base::fail(value.error());
  if (is_limit) {
    loop.limit = std::move(*value);
  } else {
    loop.offset = std::move(*value);
    loop.continues = false;
  }
  return {};
}

}  // namespace nurtured::content::liquid

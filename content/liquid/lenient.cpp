// The lenient reader of markup.h.
#include <charconv>
#include <memory>
#include <utility>

#include "content/liquid/markup.h"
#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

constexpr std::size_t nowhere = std::string_view::npos;

constexpr bool is_quote(char c) {
  return c == '"' || c == '\'';
}

// Bytes of the quoted text at the front, 0 when there is none.
std::size_t quoted_length(std::string_view text) {
  if (text.empty() || !is_quote(text[0])) return 0;
  const std::size_t close = text.find(text[0], 1);
  return close == nowhere ? 0 : close + 1;
}

// Bytes of a (first..last) at the front, 0 when there is none.
std::size_t range_length(std::string_view text) {
  if (!text.starts_with('(')) return 0;
  text = text.substr(0, fragment_bytes_max);
  const std::size_t close = text.find(')');
  const std::size_t dots = text.find("..");
  return close == nowhere || dots == nowhere || dots > close ? 0 : close + 1;
}

// Bytes of the fragment at the front, 0 when none begins there.
std::size_t fragment_length(std::string_view text) {
  if (const std::size_t quoted = quoted_length(text)) return quoted;
  if (const std::size_t range = range_length(text)) return range;
  std::size_t i = 0;
  while (i < text.size()) {
    if (is_quote(text[i])) {
      const std::size_t quoted = quoted_length(text.substr(i));
      if (quoted == 0) break;
      i += quoted;
    } else if (is_space(text[i]) || text[i] == ',' || text[i] == '|') {
      break;
    } else {
      ++i;
    }
  }
  return i;
}

// Whole numbers and decimals; "1.2.3" is 1.2 and "1." is 1.0, as Shopify's reads them. nullopt for
// what is no number.
std::optional<cel::Value> lenient_number(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('-')) digits.remove_prefix(1);
  if (digits.empty() || !is_digit(digits[0])) return std::nullopt;
  for (const char c : digits) {
    if (!is_digit(c) && c != '.') return std::nullopt;
  }
  const char* end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto read = std::from_chars(text.data(), end, whole);
      read.ec == std::errc{} && read.ptr == end) {
    return cel::Value(whole);
  }
  double decimal = 0;
  if (std::from_chars(text.data(), end, decimal).ec != std::errc{}) return std::nullopt;
  return cel::Value(decimal);
}

// The bytes of a bracket and what it encloses, 0 when it is not closed.
std::size_t bracket_length(std::string_view text) {
  int open = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[') ++open;
    if (text[i] == ']' && --open == 0) return i + 1;
  }
  return 0;
}

std::size_t name_length(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size() && (is_word(text[i]) || text[i] == '-')) ++i;
  if (i > 0 && i < text.size() && text[i] == '?') ++i;
  return i;
}

std::optional<Expression> constant(std::string_view text) {
  if (text.size() >= 2 && is_quote(text.front()) && text.back() == text.front()) {
    return cel::Value(text.substr(1, text.size() - 2));
  }
  if (text.empty() || text == "nil" || text == "null") return cel::Value();
  if (text == "true") return cel::Value(true);
  if (text == "false") return cel::Value(false);
  if (text == "blank") return Emptiness::blank;
  if (text == "empty") return Emptiness::empty;
  if (auto number = lenient_number(text)) return std::move(*number);
  return std::nullopt;
}

base::Result<Expression> lenient_range(std::string_view inside, MarkupContext context, int depth) {
  const std::size_t dots = inside.rfind("..");
  auto range = std::make_unique<RangeExpression>();
  auto first = lenient_expression(inside.substr(0, dots), context, depth + 1);
  if (!first) return first;
  auto last = lenient_expression(inside.substr(dots + 2), context, depth + 1);
  if (!last) return last;
  range->first = std::move(*first);
  range->last = std::move(*last);
  return range;
}

base::Result<Expression> lenient_lookup(std::string_view text, MarkupContext context, int depth) {
  auto lookup = std::make_unique<Lookup>();
  bool named = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    Segment segment;
    std::size_t length = 0;
    if (rest.starts_with('[') && (length = bracket_length(rest)) > 0) {
      auto key = lenient_expression(rest.substr(1, length - 2), context, depth + 1);
      if (!key) return key;
      segment.key = std::move(*key);
    } else if ((length = name_length(rest)) > 0) {
      const std::string_view key = rest.substr(0, length);
      segment.is_command = key == "size" || key == "first" || key == "last";
      segment.key = cel::Value(key);
    } else {
      ++at;
      continue;
    }
    at += length;
    if (named) {
      lookup->segments.push_back(std::move(segment));
    } else if (rest.starts_with('[')) {
      lookup->computed_name = std::move(segment.key);
    } else {
      lookup->name = rest.substr(0, length);
    }
    named = true;
  }
  context.notes.variable(*lookup, text.data());
  return lookup;
}

}  // namespace

std::optional<std::string_view> find_fragment(std::string_view text) {
  for (; !text.empty(); text.remove_prefix(1)) {
    if (const std::size_t length = fragment_length(text)) return text.substr(0, length);
  }
  return std::nullopt;
}

base::Result<Expression> lenient_expression(std::string_view fragment, MarkupContext context,
                                            int depth) {
  if (depth >= context.options.limits.nesting_max || fragment.size() > fragment_bytes_max) {
    return base::fail(base::Error{.kind = base::ErrorKind::too_large,
                                  .message = "the expression is too long or nested too deeply",
                                  .place = context.notes.place(fragment.data())});
  }
  fragment = strip(fragment);
  if (auto value = constant(fragment)) return std::move(*value);
  if (fragment.size() > 2 && fragment.front() == '(' && fragment.back() == ')') {
    const std::string_view inside = fragment.substr(1, fragment.size() - 2);
    if (inside.find("..") != nowhere) return lenient_range(inside, context, depth);
  }
  return lenient_lookup(fragment, context, depth);
}

std::vector<Attribute> find_attributes(std::string_view markup) {
  std::vector<Attribute> attributes;
  while (!markup.empty()) {
    if (const std::size_t quoted = quoted_length(markup)) {
      markup.remove_prefix(quoted);
      continue;
    }
    const std::size_t length = is_word(markup[0]) ? name_length(markup) : 0;
    if (length == 0) {
      markup.remove_prefix(1);
      continue;
    }
    const std::string_view name = markup.substr(0, length);
    markup.remove_prefix(length);
    std::string_view after = strip_left(markup);
    if (!after.starts_with(':')) continue;
    after = strip_left(after.substr(1));
    const std::size_t value = fragment_length(after);
    if (value == 0) continue;
    attributes.push_back({name, after.substr(0, value)});
    markup = after.substr(value);
  }
  return attributes;
}

}  // namespace nurtured::content::liquid

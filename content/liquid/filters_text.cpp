// Filters over text.
#include <algorithm>

#include "content/liquid/filters.h"
#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

constexpr std::size_t nowhere = std::string_view::npos;

Value text(std::string value) {
  return cel::Value(std::move(value));
}

Checked<Value> raw(const FilterInput& call) {
  return call.input;
}

Checked<Value> upcase(const FilterInput& call) {
  return text(upper_case(to_text(call.input)));
}

Checked<Value> downcase(const FilterInput& call) {
  return text(lower_case(to_text(call.input)));
}

Checked<Value> capitalize(const FilterInput& call) {
  const std::string input = to_text(call.input);
  if (input.empty()) return text(input);
  const std::string_view first = first_character(input);
  return text(upper_case(first) + lower_case(std::string_view(input).substr(first.size())));
}

Checked<Value> strip_both(const FilterInput& call) {
  return text(std::string(strip(to_text(call.input))));
}

Checked<Value> strip_front(const FilterInput& call) {
  return text(std::string(strip_left(to_text(call.input))));
}

Checked<Value> strip_back(const FilterInput& call) {
  return text(std::string(strip_right(to_text(call.input))));
}

Checked<Value> squish(const FilterInput& call) {
  if (is_nil(call.input)) return call.input;
  const std::string input = to_text(call.input);
  std::string squished;
  for (const char c : strip(input)) {
    if (!is_space(c)) {
      squished += c;
    } else if (squished.back() != ' ') {
      squished += ' ';
    }
  }
  return text(std::move(squished));
}

Checked<Value> append(const FilterInput& call) {
  return text(to_text(call.input) + text_argument(call, 0));
}

Checked<Value> prepend(const FilterInput& call) {
  return text(text_argument(call, 0) + to_text(call.input));
}

// `pattern` replaced everywhere; an empty one stands before every character and at the end.
Checked<Value> replace_all(const FilterInput& call, std::string_view replacement) {
  const std::string input = to_text(call.input);
  const std::string pattern = text_argument(call, 0);
  const std::size_t bytes_max = call.budget.limits().string_bytes_max;
  std::string result;
  std::string_view rest = input;
  while (true) {
    const std::size_t found = rest.find(pattern);
    if (found == nowhere) break;
    result += rest.substr(0, found);
    result += replacement;
    rest.remove_prefix(found + pattern.size());
    if (pattern.empty()) {
      if (rest.empty()) break;
      const std::string_view character = first_character(rest);
      result += character;
      rest.remove_prefix(character.size());
    }
    if (result.size() > bytes_max) return string_fault(call.budget.limits());
  }
  return text(std::move(result += rest));
}

Value replace_at(std::string input, std::size_t at, std::size_t length,
                 std::string_view replacement) {
  if (at != nowhere) input.replace(at, length, replacement);
  return text(std::move(input));
}

Value replace_one(const FilterInput& call, bool last, std::string_view replacement) {
  std::string input = to_text(call.input);
  const std::string pattern = text_argument(call, 0);
  const std::size_t at = last ? input.rfind(pattern) : input.find(pattern);
  return replace_at(std::move(input), at, pattern.size(), replacement);
}

Checked<Value> replace(const FilterInput& call) {
  return replace_all(call, text_argument(call, 1));
}

Checked<Value> replace_first(const FilterInput& call) {
  return replace_one(call, false, text_argument(call, 1));
}

Checked<Value> replace_last(const FilterInput& call) {
  return replace_one(call, true, text_argument(call, 1));
}

Checked<Value> remove(const FilterInput& call) {
  return replace_all(call, "");
}

Checked<Value> remove_first(const FilterInput& call) {
  return replace_one(call, false, "");
}

Checked<Value> remove_last(const FilterInput& call) {
  return replace_one(call, true, "");
}

Checked<Value> truncate(const FilterInput& call) {
  if (is_nil(call.input)) return call.input;
  std::string input = to_text(call.input);
  std::int64_t length = 50;
  if (!call.arguments.empty()) {
    const auto given = strict_integer(call.arguments[0]);
    if (!given) return tl::unexpected<Fault>(given.error());
    length = *given;
  }
  const std::string ending = text_argument(call, 1, "...");
  if (static_cast<std::int64_t>(count_characters(input)) <= length) return text(std::move(input));
  const auto ending_length = static_cast<std::int64_t>(count_characters(ending));
  const std::int64_t kept = length < ending_length ? 0 : length - ending_length;
  input.resize(character_offset(input, static_cast<std::size_t>(kept)));
  return text(input + ending);
}

Checked<Value> truncate_words(const FilterInput& call) {
  if (is_nil(call.input)) return call.input;
  const std::string input = to_text(call.input);
  std::int64_t words = 15;
  if (!call.arguments.empty()) {
    const auto given = strict_integer(call.arguments[0]);
    if (!given) return tl::unexpected<Fault>(given.error());
    words = std::max<std::int64_t>(*given, 1);
  }
  std::string result;
  std::string_view rest = strip_left(input);
  for (std::int64_t taken = 0; !rest.empty(); ++taken) {
    if (taken == words) return text(result + text_argument(call, 1, "..."));
    const auto end = std::ranges::find_if(rest, is_space);
    if (taken > 0) result += ' ';
    result.append(rest.begin(), end);
    rest = strip_left({end, rest.end()});
  }
  return text(input);
}

// Ruby's String#split: a single blank splits at any white space, an empty text at every character;
// empty parts at the end are dropped.
Checked<Value> split(const FilterInput& call) {
  const std::string input = to_text(call.input);
  const std::string pattern = text_argument(call, 0);
  const bool by_words = pattern == " ";
  cel::List parts;
  std::string_view rest = by_words ? strip_left(input) : std::string_view(input);
  while (!rest.empty()) {
    std::size_t end = 0;
    std::size_t skipped = pattern.size();
    if (by_words) {
      end = static_cast<std::size_t>(std::ranges::find_if(rest, is_space) - rest.begin());
      skipped = rest.size() - end - strip_left(rest.substr(end)).size();
    } else if (pattern.empty()) {
      end = first_character(rest).size();
    } else {
      end = std::min(rest.find(pattern), rest.size());
    }
    if (!call.budget.take_steps(1)) return steps_fault(call.budget.limits());
    parts.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + skipped, rest.size()));
  }
  while (!parts.empty() && parts.back().as_string().empty()) parts.pop_back();
  return cel::Value(std::move(parts));
}

Checked<Value> slice(const FilterInput& call) {
  const auto start = strict_integer(call.arguments[0]);
  if (!start) return tl::unexpected<Fault>(start.error());
  std::int64_t length = 1;
  if (call.arguments.size() > 1 && is_truthy(call.arguments[1])) {
    const auto given = strict_integer(call.arguments[1]);
    if (!given) return tl::unexpected<Fault>(given.error());
    length = *given;
  }
  const cel::Value* data = as_data(call.input);
  if (data != nullptr && data->is_list()) {
    const cel::List& list = data->as_list();
    const auto part = slice_of(list.size(), *start, length);
    if (!part) return cel::Value(cel::List{});
    const auto begin = list.begin() + static_cast<std::ptrdiff_t>(part->begin);
    return cel::Value(cel::List(begin, begin + static_cast<std::ptrdiff_t>(part->length)));
  }
  const std::string input = to_text(call.input);
  return text(std::string(slice_characters(input, *start, length).value_or("")));
}

Checked<Value> size(const FilterInput& call) {
  // Of a map its entries, even where one of them is named size.
  const cel::Value* data = as_data(call.input);
  if (data != nullptr && data->is_map()) {
    return cel::Value(static_cast<std::int64_t>(data->as_map().size()));
  }
  const auto found = member(call.input, cel::Value("size"), true);
  return found ? *found : Value(cel::Value(0));
}

bool is_empty(const Value& value) {
  if (const auto content = as_text(value)) return content->empty();
  const cel::Value* data = as_data(value);
  if (data == nullptr) return false;
  return (data->is_list() && data->as_list().empty()) || (data->is_map() && data->as_map().empty());
}

Checked<Value> default_value(const FilterInput& call) {
  bool allow_false = false;
  for (const auto& [name, value] : call.named) {
    if (name == "allow_false") allow_false = is_truthy(value);
  }
  const bool missing = allow_false ? is_nil(call.input) : !is_truthy(call.input);
  if (!missing && !is_empty(call.input)) return call.input;
  return call.arguments.empty() ? Value(cel::Value("")) : call.arguments[0];
}

Checked<Value> strip_newlines(const FilterInput& call) {
  const std::string input = to_text(call.input);
  std::string stripped;
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (input[i] == '\n' || input.compare(i, 2, "\r\n") == 0) continue;
    stripped += input[i];
  }
  return text(std::move(stripped));
}

constexpr FilterEntry entries[] = {
    {"append", 1, 1, append},
    {"capitalize", 0, 0, capitalize},
    {"default", 0, 2, default_value, true},
    {"downcase", 0, 0, downcase},
    {"lstrip", 0, 0, strip_front},
    {"prepend", 1, 1, prepend},
    {"raw", 0, 0, raw},
    {"remove", 1, 1, remove},
    {"remove_first", 1, 1, remove_first},
    {"remove_last", 1, 1, remove_last},
    {"replace", 1, 2, replace},
    {"replace_first", 1, 2, replace_first},
    {"replace_last", 2, 2, replace_last},
    {"rstrip", 0, 0, strip_back},
    {"size", 0, 0, size},
    {"slice", 1, 2, slice},
    {"split", 1, 1, split},
    {"squish", 0, 0, squish},
    {"strip", 0, 0, strip_both},
    {"strip_newlines", 0, 0, strip_newlines},
    {"truncate", 0, 2, truncate},
    {"truncatewords", 0, 2, truncate_words},
    {"upcase", 0, 0, upcase},
};

}  // namespace

std::span<const FilterEntry> text_filters() {
  return entries;
}

}  // namespace nurtured::content::liquid

// The strings extension, without format (format.cpp). Positions count code points from 0.
#include <algorithm>

#include "rules/cel/format.h"
#include "rules/cel/library.h"
#include "rules/cel/text_cost.h"
#include "rules/cel/utf8.h"

namespace nurtured::cel {
namespace {

using Outcome = std::optional<Value>;

Outcome out_of_range(Evaluation& evaluation, std::int64_t position) {
  return evaluation.fail("the position " + std::to_string(position) + " is out of range");
}

// A position within [0, size]; nullopt past it.
std::optional<std::size_t> position_in(std::u32string_view text, std::int64_t position) {
  if (position < 0 || static_cast<std::uint64_t>(position) > text.size()) return std::nullopt;
  return static_cast<std::size_t>(position);
}

Outcome char_at(Evaluation& evaluation, const Arguments& arguments) {
  const std::u32string text = to_code_points(arguments[0].as_string());
  const auto at = position_in(text, arguments[1].as_int());
  if (!at) return out_of_range(evaluation, arguments[1].as_int());
  return to_utf8(std::u32string_view(text).substr(*at, 1));
}

Outcome index_from(Evaluation& evaluation, const Arguments& arguments, std::int64_t start) {
  if (start < 0) return out_of_range(evaluation, start);
  if (!evaluation.charge(search_cost(arguments[0].as_string(), arguments[1].as_string()))) {
    return std::nullopt;
  }
  const std::u32string text = to_code_points(arguments[0].as_string());
  const std::u32string wanted = to_code_points(arguments[1].as_string());
  const auto from = position_in(text, start).value_or(text.size());
  if (wanted.empty()) return static_cast<std::int64_t>(from);
  const std::size_t found = text.find(wanted, from);
  return found == std::u32string::npos ? std::int64_t{-1} : static_cast<std::int64_t>(found);
}

Outcome index_of(Evaluation& evaluation, const Arguments& arguments) {
  return index_from(evaluation, arguments, 0);
}

Outcome index_of_from(Evaluation& evaluation, const Arguments& arguments) {
  return index_from(evaluation, arguments, arguments[2].as_int());
}

Outcome last_index_up_to(Evaluation& evaluation, const Arguments& arguments,
                         std::optional<std::int64_t> last) {
  if (last && *last < 0) return out_of_range(evaluation, *last);
  if (!evaluation.charge(search_cost(arguments[0].as_string(), arguments[1].as_string()))) {
    return std::nullopt;
  }
  const std::u32string text = to_code_points(arguments[0].as_string());
  const std::u32string wanted = to_code_points(arguments[1].as_string());
  std::size_t from = text.size();
  if (last) from = position_in(text, *last).value_or(text.size());
  if (wanted.empty()) return static_cast<std::int64_t>(from);
  if (last && from == text.size()) return std::int64_t{-1};  // past the last character
  const std::size_t found = text.rfind(wanted, from);
  return found == std::u32string::npos ? std::int64_t{-1} : static_cast<std::int64_t>(found);
}

Outcome last_index_of(Evaluation& evaluation, const Arguments& arguments) {
  return last_index_up_to(evaluation, arguments, std::nullopt);
}

Outcome last_index_of_from(Evaluation& evaluation, const Arguments& arguments) {
  return last_index_up_to(evaluation, arguments, arguments[2].as_int());
}

Outcome join_with(Evaluation& evaluation, const Arguments& arguments, std::string_view separator) {
  const List& items = arguments[0].as_list();
  if (!evaluation.charge(arguments[0].weight() + items.size() * (1 + separator.size() / 8))) {
    return std::nullopt;
  }
  std::string joined;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].is_string()) return evaluation.fail("join() needs a list of strings");
    if (i > 0) joined += separator;
    joined += items[i].as_string();
  }
  return joined;
}

Outcome join(Evaluation& evaluation, const Arguments& arguments) {
  return join_with(evaluation, arguments, {});
}

Outcome join_separated(Evaluation& evaluation, const Arguments& arguments) {
  return join_with(evaluation, arguments, arguments[1].as_string());
}

std::string map_ascii(std::string text, char first, char last, int shift) {
  for (char& c : text) {
    if (c >= first && c <= last) c = static_cast<char>(c + shift);
  }
  return text;
}

Outcome lower_ascii(Evaluation& /*unused*/, const Arguments& arguments) {
  return map_ascii(arguments[0].as_string(), 'A', 'Z', 'a' - 'A');
}

Outcome upper_ascii(Evaluation& /*unused*/, const Arguments& arguments) {
  return map_ascii(arguments[0].as_string(), 'a', 'z', 'A' - 'a');
}

Outcome quote(Evaluation& evaluation, const Arguments& arguments) {
  static constexpr std::string_view special = "\a\b\f\n\r\t\v\\\"";
  static constexpr std::string_view letters = "abfnrtv\\\"";
  const std::string& text = arguments[0].as_string();
  if (!evaluation.charge(1 + text.size() / 4)) return std::nullopt;
  std::string quoted = "\"";
  for (const char c : text) {
    if (const std::size_t found = special.find(c); found != std::string_view::npos) {
      quoted += '\\';
      quoted += letters[found];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

// Where `wanted` starts next in `text`, from `at` on. An empty one is found before each code point
// and at the end.
std::size_t next_match(std::string_view text, std::string_view wanted, std::size_t at) {
  return wanted.empty() ? at : text.find(wanted, at);
}

Outcome replace_some(Evaluation& evaluation, const Arguments& arguments, std::int64_t limit) {
  const std::string_view text = arguments[0].as_string();
  const std::string_view wanted = arguments[1].as_string();
  const std::string_view with = arguments[2].as_string();
  if (!evaluation.charge(search_cost(text, wanted))) return std::nullopt;
  std::string replaced;
  std::size_t at = 0;
  for (; limit != 0; --limit) {
    const std::size_t found = next_match(text, wanted, at);
    if (found == std::string_view::npos) break;
    if (!evaluation.charge(1 + with.size() / 8)) return std::nullopt;
    replaced.append(text.substr(at, found - at)).append(with);
    at = found + wanted.size();
    if (!wanted.empty()) continue;
    if (at == text.size()) return replaced;
    const std::size_t bytes = first_code_point(text.substr(at)).bytes;
    replaced.append(text.substr(at, bytes));
    at += bytes;
  }
  return replaced.append(text.substr(at));
}

Outcome replace(Evaluation& evaluation, const Arguments& arguments) {
  return replace_some(evaluation, arguments, -1);
}

Outcome replace_limited(Evaluation& evaluation, const Arguments& arguments) {
  return replace_some(evaluation, arguments, std::max<std::int64_t>(-1, arguments[3].as_int()));
}

// `limit` is the most pieces there may be; negative for any number.
Outcome split_some(Evaluation& evaluation, const Arguments& arguments, std::int64_t limit) {
  std::string_view rest = arguments[0].as_string();
  const std::string_view separator = arguments[1].as_string();
  if (!evaluation.charge(search_cost(rest, separator))) return std::nullopt;
  List pieces;
  if (limit == 0 || (separator.empty() && rest.empty())) return pieces;
  while (limit < 0 || pieces.size() + 1 < static_cast<std::uint64_t>(limit)) {
    const std::size_t end = separator.empty() ? first_code_point(rest).bytes : rest.find(separator);
    if (end == std::string_view::npos || (separator.empty() && end == rest.size())) break;
    if (!evaluation.charge(1)) return std::nullopt;
    pieces.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + separator.size());
  }
  pieces.emplace_back(rest);
  return pieces;
}

Outcome split(Evaluation& evaluation, const Arguments& arguments) {
  return split_some(evaluation, arguments, -1);
}

Outcome split_limited(Evaluation& evaluation, const Arguments& arguments) {
  return split_some(evaluation, arguments, arguments[2].as_int());
}

Outcome substring_between(Evaluation& evaluation, std::u32string_view text, std::int64_t begin,
                          std::int64_t end) {
  const auto first = position_in(text, begin);
  const auto last = position_in(text, end);
  if (!first) return out_of_range(evaluation, begin);
  if (!last) return out_of_range(evaluation, end);
  if (*first > *last) return evaluation.fail("the substring would end before it begins");
  return to_utf8(text.substr(*first, *last - *first));
}

Outcome substring_from(Evaluation& evaluation, const Arguments& arguments) {
  const std::u32string text = to_code_points(arguments[0].as_string());
  return substring_between(evaluation, text, arguments[1].as_int(),
                           static_cast<std::int64_t>(text.size()));
}

Outcome substring(Evaluation& evaluation, const Arguments& arguments) {
  const std::u32string text = to_code_points(arguments[0].as_string());
  return substring_between(evaluation, text, arguments[1].as_int(), arguments[2].as_int());
}

Outcome trim(Evaluation& /*unused*/, const Arguments& arguments) {
  const std::u32string text = to_code_points(arguments[0].as_string());
  const auto first = std::find_if_not(text.begin(), text.end(), is_white_space);
  const auto last = std::find_if_not(text.rbegin(), text.rend(), is_white_space).base();
  if (first >= last) return "";
  return to_utf8({first, last});
}

Outcome reverse(Evaluation& /*unused*/, const Arguments& arguments) {
  std::u32string text = to_code_points(arguments[0].as_string());
  std::reverse(text.begin(), text.end());
  return to_utf8(text);
}

}  // namespace

void add_string_functions(LibraryTable& table) {
  const Type text = Type::string();
  const Type whole = Type::integer();
  const Type texts = Type::list(text);
  table.push_back({"charAt", true, {text, whole}, text, char_at});
  table.push_back({"indexOf", true, {text, text}, whole, index_of});
  table.push_back({"indexOf", true, {text, text, whole}, whole, index_of_from});
  table.push_back({"lastIndexOf", true, {text, text}, whole, last_index_of});
  table.push_back({"lastIndexOf", true, {text, text, whole}, whole, last_index_of_from});
  table.push_back({"join", true, {texts}, text, join});
  table.push_back({"join", true, {texts, text}, text, join_separated});
  table.push_back({"lowerAscii", true, {text}, text, lower_ascii});
  table.push_back({"upperAscii", true, {text}, text, upper_ascii});
  table.push_back({"strings.quote", false, {text}, text, quote});
  table.push_back({"replace", true, {text, text, text}, text, replace});
  table.push_back({"replace", true, {text, text, text, whole}, text, replace_limited});
  table.push_back({"split", true, {text, text}, texts, split});
  table.push_back({"split", true, {text, text, whole}, texts, split_limited});
  table.push_back({"substring", true, {text, whole}, text, substring_from});
  table.push_back({"substring", true, {text, whole, whole}, text, substring});
  table.push_back({"trim", true, {text}, text, trim});
  table.push_back({"reverse", true, {text}, text, reverse});
  table.push_back({"format", true, {text, Type::list(Type::dyn())}, text, format});
}

}  // namespace nurtured::cel

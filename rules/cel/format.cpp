#include "rules/cel/format.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "rules/cel/number_text.h"
#include "rules/cel/time_text.h"
#include "rules/cel/utf8.h"

namespace nurtured::cel {
namespace {

constexpr int precision_default = 6;
constexpr int precision_max = 100;

struct Clause {
  char conversion = 's';
  std::optional<int> precision;
};

using Text = std::optional<std::string>;  // nullopt: this kind of value has no such conversion

std::string decimal_text(double value) {
  return shortest_fixed(value);
}

// Ill-formed sequences become one U+FFFD each run.
std::string lenient_utf8(std::string_view octets) {
  std::string text;
  bool in_run = false;
  while (!octets.empty()) {
    const CodePoint next = first_code_point(octets);
    if (next.valid || !in_run) append_utf8(text, next.value);
    in_run = !next.valid;
    octets.remove_prefix(next.bytes);
  }
  return text;
}

Text as_string(const Value& value);

Text list_text(const List& items) {
  std::string text = "[";
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Text item = as_string(items[i]);
    if (!item) return std::nullopt;
    if (i > 0) text += ", ";
    text += *item;
  }
  return text + "]";
}

Text map_text(const Map& entries) {
  std::vector<std::pair<std::string, std::string>> shown;
  for (const Map::Entry& entry : entries) {
    Text key = as_string(entry.key);
    Text value = as_string(entry.value);
    if (!key || !value) return std::nullopt;
    shown.emplace_back(std::move(*key), std::move(*value));
  }
  std::stable_sort(shown.begin(), shown.end(),
                   [](const auto& left, const auto& right) { return left.first < right.first; });
  std::string text = "{";
  for (const auto& [key, value] : shown) {
    if (text.size() > 1) text += ", ";
    text += key + ": " + value;
  }
  return text + "}";
}

Text as_string(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return value.as_bool() ? "true" : "false";
    case Kind::integer:
      return std::to_string(value.as_int());
    case Kind::unsigned_integer:
      return std::to_string(value.as_uint());
    case Kind::decimal:
      return decimal_text(value.as_double());
    case Kind::string:
      return value.as_string();
    case Kind::bytes:
      return lenient_utf8(value.as_bytes());
    case Kind::timestamp:
      return to_text(value.as_timestamp());
    case Kind::duration:
      return to_text(value.as_duration());
    case Kind::type:
      return std::string(type_name(value.as_type()));
    case Kind::list:
      return list_text(value.as_list());
    case Kind::map:
      return map_text(value.as_map());
    case Kind::optional:
      return std::nullopt;
  }
  return std::nullopt;
}

Text as_decimal(const Value& value) {
  if (value.is_int()) return std::to_string(value.as_int());
  if (value.is_uint()) return std::to_string(value.as_uint());
  if (value.is_double()) return decimal_text(value.as_double());
  return std::nullopt;
}

Text as_fraction(const Value& value, const Clause& clause) {
  const auto number = value.number();
  if (!number) return std::nullopt;
  const int precision = clause.precision.value_or(precision_default);
  return clause.conversion == 'f' ? fixed(*number, precision) : scientific(*number, precision);
}

Text as_whole(const Value& value, int base) {
  if (value.is_int()) return in_base(value.as_int(), base);
  if (value.is_uint()) return in_base(value.as_uint(), base);
  if (value.is_bool() && base == 2) return value.as_bool() ? "1" : "0";
  return std::nullopt;
}

Text as_hexadecimal(const Value& value, bool upper) {
  Text text = as_whole(value, 16);
  if (value.is_string()) text = base::to_hex(value.as_string());
  if (value.is_bytes()) text = base::to_hex(value.as_bytes());
  if (text && upper) {
    for (char& c : *text) {
      if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
    }
  }
  return text;
}

Text convert(const Value& value, const Clause& clause) {
  switch (clause.conversion) {
    case 's':
      return as_string(value);
    case 'd':
      return as_decimal(value);
    case 'f':
    case 'e':
      return as_fraction(value, clause);
    case 'x':
    case 'X':
      return as_hexadecimal(value, clause.conversion == 'X');
    case 'o':
      return as_whole(value, 8);
    default:
      return as_whole(value, 2);
  }
}

// Reads a clause from behind its percent sign; nullopt after a failure.
std::optional<Clause> read_clause(Evaluation& evaluation, std::string_view& rest) {
  Clause clause;
  if (rest.starts_with('.')) {
    std::size_t digits = 1;
    while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') ++digits;
    const auto precision = parse_uint(rest.substr(1, digits - 1));
    if (!precision || *precision > precision_max) {
      return evaluation.fail("format() takes a precision from 0 to " +
                             std::to_string(precision_max));
    }
    clause.precision = static_cast<int>(*precision);
    rest.remove_prefix(digits);
  }
  static constexpr std::string_view conversions = "sdfexXob";
  if (rest.empty() || conversions.find(rest[0]) == std::string_view::npos) {
    return evaluation.fail("format() knows %s %d %f %e %x %X %o %b and %%");
  }
  clause.conversion = rest[0];
  rest.remove_prefix(1);
  if (clause.precision && clause.conversion != 'f' && clause.conversion != 'e') {
    return evaluation.fail("only %f and %e take a precision");
  }
  return clause;
}

}  // namespace

std::optional<Value> format(Evaluation& evaluation, const Arguments& arguments) {
  std::string_view rest = arguments[0].as_string();
  const List& values = arguments[1].as_list();
  std::size_t used = 0;
  std::string text;
  while (!rest.empty()) {
    const std::size_t percent = rest.find('%');
    text += rest.substr(0, percent);
    if (percent == std::string_view::npos) break;
    rest.remove_prefix(percent + 1);
    if (rest.starts_with('%')) {
      text += '%';
      rest.remove_prefix(1);
      continue;
    }
    const auto clause = read_clause(evaluation, rest);
    if (!clause) return std::nullopt;
    if (used == values.size()) return evaluation.fail("format() has too few values");
    const Value& value = values[used++];
    // A map is copied once more for each level that it lies in.
    if (!evaluation.charge(4 * value.weight())) return std::nullopt;
    const Text shown = convert(value, *clause);
    if (!shown) {
      return evaluation.fail(std::string("%") + clause->conversion +
                             " cannot show values of type " + std::string(type_name(value.kind())));
    }
    text += *shown;
  }
  return text;
}

}  // namespace nurtured::cel

#include "rules/cel/literal.h"

#include <algorithm>
#include <vector>

#include "base/encoding.h"
#include "rules/cel/json.h"
#include "rules/cel/number_text.h"
#include "rules/cel/time_text.h"

namespace nurtured::cel {
namespace {

void append(std::string& out, const Value& value);

std::string decimal_literal(double value) {
  const std::string text = shortest_with_point(value);
  return text.find_first_of("NI") == std::string::npos ? text : "double(\"" + text + "\")";
}

std::string bytes_literal(std::string_view octets) {
  std::string out = "b\"";
  const std::string digits = base::to_hex(octets);
  for (std::size_t i = 0; i < digits.size(); i += 2) out.append("\\x").append(digits, i, 2);
  return out + '"';
}

void append_list(std::string& out, const List& items) {
  out += '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ", ";
    append(out, items[i]);
  }
  out += ']';
}

// Maps are unordered: numbers, then texts, so that equal maps have one literal.
bool comes_first(const Map::Entry* left, const Map::Entry* right) {
  const auto order = compare(left->key, right->key);
  if (order) return *order < 0;
  return left->key.kind() < right->key.kind();
}

void append_map(std::string& out, const Map& entries) {
  std::vector<const Map::Entry*> ordered;
  for (const Map::Entry& entry : entries) ordered.push_back(&entry);
  std::sort(ordered.begin(), ordered.end(), comes_first);
  out += '{';
  for (const Map::Entry* entry : ordered) {
    if (entry != ordered.front()) out += ", ";
    append(out, entry->key);
    out += ": ";
    append(out, entry->value);
  }
  out += '}';
}

void append_optional(std::string& out, const Value* value) {
  if (value == nullptr) {
    out += "optional.none()";
    return;
  }
  out += "optional.of(";
  append(out, *value);
  out += ')';
}

void append(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      out += "null";
      break;
    case Kind::boolean:
      out += value.as_bool() ? "true" : "false";
      break;
    case Kind::integer:
      out += std::to_string(value.as_int());
      break;
    case Kind::unsigned_integer:
      out += std::to_string(value.as_uint()) + 'u';
      break;
    case Kind::decimal:
      out += decimal_literal(value.as_double());
      break;
    case Kind::string:
      out += json_quote(value.as_string());  // JSON's escapes are a part of CEL's
      break;
    case Kind::bytes:
      out += bytes_literal(value.as_bytes());
      break;
    case Kind::timestamp:
      out += "timestamp(\"" + to_text(value.as_timestamp()) + "\")";
      break;
    case Kind::duration:
      out += "duration(\"" + to_text(value.as_duration()) + "\")";
      break;
    case Kind::type:
      out += type_name(value.as_type());
      break;
    case Kind::list:
      append_list(out, value.as_list());
      break;
    case Kind::map:
      append_map(out, value.as_map());
      break;
    case Kind::optional:
      append_optional(out, value.as_optional());
      break;
  }
}

}  // namespace

std::string to_literal(const Value& value) {
  std::string out;
  append(out, value);
  return out;
}

}  // namespace nurtured::cel

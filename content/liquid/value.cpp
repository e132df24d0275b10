#include "content/liquid/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "base/encoding.h"
#include "base/instant.h"
#include "content/liquid/text.h"
#include "rules/cel/json.h"

namespace nurtured::content::liquid {
namespace {

using cel::Kind;

void append_inspected(std::string& out, const cel::Value& value);

// A text as Ruby's inspect writes it.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool interpolates = c == '#' && i + 1 < text.size() &&
                              (text[i + 1] == '{' || text[i + 1] == '$' || text[i + 1] == '@');
    if (c == '"' || c == '\\' || interpolates) {
      out += '\\';
      out += c;
      continue;
    }
    switch (c) {
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\v':
        out += "\\v";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\a':
        out += "\\a";
        break;
      case '\x1b':
        out += "\\e";
        break;
      default:
        out += c;
    }
  }
  out += '"';
}

void append_list(std::string& out, const cel::List& list) {
  out += '[';
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ", ";
    append_inspected(out, list[i]);
  }
  out += ']';
}

void append_map(std::string& out, const cel::Map& map) {
  out += '{';
  bool first = true;
  for (const auto& entry : map) {
    if (!first) out += ", ";
    first = false;
    append_inspected(out, entry.key);
    out += "=>";
    append_inspected(out, entry.value);
  }
  out += '}';
}

void append_integer(std::string& out, auto number) {
  std::array<char, 24> digits{};
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), result.ptr);
}

void append_data_text(std::string& out, const cel::Value& value) {
  switch (value.kind()) {
    case Kind::null:
      break;
    case Kind::boolean:
      out += value.as_bool() ? "true" : "false";
      break;
    case Kind::integer:
      append_integer(out, value.as_int());
      break;
    case Kind::unsigned_integer:
      append_integer(out, value.as_uint());
      break;
    case Kind::decimal:
      out += decimal_text(value.as_double());
      break;
    case Kind::string:
      out += value.as_string();
      break;
    case Kind::bytes:
      out += base::is_utf8(value.as_bytes()) ? value.as_bytes() : base::to_base64(value.as_bytes());
      break;
    case Kind::timestamp:
      out += base::to_rfc3339(*value.instant());
      break;
    case Kind::duration: {
      const std::string quoted = cel::to_json(value);
      out += quoted.substr(1, quoted.size() - 2);
      break;
    }
    case Kind::type:
      out += cel::type_name(value.as_type());
      break;
    case Kind::list:
      append_list(out, value.as_list());
      break;
    case Kind::map:
      append_map(out, value.as_map());
      break;
    case Kind::optional:
      if (const cel::Value* inner = value.as_optional()) append_data_text(out, *inner);
      break;
  }
}

void append_inspected(std::string& out, const cel::Value& value) {
  if (value.is_null()) {
    out += "nil";
  } else if (value.is_string()) {
    append_quoted(out, value.as_string());
  } else {
    append_data_text(out, value);
  }
}

void append_data_output(std::string& out, const cel::Value& value) {
  if (value.is_list()) {
    for (const cel::Value& item : value.as_list()) append_data_output(out, item);
  } else {
    append_data_text(out, value);
  }
}

std::string range_text(const Range& range) {
  return std::to_string(range.first) + ".." + std::to_string(range.last);
}

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

cel::Value unwrapped(const cel::Value& value) {
  if (!value.is_optional()) return value;
  const cel::Value* inner = value.as_optional();
  return inner == nullptr ? cel::Value() : *inner;
}

std::optional<Value> list_member(const cel::List& list, const cel::Value& key, bool command) {
  if (key.is_int()) {
    const auto size = static_cast<std::int64_t>(list.size());
    const std::int64_t index = key.as_int() < 0 ? key.as_int() + size : key.as_int();
    if (index < 0 || index >= size) return cel::Value();
    return list[static_cast<std::size_t>(index)];
  }
  if (!command || !key.is_string()) return std::nullopt;
  const std::string& name = key.as_string();
  if (name == "size") return cel::Value(static_cast<std::int64_t>(list.size()));
  if (name == "first") return list.empty() ? cel::Value() : list.front();
  if (name == "last") return list.empty() ? cel::Value() : list.back();
  return std::nullopt;
}

std::optional<Value> map_member(const cel::Map& map, const cel::Value& key, bool command) {
  if (const cel::Value* found = map.find(key)) return unwrapped(*found);
  if (!command || !key.is_string()) return std::nullopt;
  if (key.as_string() == "size") return cel::Value(static_cast<std::int64_t>(map.size()));
  if (key.as_string() == "first") {
    if (map.empty()) return cel::Value();
    return cel::Value(cel::List{map.begin()->key, map.begin()->value});
  }
  return std::nullopt;
}

std::optional<Value> text_member(std::string_view text, const cel::Value& key, bool command) {
  if (!command || !key.is_string()) return std::nullopt;
  const std::string& name = key.as_string();
  if (name == "size") return cel::Value(static_cast<std::int64_t>(count_characters(text)));
  if (name == "first") return cel::Value(text.empty() ? text : first_character(text));
  if (name == "last") return cel::Value(text.empty() ? text : last_character(text));
  return std::nullopt;
}

std::optional<Value> range_member(const Range& range, const cel::Value& key, bool command) {
  if (!command || !key.is_string()) return std::nullopt;
  const std::string& name = key.as_string();
  if (name == "size") return cel::Value(static_cast<std::int64_t>(range.size()));
  if (name == "first") return cel::Value(range.first);
  if (name == "last") return cel::Value(range.last);
  return std::nullopt;
}

std::optional<Value> loop_member(const Loop& loop, const cel::Value& key) {
  if (!key.is_string()) return std::nullopt;
  const std::string& name = key.as_string();
  const auto number = [](std::size_t count) {
    return cel::Value(static_cast<std::int64_t>(count));
  };
  if (name == "index") return number(loop.index + 1);
  if (name == "index0") return number(loop.index);
  if (name == "rindex") return number(loop.length - loop.index);
  if (name == "rindex0") return number(loop.length - loop.index - 1);
  if (name == "first") return cel::Value(loop.index == 0);
  if (name == "last") return cel::Value(loop.index + 1 == loop.length);
  if (name == "length") return number(loop.length);
  if (!loop.columns) {
    if (name == "name") return cel::Value(loop.name);
    if (name == "parentloop") return loop.parent ? Value(loop.parent) : Value(cel::Value());
    return std::nullopt;
  }
  if (name == "row") return cel::Value(loop.row);
  if (name == "col") return cel::Value(loop.column);
  if (name == "col0") return cel::Value(loop.column - 1);
  if (name == "col_first") return cel::Value(loop.column == 1);
  if (name == "col_last") return cel::Value(loop.column == *loop.columns);
  return std::nullopt;
}

}  // namespace

std::size_t Range::size() const {
  if (last < first) return 0;
  const auto width = static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first);
  return width == std::numeric_limits<std::uint64_t>::max() ? width : width + 1;
}

bool is_nil(const Value& value) {
  const cel::Value* data = as_data(value);
  return data != nullptr && data->is_null();
}

bool is_truthy(const Value& value) {
  const cel::Value* data = as_data(value);
  if (data == nullptr) return true;
  return !data->is_null() && !(data->is_bool() && !data->as_bool());
}

std::optional<std::string_view> as_text(const Value& value) {
  if (const cel::Value* data = as_data(value)) {
    if (!data->is_string()) return std::nullopt;
    return data->as_string();
  }
  if (const auto* captured = std::get_if<std::shared_ptr<const Marked>>(&value)) {
    return (*captured)->text;
  }
  return std::nullopt;
}

std::optional<std::int64_t> as_integer(const Value& value) {
  const cel::Value* data = as_data(value);
  if (data == nullptr) return std::nullopt;
  if (data->is_int()) return data->as_int();
  if (data->is_uint() && std::in_range<std::int64_t>(data->as_uint())) {
    return static_cast<std::int64_t>(data->as_uint());
  }
  return std::nullopt;
}

void append_output(std::string& out, const Value& value) {
  if (const cel::Value* data = as_data(value)) {
    append_data_output(out, *data);
  } else {
    append_text(out, value);
  }
}

void append_text(std::string& out, const Value& value) {
  std::visit(Overloaded{
                 [&](const cel::Value& data) { append_data_text(out, data); },
                 [&](const Range& range) { out += range_text(range); },
                 [&](const std::shared_ptr<const Marked>& captured) { out += captured->text; },
                 [&](const std::shared_ptr<const Loop>& loop) {
                   out += loop->columns ? "Liquid::TablerowloopDrop" : "Liquid::ForloopDrop";
                 },
             },
             value);
}

std::string to_text(const Value& value) {
  std::string text;
  append_text(text, value);
  return text;
}

std::string to_text(const cel::Value& value) {
  std::string text;
  append_data_text(text, value);
  return text;
}

std::string inspected(const cel::Value& value) {
  std::string text;
  append_inspected(text, value);
  return text;
}

std::string decimal_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  const double size = std::abs(number);
  const bool fixed = size == 0 || (size >= 1e-4 && size < 1e16);
  std::array<char, 64> buffer{};
  const auto result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                    fixed ? std::chars_format::fixed : std::chars_format::scientific);
  std::string text(buffer.data(), result.ptr);
  const std::size_t exponent = std::min(text.find('e'), text.size());
  if (text.find('.') == std::string::npos) text.insert(exponent, ".0");
  return text;
}

bool equals(const Value& left, const Value& right) {
  const auto left_text = as_text(left);
  const auto right_text = as_text(right);
  if (left_text || right_text) return left_text == right_text;
  return left == right;
}

Order order_of(const Value& left, const Value& right) {
  const auto left_text = as_text(left);
  const auto right_text = as_text(right);
  if (left_text && right_text) return {.order = *left_text <=> *right_text};
  const cel::Value* a = as_data(left);
  const cel::Value* b = as_data(right);
  const auto ordered = [](const Value& value, const cel::Value* data) {
    return as_text(value) ||
           (data != nullptr && (data->is_number() || data->is_timestamp() || data->is_duration()));
  };
  if (!ordered(left, a) || !ordered(right, b)) return {};
  if (a == nullptr || b == nullptr) return {.refused = true};
  auto order = cel::compare(*a, *b);
  return order ? Order{.order = order} : Order{.refused = true};
}

cel::Value to_data(const Value& value) {
  if (const cel::Value* data = as_data(value)) return *data;
  return cel::Value(to_text(value));
}

std::optional<Value> member(const Value& object, const Value& key, bool command) {
  const cel::Value name = to_data(key);
  return std::visit(
      Overloaded{
          [&](const cel::Value& data) -> std::optional<Value> {
            if (data.is_map()) return map_member(data.as_map(), name, command);
            if (data.is_list()) return list_member(data.as_list(), name, command);
            if (data.is_string()) return text_member(data.as_string(), name, command);
            // Ruby's Integer#size: the bytes of a machine word.
            if (data.is_int() && command && name == cel::Value("size")) return cel::Value(8);
            return std::nullopt;
          },
          [&](const Range& range) { return range_member(range, name, command); },
          [&](const std::shared_ptr<const Marked>& captured) {
            return text_member(captured->text, name, command);
          },
          [&](const std::shared_ptr<const Loop>& loop) { return loop_member(*loop, name); },
      },
      object);
}

}  // namespace nurtured::content::liquid

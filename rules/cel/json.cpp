#include "rules/cel/json.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>

#include "base/encoding.h"
#include "rules/cel/json_tolerant.h"
#include "rules/cel/number_text.h"
#include "rules/cel/time_text.h"
#include "rules/cel/utf8.h"

namespace nurtured::cel {
namespace {

namespace json = boost::json;

// Receives the parser's events and keeps one frame for each array or object that is still open.
class Builder {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

  Builder(bool allow_infinite, bool exact_wholes)
      : allow_infinite_(allow_infinite), exact_(exact_wholes) {}

  Value take() { return std::move(root_); }

  bool on_document_begin(json::error_code& /*unused*/) { return true; }
  bool on_document_end(json::error_code& /*unused*/) { return true; }
  bool on_object_begin(json::error_code& /*unused*/) { return open(); }
  bool on_array_begin(json::error_code& /*unused*/) { return open(); }

  bool on_object_end(std::size_t /*unused*/, json::error_code& /*unused*/) {
    Frame frame = close();
    return add(Map::last_wins(std::move(frame.entries)));
  }
  bool on_array_end(std::size_t /*unused*/, json::error_code& /*unused*/) {
    Frame frame = close();
    return add(std::move(frame.items));
  }

  bool on_key_part(json::string_view part, std::size_t /*unused*/, json::error_code& /*unused*/) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t /*unused*/, json::error_code& /*unused*/) {
    text_.append(part.data(), part.size());
    frames_.back().key = std::exchange(text_, {});
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t /*unused*/,
                      json::error_code& /*unused*/) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_string(json::string_view part, std::size_t /*unused*/, json::error_code& /*unused*/) {
    text_.append(part.data(), part.size());
    return add(std::exchange(text_, {}));
  }

  bool on_number_part(json::string_view part, json::error_code& /*unused*/) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t value, json::string_view /*unused*/, json::error_code& /*unused*/) {
    text_.clear();
    return add(value);
  }
  bool on_uint64(std::uint64_t value, json::string_view /*unused*/, json::error_code& /*unused*/) {
    text_.clear();
    if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return add(static_cast<std::int64_t>(value));
    }
    if (exact_) return add(value);
    return add(static_cast<double>(value));
  }
  // Boost 1.81 rounds the digits carelessly (1.83 has a precise mode), so they are read once more.
  bool on_double(double /*unused*/, json::string_view rest, json::error_code& code) {
    text_.append(rest.data(), rest.size());
    if (exact_ && text_.find_first_of(".eE") == std::string::npos) {
      code = json::error::not_exact;
      return false;
    }
    const auto value = parse_double(std::exchange(text_, {}));
    if (!value || !(std::isfinite(*value) || allow_infinite_)) {
      code = json::error::exponent_overflow;
      return false;
    }
    return add(*value);
  }
  bool on_bool(bool value, json::error_code& /*unused*/) { return add(value); }
  bool on_null(json::error_code& /*unused*/) { return add(nullptr); }
  bool on_comment_part(json::string_view /*unused*/, json::error_code& /*unused*/) { return true; }
  bool on_comment(json::string_view /*unused*/, json::error_code& /*unused*/) { return true; }

 private:
  struct Frame {
    List items;
    std::vector<Map::Entry> entries;
    std::optional<std::string> key;  // of the entry whose value comes next
  };

  bool open() {
    frames_.emplace_back();
    return true;
  }

  Frame close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    return frame;
  }

  bool add(Value value) {
    if (frames_.empty()) {
      root_ = std::move(value);
    } else if (Frame& frame = frames_.back(); frame.key) {
      frame.entries.push_back({std::move(*frame.key), std::move(value)});
      frame.key.reset();
    } else {
      frame.items.push_back(std::move(value));
    }
    return true;
  }

  bool allow_infinite_;
  bool exact_;
  Value root_;
  std::vector<Frame> frames_;
  std::string text_;
};

base::Place place_at(std::string_view text, std::size_t offset) {
  base::Place place{.path = {}, .line = 1, .column = 1, .length = 1};
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
      ++place.column;
    }
  }
  return place;
}

base::Error syntax_error(std::string_view text, std::size_t offset, const json::error_code& code,
                         const JsonLimits& limits) {
  base::Error error{.message = "this is not JSON: " + code.message(),
                    .remedy = {},
                    .place = place_at(text, offset)};
  if (code == json::error::too_deep) {
    error.kind = base::ErrorKind::too_large;
    error.message = "the JSON is nested more than " + std::to_string(limits.depth_max) + " deep";
  } else if (code == json::error::not_exact) {
    error.message = "this whole number is out of range for an int";
  } else if (code == json::error::incomplete) {
    error.message = "the JSON ends too early";
  }
  return error;
}

base::Result<Value> parse(std::string_view text, const JsonLimits& limits, bool allow_infinite) {
  json::parse_options options;
  options.max_depth = limits.depth_max;
  json::basic_parser<Builder> parser(options, allow_infinite, limits.exact_wholes);
  json::error_code code;
  const std::size_t taken = parser.write_some(false, text.data(), text.size(), code);
  if (!code && taken < text.size()) code = json::error::extra_data;
  if (code) return base::fail(syntax_error(text, taken, code, limits));
  return parser.handler().take();
}

void append(std::string& out, const Value& value);

std::string key_text(const Value& key) {
  if (key.is_string()) return key.as_string();
  if (key.is_int()) return std::to_string(key.as_int());
  if (key.is_uint()) return std::to_string(key.as_uint());
  return key.as_bool() ? "true" : "false";
}

void append_list(std::string& out, const List& items) {
  out += '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ',';
    append(out, items[i]);
  }
  out += ']';
}

void append_map(std::string& out, const Map& entries) {
  out += '{';
  bool first = true;
  for (const Map::Entry& entry : entries) {
    if (!std::exchange(first, false)) out += ',';
    out += json_quote(key_text(entry.key));
    out += ':';
    append(out, entry.value);
  }
  out += '}';
}

std::string decimal_json(double value) {
  const std::string text = shortest_with_point(value);
  return text.find_first_of("NI") == std::string::npos ? text : '"' + text + '"';
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
      out += std::to_string(value.as_uint());
      break;
    case Kind::decimal:
      out += decimal_json(value.as_double());
      break;
    case Kind::string:
      out += json_quote(value.as_string());
      break;
    case Kind::bytes:
      out += '"' + base::to_base64(value.as_bytes()) + '"';
      break;
    case Kind::timestamp:
      out += '"' + to_text(value.as_timestamp()) + '"';
      break;
    case Kind::duration:
      out += '"' + to_text(value.as_duration()) + '"';
      break;
    case Kind::type:
      out += json_quote(type_name(value.as_type()));
      break;
    case Kind::list:
      append_list(out, value.as_list());
      break;
    case Kind::map:
      append_map(out, value.as_map());
      break;
    case Kind::optional:
      append(out, value.as_optional() == nullptr ? Value() : *value.as_optional());
      break;
  }
}

void append_escaped(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\b':
      out += "\\b";
      break;
    case '\f':
      out += "\\f";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      if (c < 0x20) {
        const char octet = static_cast<char>(c);
        out += "\\u00" + base::to_hex({&octet, 1});
      } else {
        out += static_cast<char>(c);
      }
  }
}

}  // namespace

base::Result<Value> from_json(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.bytes_max) {
    return base::fail(base::ErrorKind::too_large,
                      "the JSON is longer than " + std::to_string(limits.bytes_max) + " bytes");
  }
  auto value = parse(text, limits, false);
  if (value || !limits.tolerant) return value;
  // Odd texts are rare, so that only they are read twice.
  return parse(tame_json(text, limits.depth_max), limits, true);
}

std::string to_json(const Value& value) {
  std::string out;
  append(out, value);
  return out;
}

std::string json_quote(std::string_view text) {
  // Most of a text stands for itself.
  const auto needs_care = [](char c) { return c < ' ' || c > '~' || c == '"' || c == '\\'; };
  std::string out = "\"";
  out.reserve(text.size() + 2);
  while (true) {
    const auto run =
        static_cast<std::size_t>(std::ranges::find_if(text, needs_care) - text.begin());
    out += text.substr(0, run);
    text.remove_prefix(run);
    if (text.empty()) break;
    const CodePoint next = first_code_point(text);
    if (next.value < 0x80) {
      append_escaped(out, static_cast<unsigned char>(next.value));
    } else if (next.value < 0xa0) {
      // Terminals obey these like the ones below U+0020, and take them from what they are shown.
      const char octet = static_cast<char>(next.value);
      out += "\\u00" + base::to_hex({&octet, 1});
    } else {
      append_utf8(out, next.value);
    }
    text.remove_prefix(next.bytes);
  }
  return out + '"';
}

std::string to_plain_text(const Value& value) {
  if (value.is_string()) return value.as_string();
  constexpr double whole_max = 9007199254740992.0;  // 2^53
  if (value.is_double() && std::abs(value.as_double()) <= whole_max &&
      value.as_double() == std::trunc(value.as_double())) {
    return std::to_string(static_cast<std::int64_t>(value.as_double()));
  }
  const std::string text = to_json(value);
  const bool is_moment = value.is_timestamp() || value.is_duration();
  return is_moment ? text.substr(1, text.size() - 2) : text;
}

}  // namespace nurtured::cel

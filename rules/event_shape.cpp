#include "rules/event_shape.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace nurtured::rules {
namespace {

constexpr double whole_max = 9007199254740992.0;  // 2^53: beyond, a double is no exact whole number

// A text as the declared type has it: the whole of it, or nothing.
cel::Value read_text(const cel::Value& value, const cel::Type& type) {
  if (!value.is_string()) return typed(value, type);
  const std::string& text = value.as_string();
  const char* const end = text.data() + text.size();
  const auto number = [&]<class T>(T read) -> std::optional<cel::Value> {
    const auto [stopped, fault] = std::from_chars(text.data(), end, read);
    if (fault != std::errc() || stopped != end) return std::nullopt;
    return read;
  };
  if (type.is(cel::Kind::integer)) return number(std::int64_t{}).value_or(value);
  if (type.is(cel::Kind::decimal)) {
    const auto read = number(double{});
    return read && std::isfinite(read->as_double()) ? *read : value;
  }
  if (type.is(cel::Kind::boolean) && (text == "true" || text == "false")) return text == "true";
  return typed(value, type);
}

cel::Value with_types(const EventShapes& shapes, std::string_view event, cel::Value properties,
                      cel::Value (*read)(const cel::Value&, const cel::Type&)) {
  const auto shape = shapes.find(event);
  if (shape == shapes.end() || !properties.is_map()) return properties;
  std::vector<cel::Map::Entry> entries(properties.as_map().begin(), properties.as_map().end());
  for (cel::Map::Entry& entry : entries) {
    const auto& fields = shape->second.properties;
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& f) {
      return entry.key.is_string() && f.name == entry.key.as_string();
    });
    if (field != fields.end()) entry.value = read(entry.value, field->type);
  }
  return cel::Map::last_wins(std::move(entries));
}

}  // namespace

cel::Value typed(const cel::Value& value, const cel::Type& type) {
  if (type.is(cel::Kind::timestamp) && value.is_string()) {
    if (const auto instant = base::parse_instant(value.as_string())) return *instant;
  } else if (type.is(cel::Kind::decimal) && value.is_int()) {
    return static_cast<double>(value.as_int());
  } else if (type.is(cel::Kind::integer) && value.is_double()) {
    const double number = value.as_double();
    if (number == std::floor(number) && std::abs(number) <= whole_max) {
      return static_cast<std::int64_t>(number);
    }
  }
  return value;
}

bool fits(const cel::Value& value, const cel::Type& type) {
  const cel::Value as_declared = typed(value, type);
  if (type.is_dyn() || as_declared.is_null()) return true;
  if (type.sort() == cel::Type::Sort::list) return as_declared.is_list();
  if (type.sort() == cel::Type::Sort::map) return as_declared.is_map();
  return type.is(as_declared.kind());
}

cel::Value typed_properties(const EventShapes& shapes, std::string_view event,
                            cel::Value properties) {
  return with_types(shapes, event, std::move(properties), typed);
}

cel::Value typed_texts(const EventShapes& shapes, std::string_view event, cel::Value properties) {
  return with_types(shapes, event, std::move(properties), read_text);
}

}  // namespace nurtured::rules

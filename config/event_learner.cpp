#include "config/event_learner.h"

#include <algorithm>

#include "config/catalogue.h"
#include "rules/event_shape.h"

namespace nurtured::config {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool starts_identifier(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

std::size_t digits_of(std::string_view name) {
  return static_cast<std::size_t>(std::ranges::count_if(name, is_digit));
}

// As events.yaml spells it; empty for null, which tells nothing.
std::string_view type_of(const cel::Value& value) {
  switch (value.kind()) {
    case cel::Kind::null:
      return "";
    case cel::Kind::boolean:
      return "bool";
    case cel::Kind::integer:
      return "int";
    case cel::Kind::decimal:
      return "double";
    case cel::Kind::timestamp:
      return "timestamp";
    case cel::Kind::list:
      return "list";
    case cel::Kind::map:
      return "map";
    case cel::Kind::string:
      // JSON has times as texts.
      return rules::fits(value, cel::Type::timestamp()) ? "timestamp" : "string";
    default:
      return "any";
  }
}

// The narrowest type that has both.
std::string_view widened(std::string_view left, std::string_view right) {
  const auto are = [&](std::string_view one, std::string_view other) {
    return (left == one && right == other) || (left == other && right == one);
  };
  if (left == right || right.empty()) return left;
  if (left.empty()) return right;
  if (are("int", "double")) return "double";
  if (are("timestamp", "string")) return "string";
  return "any";
}

}  // namespace

bool EventLearner::is_event_name(std::string_view name) const {
  const bool has_control = std::ranges::any_of(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return !name.empty() && name.size() <= event_bytes_max && !has_control &&
         name.find('@') == std::string_view::npos && digits_of(name) <= limits_.event_digits_max;
}

// What a condition can write as event.NAME.
bool EventLearner::is_property_name(std::string_view name) const {
  return !name.empty() && name.size() <= limits_.property_name_bytes_max &&
         starts_identifier(name.front()) &&
         std::ranges::all_of(name, [](char c) { return starts_identifier(c) || is_digit(c); }) &&
         digits_of(name) <= limits_.property_digits_max;
}

void EventLearner::note(std::string_view name, const cel::Value& properties) {
  if (built_in_events().contains(name)) return;
  if (!is_event_name(name)) {
    learned_.left_out = true;
    return;
  }
  auto found = learned_.events.find(name);
  if (found == learned_.events.end()) {
    if (learned_.events.size() == limits_.events_max) {
      learned_.has_more = true;
      return;
    }
    found = learned_.events.emplace(name, LearnedEvent{}).first;
  }
  LearnedEvent& event = found->second;
  if (!properties.is_map() || event.is_keyed_by_data) return;
  for (const auto& [key, value] : properties.as_map()) {
    if (!key.is_string() || !is_property_name(key.as_string())) {
      event.has_others = true;
      continue;
    }
    const auto known = event.properties.find(key.as_string());
    if (known != event.properties.end()) {
      known->second = widened(known->second, type_of(value));
    } else if (event.properties.size() < limits_.properties_max) {
      event.properties.emplace(key.as_string(), type_of(value));
    } else {
      // A map by somebody's ids: not even the first of them are told.
      event.has_others = true;
      event.is_keyed_by_data = true;
      event.properties.clear();
      return;
    }
  }
}

cel::Value to_value(const LearnedEvents& learned) {
  cel::Map events;
  for (const auto& [name, event] : learned.events) {
    cel::Map properties;
    for (const auto& [property, type] : event.properties) properties.set(property, type);
    events.set(name, cel::Map{{"properties", std::move(properties)}, {"others", event.has_others}});
  }
  return cel::Map{
      {"events", std::move(events)}, {"left_out", learned.left_out}, {"more", learned.has_more}};
}

LearnedEvents learned_from(const cel::Value& value) {
  const auto is_set = [](const cel::Value& map, std::string_view key) {
    const cel::Value* flag = map.find(key);
    return flag != nullptr && flag->is_bool() && flag->as_bool();
  };
  LearnedEvents learned{.left_out = is_set(value, "left_out"), .has_more = is_set(value, "more")};
  const cel::Value* events = value.find("events");
  if (events == nullptr || !events->is_map()) return learned;
  for (const auto& [name, event] : events->as_map()) {
    LearnedEvent out{.has_others = is_set(event, "others")};
    const cel::Value* properties = event.find("properties");
    if (properties == nullptr || !properties->is_map()) continue;
    for (const auto& [property, type] : properties->as_map()) {
      if (type.is_string()) out.properties.emplace(property.as_string(), type.as_string());
    }
    learned.events.emplace(name.as_string(), std::move(out));
  }
  return learned;
}

}  // namespace nurtured::config

// From events that came in to what events.yaml could say of them: names and types, never a value.
// A name that looks like somebody's data (an address, a number of a person) is not taken, since
// names are all that is told.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "rules/cel/value.h"

namespace nurtured::config {

struct EventLearnerLimits {
  std::size_t events_max = 500;     // different ones
  std::size_t properties_max = 64;  // of one event: beyond, its keys are data
  std::size_t property_name_bytes_max = 64;
  std::size_t property_digits_max = 4;  // more make a number of something
  std::size_t event_digits_max = 4;
};

struct LearnedEvent {
  // By name, the type as events.yaml spells it; empty where only null came.
  std::map<std::string, std::string, std::less<>> properties;
  bool has_others = false;        // properties that were not taken
  bool is_keyed_by_data = false;  // more than properties_max: none was taken, nor is any more

  bool operator==(const LearnedEvent&) const = default;
};

struct LearnedEvents {
  std::map<std::string, LearnedEvent, std::less<>> events;
  bool left_out = false;  // events whose names were not taken
  bool has_more = false;  // more different ones than events_max

  bool operator==(const LearnedEvents&) const = default;
};

class EventLearner {
 public:
  explicit EventLearner(const EventLearnerLimits& limits = {}) : limits_(limits) {}

  // Events that the engine itself makes are passed over. `properties` is a map.
  void note(std::string_view name, const cel::Value& properties);
  const LearnedEvents& learned() const { return learned_; }

 private:
  bool is_event_name(std::string_view name) const;
  bool is_property_name(std::string_view name) const;

  EventLearnerLimits limits_;
  LearnedEvents learned_;
};

// As JSON, for the way from the daemon to the command, and back. What does not fit is left out.
cel::Value to_value(const LearnedEvents& learned);
LearnedEvents learned_from(const cel::Value& value);

}  // namespace nurtured::config

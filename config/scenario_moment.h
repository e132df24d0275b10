// Moments as scenarios write them: on the contact's clock, as RFC 3339, or since the start. Inside
// config/ only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/scenario.h"
#include "rules/calendar.h"

namespace nurtured::config {

// What a text says of a time, as exactly as it says it: "2026-03-02 11:30" is a minute of the
// contact's clock, "2026-03-02" a day of it, "2026-03-02T08:30:00Z" a second, and "2d" the minute
// so long after the start.
struct Moment {
  Window window;
  bool is_relative = false;
};

// `start`: what durations count from; a duration without one is an error.
base::Result<Moment> parse_moment(std::string_view text, const rules::Zone& zone,
                                  std::optional<Instant> start);

}  // namespace nurtured::config

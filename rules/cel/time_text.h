// Timestamps, durations and time zones as CEL reads, writes and computes them. Internal to
// rules/cel. Pure, but for the time zone database that a zone's name is looked up in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rules/cel/value.h"

namespace nurtured::cel {

// Both ends of what a timestamp may be: the years 1 to 9999.
inline constexpr Timestamp timestamp_min{.seconds = -62135596800, .nanos = 0};
inline constexpr Timestamp timestamp_max{.seconds = 253402300799, .nanos = 999'999'999};

// RFC 3339 with up to nine digits of a fraction; nullopt for other text, impossible dates and out
// of range.
std::optional<Timestamp> parse_timestamp(std::string_view text);
// "2026-01-01T00:00:00Z", with as many digits of a fraction as it needs.
std::string to_text(Timestamp moment);

// "1h30m", "-1.5h", "0", "100ms": units h m s ms us ns. nullopt for other text, and beyond int64
// nanoseconds.
std::optional<Duration> parse_duration(std::string_view text);
// Seconds: "3600s", "-0.5s".
std::string to_text(Duration duration);

// nullopt when the result is out of range.
std::optional<Timestamp> add(Timestamp moment, Duration duration);
std::optional<Duration> add(Duration left, Duration right);
std::optional<Duration> difference(Timestamp left, Timestamp right);
std::optional<Duration> negated(Duration duration);
// False where int64 nanoseconds could not hold it.
bool in_range(Duration duration);
bool in_range(Timestamp moment);

// The seconds east of UTC at `moment` in `zone`: "UTC", "+03:00", "-02:30", "02:00" or an IANA
// name. nullopt for a zone that nobody knows.
std::optional<std::int64_t> utc_offset(std::string_view zone, Timestamp moment);

}  // namespace nurtured::cel

// Civil time: spans such as `1d12h`, clock times, weekdays, and a contact's zone. Two rules of
// CONTRACT section 2 hold everywhere: a local time that a clock change skips becomes the first
// valid moment after it, and one that happens twice means its first. Pure; zones are looked up by
// config/ and handed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/instant.h"
#include "base/result.h"

namespace date {
class time_zone;
}

namespace nurtured::rules {

using base::Instant;
using base::Milliseconds;
using LocalTime = std::chrono::local_time<Milliseconds>;

// A duration as people write it. Days are calendar days on the contact's clock and are added first;
// the rest is exact.
struct Span {
  std::int32_t days = 0;
  Milliseconds exact{0};

  bool operator==(const Span&) const = default;
  bool empty() const { return days == 0 && exact == Milliseconds{0}; }
  // For comparing and for bounds: a day counts as 24 hours.
  Milliseconds nominal() const { return std::chrono::hours{24} * days + exact; }
};

// `90s 30m 4h 2d 1w`, combined from large to small: `1d12h`. At most 3,660 days. A bare number is
// refused.
base::Result<Span> parse_span(std::string_view text);
std::string to_string(const Span& span);

// Minutes after midnight, 0 to 1,439.
struct ClockTime {
  std::int16_t minutes = 0;
  auto operator<=>(const ClockTime&) const = default;
};
// "10:00", "9:05"; "24:00" is refused.
base::Result<ClockTime> parse_clock_time(std::string_view text);
std::string to_string(ClockTime time);

// A moment on somebody's clock: "2026-03-08 10:00".
base::Result<LocalTime> parse_local_time(std::string_view text);

// A set of weekdays: bit 0 is Monday. The empty set means every day.
struct Weekdays {
  std::uint8_t bits = 0;
  bool operator==(const Weekdays&) const = default;
  bool contains(unsigned monday_based) const {
    return bits == 0 || ((bits >> monday_based) & 1) != 0;
  }
};
// "mon" … "sun", also the full English names, in any case.
base::Result<std::uint8_t> parse_weekday(std::string_view name);

// A local day as a number, for caps that count calendar days: days since 1970-01-01 on the
// contact's clock.
using LocalDay = std::int32_t;

// One time zone. Copies are cheap and point into the process's zone database, which outlives
// everything.
class Zone {
 public:
  Zone() = default;  // UTC
  explicit Zone(const date::time_zone* zone) : zone_(zone) {}

  LocalTime to_local(Instant instant) const;
  Instant to_instant(LocalTime local) const;
  LocalDay day_of(Instant instant) const;
  // The first moment of that local day.
  Instant start_of(LocalDay day) const;
  // When the clock is next set after `instant`; instant_max where it never is again.
  Instant next_change(Instant instant) const;

  bool operator==(const Zone&) const = default;

 private:
  const date::time_zone* zone_ = nullptr;
};

// Every zone by its IANA name.
using ZoneTable = std::map<std::string, Zone, std::less<>>;

// `span` after `from` on the clock of `zone`: days first, at the same local time, then the exact
// rest.
Instant add(Instant from, const Span& span, const Zone& zone);
// `span` before `from`, likewise.
Instant subtract(Instant from, const Span& span, const Zone& zone);

// CONTRACT's `wait`: the first moment at or after `from` that is `at` (when given) on one of
// `days`. Without `at`, the same clock time on the first permitted day.
Instant align(Instant from, std::optional<ClockTime> at, Weekdays days, const Zone& zone);

// Hours in which nothing is sent, from `start` up to but not including `end`, over midnight when
// start > end; none when they are equal.
struct QuietHours {
  ClockTime start{21 * 60};
  ClockTime end{9 * 60};
  bool operator==(const QuietHours&) const = default;
};
// "21:00-09:00".
base::Result<QuietHours> parse_quiet_hours(std::string_view text);

// The earliest moment at or after `now` outside `quiet`.
Instant next_open(const QuietHours& quiet, Instant now, const Zone& zone);

}  // namespace nurtured::rules

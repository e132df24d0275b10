// Moments and the clock that tells them. An Instant is UTC in whole milliseconds, the unit that the
// store keeps. Code that decides takes an `Instant now`; code that runs takes a `Clock&`. Only
// daemon/ names the real clock.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nurtured::base {

using Milliseconds = std::chrono::milliseconds;
using Instant = std::chrono::sys_time<Milliseconds>;

// Instants outside the years 1 to 9999 are refused wherever text or numbers enter.
inline constexpr Instant instant_min{Milliseconds{-62135596800000}};
inline constexpr Instant instant_max{Milliseconds{253402300799999}};

inline std::int64_t to_millis(Instant instant) {
  return instant.time_since_epoch().count();
}
inline Instant from_millis(std::int64_t millis) {
  return Instant{Milliseconds{millis}};
}

// "2026-03-01T07:00:00Z", with ".250" only where the milliseconds are not zero.
std::string to_rfc3339(Instant instant);

// RFC 3339, and the ISO 8601 that SDKs send: an offset or Z, a fraction of any length (cut to
// milliseconds), a blank or "t" for the "T". A text without an offset is read as UTC. `invalid` for
// anything else, and out of range.
Result<Instant> parse_instant(std::string_view text);

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
};

// A clock that stands still until told: simulation and tests. Not for several threads at once.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(Instant start) : now_(start) {}
  Instant now() const override { return now_; }
  // Never goes back: an earlier `to` leaves it where it is.
  void advance_to(Instant to) {
    if (to > now_) now_ = to;
  }

 private:
  Instant now_;
};

}  // namespace nurtured::base

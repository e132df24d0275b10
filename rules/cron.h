// The five fields of cron (POSIX crontab; names, steps and 7 for Sunday as in Vixie's): when a
// `schedule` starts its playbook. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "rules/calendar.h"

namespace nurtured::rules {

struct Cron {
  std::uint64_t minutes = 0;  // bit 0: minute 0
  std::uint32_t hours = 0;    // bit 0: hour 0
  std::uint32_t days = 0;     // bit 1: the 1st of the month
  std::uint16_t months = 0;   // bit 1: January
  std::uint8_t weekdays = 0;  // bit 0: Sunday
  // A day fits by either where both were restricted, else by both.
  bool either_day = false;

  bool operator==(const Cron&) const = default;
};

// "0 10 * * TUE", "*/15 9-17 * * MON-FRI", "0 9 1 JAN,JUL *". `invalid` names the field; so does a
// day that no year has: "0 0 31 FEB *".
base::Result<Cron> parse_cron(std::string_view text);

// The first moment after `after` that fits on the clock of `zone`; a time that a clock change skips
// is the first valid moment after it, one that comes twice its first. nullopt beyond what clocks
// hold.
std::optional<Instant> next_time(const Cron& cron, Instant after, const Zone& zone);

}  // namespace nurtured::rules

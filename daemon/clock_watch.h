// Notices that the clock was set: waits, caps and quiet hours all hang on it, so a jump must not
// let marketing out (nor, set back, keep what is due). Compares how far the time of day and the
// time since boot have gone on. Plain and not thread-safe.
#pragma once

#include <chrono>
#include <optional>

#include "base/instant.h"

namespace nurtured::daemon {

class ClockWatch {
 public:
  static constexpr base::Milliseconds jump_max = std::chrono::hours{1};

  // `uptime` counts on while the machine sleeps, and nobody can set it. How far the clock was set
  // since the former call, when that is more than jump_max; negative: back.
  std::optional<base::Milliseconds> look(base::Instant now, base::Milliseconds uptime) {
    const auto offset = now - base::Instant{uptime};
    const auto jump = offset - offset_.value_or(offset);
    offset_ = offset;
    if (std::chrono::abs(jump) <= jump_max) return std::nullopt;
    return jump;
  }

 private:
  std::optional<base::Milliseconds> offset_;
};

}  // namespace nurtured::daemon

// The real clock. Named by main programs alone (daemon/app.cpp, daemon/main.cpp); everything else
// takes a base::Clock&.
#pragma once

#include <chrono>

#include <time.h>

#include "base/instant.h"

namespace nurtured::daemon {

class SystemClock final : public base::Clock {
 public:
  base::Instant now() const override {
    return std::chrono::floor<base::Milliseconds>(std::chrono::system_clock::now());
  }
};

// Sleep included, and not to be set by anybody (clock_gettime(2), CLOCK_BOOTTIME).
inline base::Milliseconds since_boot() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::seconds{time.tv_sec} + base::Milliseconds{time.tv_nsec / 1'000'000};
}

}  // namespace nurtured::daemon

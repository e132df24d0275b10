// The real clock. Named by main programs alone (daemon/app.cpp, daemon/main.cpp); everything else
// takes a base::Clock&.
#pragma once

#include <chrono>

#include "base/instant.h"

namespace nurtured::daemon {

class SystemClock final : public base::Clock {
 public:
  base::Instant now() const override {
    return std::chrono::floor<base::Milliseconds>(std::chrono::system_clock::now());
  }
};

}  // namespace nurtured::daemon

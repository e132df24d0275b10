// Reading the keys that connectors share from their sections of nurtured.yaml.
#pragma once

#include "config/section.h"
#include "connectors/connector.h"

namespace nurtured::connectors {

inline constexpr int concurrency_max = 1000;

// `rate` and `concurrency`, or the descriptor's.
Limits read_limits(config::Section& section, const Limits& fallback);

}  // namespace nurtured::connectors

#include "connectors/options.h"

namespace nurtured::connectors {

Limits read_limits(config::Section& section, const Limits& fallback) {
  Limits limits;
  limits.rate = section.rate("rate").value_or(fallback.rate);
  limits.concurrency =
      static_cast<int>(section.integer("concurrency", {.min = 1, .max = concurrency_max})
                           .value_or(fallback.concurrency));
  return limits;
}

}  // namespace nurtured::connectors

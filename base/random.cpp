#include "base/random.h"

#include <cassert>

namespace nurtured::base {

std::uint64_t Random::below(std::uint64_t bound) {
  assert(bound != 0);
  // Rejection keeps it uniform: the last, incomplete run of `bound` numbers is thrown away.
  const std::uint64_t threshold = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t drawn = next();
    if (drawn >= threshold) return drawn % bound;
  }
}

double Random::unit() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

}  // namespace nurtured::base

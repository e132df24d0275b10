// Seeded randomness. The same seed gives the same numbers on every machine and compiler, so a
// simulation or a failed test can be replayed. Not for secrets: those come from the operating
// system (base/digest.h, random_bytes).
#pragma once

#include <cstdint>
#include <random>

namespace nurtured::base {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  // All 64 bits.
  std::uint64_t next() { return engine_(); }
  // Uniform in [0, bound); bound must not be 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [0, 1), 53 bits.
  double unit();

 private:
  std::mt19937_64 engine_;
};

}  // namespace nurtured::base

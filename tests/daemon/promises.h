// CONTRACT section 4's promises M1 to M3, checked by brute force over a whole history: nothing here
// shares a line with the gates that keep them.
#pragma once

#include <compare>
#include <string>
#include <vector>

#include "rules/transition.h"
#include "tests/daemon/random_world.h"

namespace nurtured::tests {

// One delivery that left, or may have left.
struct Left {
  base::Instant at;
  std::string contact;
  std::string address;
  std::string key;
  std::string message;
  rules::Kind kind = rules::Kind::value;
  rules::OutcomeKind outcome = rules::OutcomeKind::delivered;
  auto operator<=>(const Left&) const = default;
};

// Fails the test at the first promise that the history breaks. `left` is in the order of departure,
// its contacts are those of the world.
void check_promises(const RandomWorld& world, const std::vector<Left>& left);

}  // namespace nurtured::tests

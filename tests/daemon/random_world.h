// A workspace, people and a history of events, all drawn from one seed: what the property tests of
// the promises run on. The same seed gives the same world on every machine.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "config/config.h"
#include "daemon/inputs.h"

namespace nurtured::tests {

struct RandomWorld {
  std::shared_ptr<const config::Config> config;
  std::map<std::string, std::string> zones;  // contact → IANA zone
  std::vector<daemon::EventInput> events;    // by time; many share a moment
  base::Instant until;
};

RandomWorld random_world(std::uint64_t seed);

// Five people, the first two with one mailbox, and what happens to them in ten weeks: events e0 to
// e4, and what they write.
void add_people(RandomWorld& world, base::Random& random);
void add_history(RandomWorld& world, base::Random& random);

}  // namespace nurtured::tests

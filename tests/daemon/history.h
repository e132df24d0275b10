// A world's history played by the engine, whole or in parts, in batches or one by one, with or
// without faults.
#pragma once

#include <functional>
#include <vector>

#include "store/store.h"
#include "tests/daemon/promises.h"
#include "tests/daemon/random_world.h"

namespace nurtured::tests {

struct HistoryOptions {
  std::uint64_t seed = 0;
  bool faults = false;
  std::uint64_t batch_seed = 0;  // 0: each input alone
  int restarts = 0;
  // Told of the store once all is over; may be empty.
  std::function<void(store::Store&)> inspect = {};
};

// From when to when a human had a contact.
struct WithHuman {
  std::string contact;  // "u1"
  base::Instant from;
  base::Instant until = base::instant_max;
};

// What left, in the order of departure; `humans` is told who had a human meanwhile.
std::vector<Left> run(const RandomWorld& world, const HistoryOptions& options,
                      std::vector<WithHuman>* humans = nullptr);

// To compare two runs: which of several contacts is served first at one moment is nothing that a
// contact sees.
std::vector<Left> by_contact(std::vector<Left> left);

}  // namespace nurtured::tests

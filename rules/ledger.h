// What marketing messages departed, in order: the figures that the mix and the caps are judged by.
// One ledger belongs to a contact and one to each address, because CONTRACT section 4 promises
// both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "rules/kind.h"

namespace nurtured::rules {

using base::Instant;

struct Departure {
  Instant at;  // the moment of the last judgement before it left
  Kind kind = Kind::value;
  bool operator==(const Departure&) const = default;
};

struct Ledger {
  // Enough for the widest window and seven days at the highest cap that config/ accepts.
  static constexpr std::size_t departures_max = 200;

  std::vector<Departure> departures;  // in order of departure, oldest first
  std::string in_flight;              // the delivery key that holds the slot; empty when free

  // Records a departure, and forgets those that neither the last `window` messages nor eight days
  // need.
  void depart(Departure departure, std::size_t window);
  // Takes back the latest departure at that moment and of that kind: the message did not leave
  // after all.
  void take_back(const Departure& departure);
  // Likewise of the latest of that kind at or before `until`, where the exact moment is not known.
  void take_back_latest(Kind kind, Instant until);

  bool operator==(const Ledger&) const = default;
};

}  // namespace nurtured::rules

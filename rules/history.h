// How often and when something happened to a contact, kept with the contact so that `did`, `times`,
// `last`, touches and caps are answered without reading the event log. Exact for the latest
// `recent_max` times; older ones are kept as counts by UTC day.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/instant.h"

namespace nurtured::rules {

using base::Instant;

struct Tally {
  static constexpr std::size_t recent_max = 64;
  static constexpr std::size_t days_max = 1100;

  std::int64_t count = 0;
  Instant first;
  Instant last;
  std::vector<Instant> recent;  // ascending, at most recent_max
  std::vector<std::pair<std::int32_t, std::int32_t>>
      days;  // UTC day → count, ascending; what left `recent`

  // In any order of time: a late one lands in its place.
  void add(Instant at);
  // How many happened in [from, to]. What is kept as a day's count is taken as spread evenly over
  // the time of that day in which it can have happened.
  std::int64_t between(Instant from, Instant to) const;

  // The first of them; nullopt when there is none.
  std::optional<Instant> first_between(Instant from, Instant to) const;

  // The nearest times at or before and at or after `at`, of those that are known exactly.
  std::optional<Instant> latest_until(Instant at) const;
  std::optional<Instant> earliest_since(Instant at) const;

  bool operator==(const Tally&) const = default;
};

// Both histories as one, for a merge of contacts.
Tally merged(const Tally& left, const Tally& right);

}  // namespace nurtured::rules

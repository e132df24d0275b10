#include "rules/history.h"

#include <algorithm>

namespace nurtured::rules {
namespace {

constexpr std::int64_t day_millis = 86'400'000;

std::int32_t utc_day(Instant at) {
  const std::int64_t millis = base::to_millis(at);
  return static_cast<std::int32_t>(millis >= 0 ? millis / day_millis
                                               : -((-millis + day_millis - 1) / day_millis));
}

void add_to_day(Tally& tally, std::int32_t day, std::int32_t count) {
  auto& days = tally.days;
  const auto place =
      std::ranges::lower_bound(days, day, {}, [](const auto& entry) { return entry.first; });
  if (place != days.end() && place->first == day) {
    place->second += count;
  } else {
    days.insert(place, {day, count});
  }
  if (days.size() > Tally::days_max) days.erase(days.begin());
}

void trim(Tally& tally) {
  while (tally.recent.size() > Tally::recent_max) {
    add_to_day(tally, utc_day(tally.recent.front()), 1);
    tally.recent.erase(tally.recent.begin());
  }
}

// Where what happened on a day that is kept as a count is taken to lie: it lies before all of
// `recent` and not before `first`.
Instant middle_of(const Tally& tally, std::int32_t day) {
  const Instant earliest = std::max(tally.first, base::from_millis(day * day_millis));
  const Instant day_end = base::from_millis((day + 1) * day_millis - 1);
  const Instant latest = tally.recent.empty() ? day_end : std::min(day_end, tally.recent.front());
  return earliest + (std::max(latest, earliest) - earliest) / 2;
}

}  // namespace

void Tally::add(Instant at) {
  first = count == 0 ? at : std::min(first, at);
  last = count == 0 ? at : std::max(last, at);
  ++count;
  recent.insert(std::ranges::upper_bound(recent, at), at);
  trim(*this);
}

std::int64_t Tally::between(Instant from, Instant to) const {
  const auto begin = std::ranges::lower_bound(recent, from);
  const auto end = std::ranges::upper_bound(recent, to);
  std::int64_t found = begin < end ? end - begin : 0;
  for (const auto& [day, number] : days) {
    const Instant middle = middle_of(*this, day);
    if (middle >= from && middle <= to) found += number;
  }
  return found;
}

std::optional<Instant> Tally::first_between(Instant from, Instant to) const {
  for (const auto& [day, number] : days) {
    const Instant middle = middle_of(*this, day);
    if (middle >= from && middle <= to) return middle;
  }
  const auto found = std::ranges::lower_bound(recent, from);
  if (found == recent.end() || *found > to) return std::nullopt;
  return *found;
}

std::optional<Instant> Tally::latest_until(Instant at) const {
  const auto after = std::ranges::upper_bound(recent, at);
  if (after == recent.begin()) return std::nullopt;
  return *std::prev(after);
}

std::optional<Instant> Tally::earliest_since(Instant at) const {
  const auto found = std::ranges::lower_bound(recent, at);
  if (found == recent.end()) return std::nullopt;
  return *found;
}

Tally merged(const Tally& left, const Tally& right) {
  if (left.count == 0) return right;
  if (right.count == 0) return left;
  Tally tally = left;
  tally.count += right.count;
  tally.first = std::min(left.first, right.first);
  tally.last = std::max(left.last, right.last);
  tally.recent.insert(tally.recent.end(), right.recent.begin(), right.recent.end());
  std::ranges::sort(tally.recent);
  for (const auto& [day, number] : right.days) add_to_day(tally, day, number);
  trim(tally);
  return tally;
}

}  // namespace nurtured::rules

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

// What happened on a day that is kept as a count, as if spread evenly over the time in which it can
// have happened: before all of `recent` and not before `first`.
class Spread {
 public:
  Spread(const Tally& tally, std::int32_t day, std::int64_t number)
      : begin_(std::max(tally.first, base::from_millis(day * day_millis))), number_(number) {
    const Instant day_end = base::from_millis((day + 1) * day_millis - 1);
    const Instant latest = tally.recent.empty() ? day_end : std::min(day_end, tally.recent.front());
    length_ = std::max(latest, begin_) - begin_;
  }

  std::int64_t number() const { return number_; }
  // Of the one of that index, from 0.
  Instant time(std::int64_t index) const {
    return begin_ + length_ * (2 * index + 1) / (2 * number_);
  }
  // The first that is at or after `moment`; number() where there is none.
  std::int64_t first_since(Instant moment) const {
    std::int64_t low = 0;
    for (std::int64_t high = number_; low < high;) {
      const std::int64_t middle = low + (high - low) / 2;
      if (time(middle) < moment) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

 private:
  Instant begin_;
  base::Milliseconds length_{};
  std::int64_t number_;
};

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
  if (from > to) return found;
  constexpr base::Milliseconds tick{1};
  for (const auto& [day, number] : days) {
    const Spread spread(*this, day, number);
    found += spread.first_since(to + tick) - spread.first_since(from);
  }
  return found;
}

std::optional<Instant> Tally::first_between(Instant from, Instant to) const {
  for (const auto& [day, number] : days) {
    const Spread spread(*this, day, number);
    const std::int64_t index = spread.first_since(from);
    if (index < spread.number() && spread.time(index) <= to) return spread.time(index);
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

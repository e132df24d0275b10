#include "rules/history.h"

#include <algorithm>

#include "base/random.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::rules;
using namespace std::chrono_literals;

TEST_CASE("a tally counts in any order of time") {
  Tally tally;
  tally.add(base::from_millis(3000));
  tally.add(base::from_millis(1000));
  tally.add(base::from_millis(2000));
  CHECK(tally.count == 3);
  CHECK(tally.first == base::from_millis(1000));
  CHECK(tally.last == base::from_millis(3000));
  CHECK(tally.between(base::from_millis(1000), base::from_millis(2000)) == 2);
  CHECK(tally.between(base::from_millis(3001), base::from_millis(9000)) == 0);
}

TEST_CASE("of what is kept as a count a window holds what may have happened in it, and no more") {
  Tally tally;
  const Instant begin = *base::parse_instant("2026-05-01T12:00:00Z");
  for (int i = 0; i < 160; ++i) {
    const Instant now = begin + std::chrono::minutes{i};
    tally.add(now);
    const std::int64_t found = tally.between(now - std::chrono::hours{2}, now);
    const std::int64_t happened = std::min(i + 1, 121);
    CHECK(std::abs(found - happened) <= 1);
    CHECK(tally.between(begin, now) == i + 1);
  }
  // And falls out one by one.
  const Instant end = begin + std::chrono::hours{24};
  std::int64_t last = 160;
  for (int i = 0; i < 160; ++i) {
    const Instant now = end + std::chrono::minutes{i};
    const std::int64_t found = tally.between(now - std::chrono::hours{24}, now);
    CHECK(std::abs(found - (160 - i)) <= 1);
    CHECK(found <= last);
    last = found;
  }
}

TEST_CASE("a window over the latest times is exact, and older days are never counted twice") {
  base::Random random(GENERATE(as<std::uint64_t>{}, 11, 12, 13));
  Tally tally;
  std::vector<Instant> all;
  for (int i = 0; i < 300; ++i) {
    const Instant at =
        base::from_millis(static_cast<std::int64_t>(random.below(86'400'000ULL * 90)));
    tally.add(at);
    all.push_back(at);
  }
  std::ranges::sort(all);
  CHECK(tally.between(all.front() - 24h, all.back()) == 300);
  const Instant exact_from = all[all.size() - Tally::recent_max];
  for (std::size_t i = all.size() - Tally::recent_max; i < all.size(); ++i) {
    const auto want = std::ranges::count_if(all, [&](Instant at) { return at >= all[i]; });
    if (all[i] - exact_from > 24h) CHECK(tally.between(all[i], all.back()) == want);
  }
}

TEST_CASE("merged tallies hold what both held") {
  Tally left;
  Tally right;
  for (int i = 0; i < 100; ++i) left.add(base::from_millis(i * 3'600'000LL));
  for (int i = 0; i < 50; ++i) right.add(base::from_millis(i * 7'200'000LL + 5));
  const Tally both = merged(left, right);
  CHECK(both.count == 150);
  CHECK(both.first == left.first);
  CHECK(both.between(base::instant_min, base::instant_max) == 150);
  CHECK(merged(Tally{}, right) == right);
  CHECK(merged(right, Tally{}) == right);
}

// Segments by brute force: whenever anything of a contact is judged, its memberships are what the
// conditions say, and until it is judged again they stay so at every instant.
#include "rules/standing.h"

#include <date/tz.h>

#include "base/random.h"
#include "rules/machine.h"
#include "rules/scope.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::rules;
using namespace std::chrono_literals;

namespace {

Instant at(const std::string& text) {
  return *base::parse_instant(text);
}

base::Result<cel::Program> compiled(const std::string& condition) {
  return cel::compile(condition, condition_environment({}, {}, {.watches_clock = true}));
}

Segment segment(const std::string& name, const std::string& condition) {
  auto program = compiled(condition);
  INFO(condition);
  if (!program) FAIL(program.error().message);
  return {name, {*std::move(program), condition, {}}};
}

const std::vector<std::string> conditions = {
    "did('a', '2d')",
    "!did('a', '36h') && did('b')",
    "times('a', '1w') >= 3",
    "times('a', '1d12h') > times('b', '1d')",
    "touches('3d') > 1 || did('b', '6h')",
    "last('a') < now - duration('50h')",
    "did('a') && now - last('a') >= duration('26h')",
    "did('b') && last('b') + duration('30h') == now",
    "now > timestamp('2026-03-29T00:59:59.999Z')",
    "now.getHours('Europe/Berlin') >= 9 && now.getHours('Europe/Berlin') < 18",
    "now.getDayOfWeek('Europe/Berlin') == 0",
    "now.getDate('America/New_York') % 2 == 0",
    "did('a') && (now - last('a')).getHours() == 5",
    "cel.bind(gap, now - duration('1h'), did('a') && last('a') > gap)",
    "[10, 20].exists(h, did('b') && now - last('b') < duration(string(h) + 'h'))",
    "contact.score > 2 ? did('a', '1d') : did('b', '1d')",
    "in_segment('s0') && in_segment('s3')",
    "contact.missing > 3 || did('a', '12h')",
};

struct World {
  std::shared_ptr<const Book> book;
  Snapshot snapshot;

  bool answer(const Segment& segment, Instant now) const {
    const auto result = segment.condition.program.test(
        ConditionScope(*book, snapshot.contact, nullptr, nullptr, now));
    return result && *result;
  }
  bool is_member(const std::string& name) const {
    return std::ranges::any_of(snapshot.contact.memberships, [&](const Membership& membership) {
      return membership.segment == name && membership.is_in;
    });
  }
  void check(Instant now) const {
    for (SegmentIndex i = 0; i < book->segments().size(); ++i) {
      const Segment& segment = book->segments()[i];
      if (is_member(segment.name) == answer(segment, now)) continue;
      FAIL(segment.condition.source << " at " << base::to_rfc3339(now));
    }
  }
  void take(const Input& input, Instant now) {
    auto transition = advance(*book, {}, std::move(snapshot), input, now);
    snapshot = std::move(transition.next);
  }
};

World make_world(const std::string& zone) {
  std::vector<Segment> segments;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    segments.push_back(segment("s" + std::to_string(i), conditions[i]));
  }
  World world;
  world.book =
      std::make_shared<const Book>(BookParts{.zones = {{zone, Zone(date::locate_zone(zone))}},
                                             .touchpoints = {{.event = "a", .count_every = {}}},
                                             .segments = std::move(segments)});
  world.snapshot.contact.id = {1};
  world.snapshot.contact.user_id = "u1";
  world.snapshot.contact.timezone = zone;
  return world;
}

}  // namespace

TEST_CASE("memberships are right at every instant, whatever happens and when nothing does") {
  const std::string zone =
      GENERATE("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe");
  const std::uint64_t seed = GENERATE(range(std::uint64_t{0}, std::uint64_t{6}));
  // Around the clock changes of spring and autumn.
  const std::string begin = GENERATE("2026-03-26T00:00:00Z", "2026-10-22T00:00:00Z");
  CAPTURE(zone, seed, begin);
  base::Random random(seed);
  World world = make_world(zone);
  Instant now = at(begin);
  const Instant end = now + std::chrono::days{12};
  std::size_t wakes = 0;
  Instant next_event = now;
  while (now < end) {
    const auto wake = next_wake(*world.book, world.snapshot);
    const bool is_wake = wake && *wake <= next_event;
    const Instant next = is_wake ? *wake : next_event;
    for (int i = 0; i < 6 && next > now; ++i) {
      const auto gap = static_cast<std::uint64_t>((next - now).count());
      world.check(now + base::Milliseconds{static_cast<std::int64_t>(random.below(gap))});
    }
    if (next > now) world.check(next - 1ms);
    REQUIRE(next >= now);
    now = next;
    if (is_wake) {
      world.take(Wake{}, now);
      // Not more than the conditions ask for: what keeps on turning does so by the hour.
      REQUIRE(++wakes < 3000);
    } else {
      Event event{.name = random.below(2) == 0 ? "a" : "b",
                  .properties = cel::Map{},
                  .occurred_at = now,
                  .received_at = now};
      if (random.below(4) == 0) {
        event.change.attributes.emplace_back("score", static_cast<std::int64_t>(random.below(5)));
      }
      world.take(event, now);
      next_event = now + base::Milliseconds{static_cast<std::int64_t>(
                             random.below(std::uint64_t{1000} * 3600 * 40))};
    }
    world.check(now);
  }
}

TEST_CASE("what fell out of a window stays out while the clock shows an hour again") {
  World world = make_world("Europe/Berlin");
  const Instant bought = at("2026-09-25T00:30:00Z");
  world.snapshot.contact.history["a"].add(bought);
  const Segment bought_lately = segment("s", "did('a', '30d')");
  const Instant end = at("2026-10-25T00:30:00Z");
  CHECK(world.answer(bought_lately, end));
  for (Instant now = end + 1ms; now < end + 4h; now += 5min) {
    INFO(base::to_rfc3339(now));
    CHECK_FALSE(world.answer(bought_lately, now));
  }
}

TEST_CASE("what cannot be told to change by time is refused when it is compiled") {
  const std::string condition = GENERATE(
      "string(now) == 'x'", "int(now) > 5", "now + (now - last('a')) > now", "[now].size() == 1",
      "now in [last('a')]", "{'a': now}.size() == 1", "now.getMinutes() == 5",
      "now.getSeconds() == 5", "now.getMilliseconds() == 5", "(now - last('a')).getMinutes() > 90",
      "[1].exists(x, string(now) == 'a')", "cel.bind(n, now, string(n) == 'a')",
      "(did('a') ? now : last('a')) > last('b')", "now == null ? did('a') : false && now");
  CAPTURE(condition);
  const auto program = compiled(condition);
  REQUIRE_FALSE(program);
  CHECK(program.error().place.line == 1);
}

TEST_CASE("a contact that a new book finds is in its segments without having entered") {
  World world = make_world("Europe/Berlin");
  const Instant now = at("2026-03-02T10:00:00Z");
  world.take(Event{.name = "a", .properties = cel::Map{}, .occurred_at = now, .received_at = now},
             now);
  world.book = std::make_shared<const Book>(
      BookParts{.segments = {segment("new", "did('a')"), segment("old", "did('b')")}});
  auto transition = advance(*world.book, {}, world.snapshot, Rejudge{}, now + 1h);
  CHECK(transition.emitted.empty());
  REQUIRE(transition.next.contact.memberships.size() == 1);
  CHECK(transition.next.contact.memberships[0].segment == "new");
}

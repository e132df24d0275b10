// The promises over people whom the simulator makes itself, who open, click, answer and leave: the
// same checks as over random histories, on the same random books.
#include <algorithm>
#include <map>

#include "daemon/population.h"
#include "daemon/simulation.h"
#include "store/memory_store.h"
#include "tests/catch.h"
#include "tests/daemon/promises.h"

using namespace nurtured;
using namespace nurtured::rules;
using nurtured::tests::Left;

namespace {

constexpr std::size_t people = 12;

struct Lived {
  tests::RandomWorld world;  // with what came in as its events
  std::vector<Left> left;
  // Who unsubscribed or complained: name and channel → since when.
  std::map<std::pair<std::string, std::string>, base::Instant> gone;
};

config::Habits lively(const Book& book) {
  config::Habits habits = config::default_habits(book);
  habits.people.join_over = {.days = 5};
  habits.people.timezones = {{"Europe/Moscow"}, {"Australia/Lord_Howe"}, {"America/New_York"}};
  habits.people.channels = {{"telegram", 60}};
  habits.people.dead_addresses = 5;
  habits.reactions.usual = {
      .opens = 50, .clicks = 30, .replies = 10, .answers = 60, .unsubscribes = 1, .complains = 0.5};
  for (auto& [event, habit] : habits.events) habit.every = std::chrono::days{4};
  return habits;
}

// In one go, or stopped at `pauses` moments between.
Lived live(std::uint64_t seed, int pauses) {
  Lived lived{.world = tests::random_world(seed), .left = {}, .gone = {}};
  lived.world.events.clear();
  lived.world.zones.clear();
  const base::Instant from = *base::parse_instant("2026-03-01T00:00:00Z");
  store::MemoryStore store;
  std::map<std::int64_t, std::string> names;
  daemon::Simulation* running = nullptr;
  const auto later = [&](base::Instant at, daemon::EngineInput input) {
    if (const auto* event = std::get_if<daemon::EventInput>(&input)) {
      lived.world.events.push_back(*event);
      if (const auto& zone = event->event.change.timezone) {
        lived.world.zones[event->who.user_id] = *zone;
      }
    } else if (const auto* about = std::get_if<daemon::ContactInput>(&input)) {
      const auto* suppress = std::get_if<Suppress>(&about->input);
      if (suppress != nullptr) {
        lived.gone.try_emplace({names.at(about->contact.value), suppress->channel}, at);
      }
    }
    running->later(at, std::move(input));
  };
  daemon::Population population(
      lived.world.config, lively(*lived.world.config->book),
      {.people = people, .from = from, .until = lived.world.until, .seed = seed}, later);
  daemon::SimulationOptions options{.render = false};
  options.outcome = [&](const Delivery& delivery, base::Instant) {
    return population.outcome(delivery);
  };
  options.departed = [&](const daemon::DeliveryNotice& notice, base::Instant now) {
    const Delivery& delivery = notice.delivery;
    names[delivery.contact.value] = notice.contact;
    lived.left.push_back({now, notice.contact, to_key(delivery.to), delivery.key, delivery.message,
                          delivery.kind, OutcomeKind::delivered});
    population.react(notice, now);
  };
  daemon::Simulation simulation(
      lived.world.config, store, [](const daemon::SimulatedLine&) {}, options);
  running = &simulation;
  population.begin();
  for (int part = 1; part <= pauses; ++part) {
    REQUIRE(simulation.run({}, from + (lived.world.until - from) / (pauses + 1) * part));
  }
  REQUIRE(simulation.run({}, lived.world.until));
  std::ranges::stable_sort(lived.world.events, {},
                           [](const daemon::EventInput& input) { return input.event.occurred_at; });
  return lived;
}

}  // namespace

TEST_CASE("M1 to M3 hold over people who react, and nobody is written to after they left") {
  std::size_t sends = 0;
  std::size_t gone = 0;
  for (std::uint64_t seed = 401; seed <= 430; ++seed) {
    INFO("seed " << seed);
    const Lived lived = live(seed, 0);
    check_promises(lived.world, lived.left);
    for (const auto& [who, since] : lived.gone) {
      for (const Left& l : lived.left) {
        if (l.contact != who.first || !l.address.starts_with(who.second + ":")) continue;
        INFO(base::to_rfc3339(l.at) << " " << l.key << " after " << base::to_rfc3339(since));
        if (is_marketing(l.kind)) REQUIRE(l.at <= since);
      }
    }
    sends += lived.left.size();
    gone += lived.gone.size();
  }
  CHECK(sends > 2000);
  CHECK(gone > 20);
}

TEST_CASE("people do the same in one go and with pauses") {
  for (std::uint64_t seed = 431; seed <= 440; ++seed) {
    INFO("seed " << seed);
    CHECK(live(seed, 3).left == live(seed, 0).left);
  }
}

// CONTRACT section 4's promises M1 to M3, and of M4 that nothing automated but receipts goes to
// whom a human has, over random histories (tests/daemon/promises.h).
#include <algorithm>
#include <set>

#include "base/digest.h"
#include "daemon/simulation.h"
#include "tests/catch.h"
#include "tests/daemon/promises.h"

using namespace nurtured;
using namespace nurtured::rules;
using nurtured::tests::check_promises;
using nurtured::tests::Left;

namespace {

// The sender's id of the contact that the engine made as the so-manieth.
std::string contact_name(rules::ContactId id) {
  return "u" + std::to_string(id.value - 1);
}

struct Options {
  std::uint64_t seed = 0;
  bool faults = false;
  std::uint64_t batch_seed = 0;  // 0: each input alone
  int restarts = 0;
};

// What a send ends in depends on the delivery and its attempt alone, so that two runs can be
// compared.
OutcomeKind drawn_outcome(const Delivery& delivery) {
  const auto digest = base::sha256(delivery.key + "/" + std::to_string(delivery.attempt));
  switch (digest[0] % 10) {
    case 0:
    case 1:
      return OutcomeKind::deferred;
    case 2:
      return OutcomeKind::uncertain;
    case 3:
      return digest[1] % 4 == 0 ? OutcomeKind::refused_mailbox : OutcomeKind::delivered;
    case 4:
      return digest[1] % 4 == 0 ? OutcomeKind::failed : OutcomeKind::delivered;
    default:
      return OutcomeKind::delivered;
  }
}

// From when to when a human had a contact.
struct WithHuman {
  std::string contact;  // "u1"
  base::Instant from;
  base::Instant until = base::instant_max;
};

// What left, in the order of departure; `humans` is told who had a human meanwhile.
std::vector<Left> run(const tests::RandomWorld& world, const Options& options,
                      std::vector<WithHuman>* humans = nullptr) {
  auto store = store::open("sqlite::memory:");
  REQUIRE(store);
  std::vector<Left> left;
  base::Random batches(options.batch_seed);
  daemon::SimulationOptions simulation_options{.render = false};
  simulation_options.outcome = [&](const Delivery& delivery, base::Instant now) {
    Outcome outcome{.delivery = delivery.key};
    if (options.faults) outcome.kind = drawn_outcome(delivery);
    if (outcome.kind == OutcomeKind::delivered || outcome.kind == OutcomeKind::uncertain) {
      left.push_back({now, contact_name(delivery.contact), to_key(delivery.to), delivery.key,
                      delivery.message, delivery.kind, outcome.kind});
    }
    return outcome;
  };
  simulation_options.batch_size = [&]() -> std::size_t {
    return options.batch_seed == 0 ? 1 : 1 + batches.below(5);
  };
  std::vector<daemon::EventInput> rest = world.events;
  for (int part = options.restarts; part >= 0; --part) {
    const auto watch = [&](const daemon::SimulatedLine& line) {
      if (humans == nullptr || line.decision.action != "handoff") return;
      const auto last = std::find_if(humans->rbegin(), humans->rend(), [&](const WithHuman& its) {
        return its.contact == line.contact && its.until == base::instant_max;
      });
      if (line.decision.outcome == "ended") {
        REQUIRE(last != humans->rend());
        last->until = line.decision.at;
      } else if (last == humans->rend()) {
        humans->push_back({line.contact, line.decision.at});
      }
    };
    daemon::Simulation simulation(world.config, **store, watch, simulation_options);
    std::vector<daemon::EventInput> now = rest;
    base::Instant until = world.until;
    if (part > 0) {
      until = rest[rest.size() / 2].event.occurred_at;
      const auto later =
          std::ranges::find_if(rest, [&](const auto& e) { return e.event.occurred_at > until; });
      now.assign(rest.begin(), later);
      rest.erase(rest.begin(), later);
    }
    REQUIRE(simulation.run(now, until));
  }
  return left;
}

// To compare two runs: which of several contacts is served first at one moment is nothing that a
// contact sees.
std::vector<Left> by_contact(std::vector<Left> left) {
  std::ranges::stable_sort(left, {}, [](const Left& l) { return std::tie(l.at, l.contact); });
  return left;
}

// At the moment itself either may have come first.
std::size_t check_humans(const std::vector<WithHuman>& humans, const std::vector<Left>& left) {
  std::size_t compared = 0;
  for (const auto& its : humans) {
    for (const auto& l : left) {
      if (l.contact != its.contact || l.kind == Kind::receipt) continue;
      ++compared;
      INFO(base::to_rfc3339(l.at) << " " << l.key << " " << l.message);
      INFO(base::to_rfc3339(its.from) << " to " << base::to_rfc3339(its.until));
      REQUIRE((l.at <= its.from || l.at >= its.until));
    }
  }
  return compared;
}

}  // namespace

TEST_CASE("M1 to M3 hold in every history, per contact and per address") {
  std::size_t sends = 0;
  std::size_t with_human = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    const auto world = tests::random_world(seed);
    std::vector<WithHuman> humans;
    const auto left = run(world, {.seed = seed}, &humans);
    check_promises(world, left);
    with_human += check_humans(humans, left) > 0 ? humans.size() : 0;
    sends += left.size();
  }
  // A test that sends nothing would prove nothing.
  CHECK(sends > 2000);
  CHECK(with_human > 200);
}

TEST_CASE("M1 to M3 hold while sends are deferred, refused, uncertain and fail") {
  std::size_t uncertain = 0;
  for (std::uint64_t seed = 101; seed <= 160; ++seed) {
    INFO("seed " << seed);
    const auto world = tests::random_world(seed);
    const auto left = run(world, {.seed = seed, .faults = true});
    check_promises(world, left);
    uncertain +=
        static_cast<std::size_t>(std::ranges::count(left, OutcomeKind::uncertain, &Left::outcome));
    // No marketing message leaves twice: an uncertain one is not tried again by itself.
    std::set<std::string> keys;
    for (const auto& l : left) {
      if (is_marketing(l.kind)) REQUIRE(keys.insert(l.key).second);
    }
  }
  CHECK(uncertain > 20);
}

TEST_CASE("batching never changes a result") {
  for (std::uint64_t seed = 201; seed <= 240; ++seed) {
    INFO("seed " << seed);
    const auto world = tests::random_world(seed);
    const auto alone = by_contact(run(world, {.seed = seed, .faults = true}));
    for (const std::uint64_t batch_seed : {seed, seed + 1000}) {
      const Options batched{.seed = seed, .faults = true, .batch_seed = batch_seed};
      CHECK(by_contact(run(world, batched)) == alone);
    }
  }
}

TEST_CASE("stopping and starting again at any moment changes nothing") {
  for (std::uint64_t seed = 301; seed <= 320; ++seed) {
    INFO("seed " << seed);
    const auto world = tests::random_world(seed);
    CHECK(by_contact(run(world, {.seed = seed, .restarts = 4})) ==
          by_contact(run(world, {.seed = seed})));
  }
}

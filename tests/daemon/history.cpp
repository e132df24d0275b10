#include "tests/daemon/history.h"

#include <algorithm>

#include "base/digest.h"
#include "daemon/simulation.h"
#include "tests/catch.h"

namespace nurtured::tests {
namespace {

using namespace nurtured::rules;

// The sender's id of the contact that the engine made as the so-manieth.
std::string contact_name(rules::ContactId id) {
  return "u" + std::to_string(id.value - 1);
}

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

}  // namespace

std::vector<Left> run(const RandomWorld& world, const HistoryOptions& options,
                      std::vector<WithHuman>* humans) {
  auto store = store::open("sqlite::memory:");
  REQUIRE(store);
  std::vector<Left> left;
  base::Random batches(options.batch_seed);
  daemon::SimulationOptions simulation_options{.render = false};
  simulation_options.outcome = [&](const Delivery& delivery, base::Instant now) {
    Outcome outcome{.delivery = delivery.key, .reason = "drawn"};
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
  if (options.inspect) options.inspect(**store);
  return left;
}

std::vector<Left> by_contact(std::vector<Left> left) {
  std::ranges::stable_sort(left, {}, [](const Left& l) { return std::tie(l.at, l.contact); });
  return left;
}

}  // namespace nurtured::tests

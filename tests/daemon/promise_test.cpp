// CONTRACT section 4's promises M1 to M3, and of M4 that nothing automated but receipts goes to
// whom a human has, checked by brute force over whole histories: nothing here shares a line with
// the gates that keep them.
#include <algorithm>
#include <set>

#include "base/digest.h"
#include "daemon/simulation.h"
#include "tests/catch.h"
#include "tests/daemon/random_world.h"

using namespace nurtured;
using namespace nurtured::rules;

namespace {

struct Left {
  base::Instant at;
  std::string contact;
  std::string address;
  std::string key;
  std::string message;
  Kind kind = Kind::value;
  OutcomeKind outcome = OutcomeKind::delivered;
  auto operator<=>(const Left&) const = default;
};

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
      left.push_back({now, std::to_string(delivery.contact.value), to_key(delivery.to),
                      delivery.key, delivery.message, delivery.kind, outcome.kind});
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

std::string contact_name(const std::string& id) {
  return "u" + std::to_string(std::stoi(id) - 1);
}

std::string describe(const std::vector<Left>& sent) {
  std::string text;
  for (const auto& l : sent) {
    text += base::to_rfc3339(l.at) + " " + l.key + " " + l.message + " " +
            std::string(to_string(l.kind)) + " to " + l.address +
            (l.outcome == OutcomeKind::uncertain ? " (uncertain)\n" : "\n");
  }
  return text;
}

void check_shares(const Settings& settings, const std::vector<Left>& sent) {
  INFO(describe(sent));
  for (std::size_t start = 0; start < sent.size(); ++start) {
    std::size_t offers = 0;
    std::size_t engagements = 0;
    for (std::size_t i = start; i < std::min(start + settings.mix.window, sent.size()); ++i) {
      offers += sent[i].kind == Kind::offer ? 1U : 0U;
      engagements += sent[i].kind == Kind::engagement ? 1U : 0U;
    }
    const auto most = [&](int share) -> std::size_t {
      if (share == 0) return 0;
      return std::max<std::size_t>(1, settings.mix.window * static_cast<std::size_t>(share) / 100);
    };
    REQUIRE(offers <= most(settings.mix.offer));
    REQUIRE(engagements <= most(settings.mix.engagement));
  }
}

void check_caps(const Settings& settings, const Zone& zone, const std::vector<Left>& sent) {
  INFO(describe(sent));
  std::map<LocalDay, int> days;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    ++days[zone.day_of(sent[i].at)];
    if (i > 0) REQUIRE(sent[i].at - sent[i - 1].at >= settings.limits.min_gap.exact);
    const auto local = zone.to_local(sent[i].at).time_since_epoch();
    const auto minute = std::chrono::duration_cast<std::chrono::minutes>(local).count() % 1440;
    const auto& quiet = settings.limits.quiet;
    if (quiet.start != quiet.end) {
      REQUIRE(minute >= quiet.end.minutes);
      REQUIRE(minute < quiet.start.minutes);
    }
  }
  for (const auto& [day, count] : days) {
    REQUIRE(count <= settings.limits.per_day);
    int week = 0;
    for (LocalDay d = day; d < day + 7; ++d) week += days.contains(d) ? days.at(d) : 0;
    REQUIRE(week <= settings.limits.per_week);
  }
}

// How many touches a contact had before a moment: counted anew from the events and the sends.
std::int64_t touches_before(const tests::RandomWorld& world, const std::vector<Left>& left,
                            const std::string& id, base::Instant moment) {
  std::int64_t count = 0;
  const Zone& zone = world.config->book->zone(world.zones.at(contact_name(id)));
  std::map<std::string, base::Instant> counted;
  for (const auto& input : world.events) {
    if (input.who.user_id != contact_name(id) || input.event.occurred_at > moment) continue;
    const Touchpoint* touchpoint = world.config->book->touchpoint(input.event.name);
    if (touchpoint == nullptr) continue;
    const auto last = counted.find(input.event.name);
    if (last != counted.end() &&
        input.event.occurred_at < add(last->second, touchpoint->count_every, zone)) {
      continue;
    }
    counted[input.event.name] = input.event.occurred_at;
    ++count;
  }
  std::set<std::string> messages;  // the deliveries of one message are one touch
  for (const auto& l : left) {
    if (l.contact != id || l.at > moment || l.outcome != OutcomeKind::delivered) continue;
    if (is_marketing(l.kind)) messages.insert(l.key.substr(0, l.key.rfind('.')));
  }
  return count + static_cast<std::int64_t>(messages.size());
}

std::vector<Left> marketing(const std::vector<Left>& left, const std::string& contact,
                            const std::string& address) {
  std::vector<Left> found;
  std::set<std::string> seen;
  for (const auto& l : left) {
    if (!is_marketing(l.kind)) continue;
    if (!contact.empty() && l.contact != contact) continue;
    if (!address.empty() && l.address != address) continue;
    // `via: all` is one message of the contact.
    if (!contact.empty() && !seen.insert(l.key.substr(0, l.key.rfind('.'))).second) continue;
    found.push_back(l);
  }
  return found;
}

void check_promises(const tests::RandomWorld& world, const std::vector<Left>& left) {
  const Settings& settings = world.config->book->settings();
  std::set<std::string> contacts;
  std::map<std::string, std::string> addresses;  // address → one of its contacts
  for (const auto& l : left) {
    contacts.insert(l.contact);
    addresses[l.address] = l.contact;
  }
  for (const auto& contact : contacts) {
    const auto sent = marketing(left, contact, "");
    const Zone& zone = world.config->book->zone(world.zones.at(contact_name(contact)));
    check_shares(settings, sent);
    check_caps(settings, zone, sent);
    for (const auto& l : sent) {
      if (l.kind != Kind::offer) continue;
      // The offer itself may be among the touches of its moment.
      const std::int64_t own = l.outcome == OutcomeKind::delivered ? 1 : 0;
      REQUIRE(touches_before(world, left, contact, l.at) - own >= settings.touches_before_offer);
    }
  }
  for (const auto& [address, contact] : addresses) {
    const auto sent = marketing(left, "", address);
    check_shares(settings, sent);
    check_caps(settings, world.config->book->zone(world.zones.at(contact_name(contact))), sent);
  }
}

// At the moment itself either may have come first.
std::size_t check_humans(const std::vector<WithHuman>& humans, const std::vector<Left>& left) {
  std::size_t compared = 0;
  for (const auto& its : humans) {
    for (const auto& l : left) {
      if (contact_name(l.contact) != its.contact || l.kind == Kind::receipt) continue;
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

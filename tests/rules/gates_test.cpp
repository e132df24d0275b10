#include "rules/gates.h"

#include <date/tz.h>

#include "base/random.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::rules;
using namespace std::chrono_literals;

namespace {

Instant at(const std::string& text) {
  return *base::parse_instant(text);
}

struct World {
  Settings settings;
  Snapshot snapshot;
  MessageInfo message{.name = "m"};
  Pending pending{.enrollment = 1, .playbook = "p", .message = "m"};
  Pauses pauses;
  Route route{.via = {"email"}};

  World() {
    settings.channels = {{"email", {"smtp", false}}, {"telegram", {"bot", true}}};
    settings.limits = {.per_day = 100, .per_week = 100, .min_gap = {}, .quiet = {{}, {}}};
    snapshot.contact.id = {1};
    snapshot.contact.addresses = {{"email", "u1@example.org"}};
    snapshot.contact.consents = {{"email", {.given = true}}};
  }

  Verdict judge(Instant now = at("2026-03-02T12:00:00Z")) const {
    const Book book(BookParts{.settings = settings, .messages = {message}});
    return rules::judge(book, pauses, snapshot, nullptr, message, pending, route, now);
  }
};

}  // namespace

TEST_CASE("a message goes when nothing stands against it") {
  World world;
  const auto verdict = world.judge();
  CHECK(verdict.allowed());
  REQUIRE(verdict.targets.size() == 1);
  CHECK(verdict.targets[0].value == "u1@example.org");
}

TEST_CASE("what bars which kind of message") {
  const Suppression unsubscribed{SuppressionScope::marketing, {}, "unsubscribed"};
  const Suppression bounced{SuppressionScope::all, {}, "bounced"};
  struct Case {
    std::string name;
    Kind kind;
    std::optional<Suppression> suppression;
    bool consent;
    Reason want;
  };
  const auto c = GENERATE_COPY(values<Case>({
      {"value needs consent", Kind::value, {}, false, Reason::consent},
      {"a reminder needs consent", Kind::reminder, {}, false, Reason::consent},
      {"a receipt does not", Kind::receipt, {}, false, Reason::none},
      {"a reply does not", Kind::reply, {}, false, Reason::none},
      {"an unsubscribe bars marketing even with consent", Kind::engagement, unsubscribed, true,
       Reason::suppressed},
      {"an unsubscribe does not bar a receipt", Kind::receipt, unsubscribed, true, Reason::none},
      {"a hard bounce bars a receipt", Kind::receipt, bounced, true, Reason::suppressed},
      {"a hard bounce bars marketing", Kind::value, bounced, true, Reason::suppressed},
  }));
  INFO(c.name);
  World world;
  world.message.kind = c.kind;
  world.snapshot.contact.consents["email"].given = c.consent;
  SECTION("for the person") {
    world.snapshot.contact.suppression = c.suppression;
  }
  SECTION("for the address") {
    world.snapshot.addresses.push_back(
        {.address = {"email", "u1@example.org"}, .suppression = c.suppression});
  }
  SECTION("for the address in other letters") {
    world.snapshot.addresses.push_back(
        {.address = {"email", "U1@Example.org"}, .suppression = c.suppression});
  }
  CHECK(world.judge().reason == c.want);
}

TEST_CASE("the first channel that consent and address allow is taken") {
  World world;
  world.route.via = {"telegram", "email"};
  CHECK(world.judge().targets.at(0).channel == "email");
  world.snapshot.contact.addresses["telegram"] = "42";
  CHECK(world.judge().targets.at(0).channel == "telegram");
  world.route.refused = {"telegram"};
  CHECK(world.judge().targets.at(0).channel == "email");
  world.route.refused = {"telegram", "email"};
  CHECK(world.judge().reason == Reason::refused);
  CHECK(world.judge().skip);
  world.route.refused.clear();
  world.route.all = true;
  CHECK(world.judge().targets.size() == 2);
}

TEST_CASE("no address is unreachable, an unset channel too") {
  World world;
  world.snapshot.contact.addresses.clear();
  CHECK(world.judge().reason == Reason::unreachable);
  world.route.via = {"pigeon"};
  CHECK(world.judge().reason == Reason::unreachable);
}

TEST_CASE("a topic that is not wanted keeps marketing about it") {
  World world;
  world.message.topic = "webinars";
  CHECK(world.judge().allowed());
  world.snapshot.contact.topics_declined = {"news"};
  CHECK(world.judge().allowed());
  world.snapshot.contact.topics_declined = {"news", "webinars"};
  CHECK(world.judge().reason == Reason::consent);
  world.message.kind = Kind::receipt;
  CHECK(world.judge().allowed());
}

TEST_CASE("an offer waits for seven touches") {
  World world;
  world.message.kind = Kind::offer;
  world.settings.mix.window = 1;
  for (int i = 0; i < 6; ++i) world.snapshot.contact.touches.add(base::from_millis(i));
  CHECK(world.judge().reason == Reason::touches);
  world.snapshot.contact.touches.add(base::from_millis(7));
  CHECK(world.judge().allowed());
}

TEST_CASE("shares are cut down to whole messages, and never under one") {
  const auto [window, offer, engagement, offers, engagements] =
      GENERATE(table<std::size_t, int, int, std::size_t, std::size_t>({
          {10, 10, 20, 1, 2},
          {20, 10, 20, 2, 4},
          {15, 10, 20, 1, 3},
          {5, 10, 20, 1, 1},
          {10, 0, 30, 0, 3},
          {10, 15, 15, 1, 1},
          {7, 30, 30, 2, 2},
      }));
  const Mix mix{.value = 100 - offer - engagement,
                .engagement = engagement,
                .offer = offer,
                .window = window};
  CHECK(share_max(mix, Kind::offer) == offers);
  CHECK(share_max(mix, Kind::engagement) == engagements);
  CHECK(share_max(mix, Kind::value) == window);
}

TEST_CASE("whatever the mix lets through keeps every window within its shares") {
  base::Random random(GENERATE(as<std::uint64_t>{}, 21, 22, 23, 24, 25, 26));
  const int offer = static_cast<int>(random.below(40));
  const int engagement = static_cast<int>(random.below(50));
  const Mix mix{100 - offer - engagement, engagement, offer, 1 + random.below(20)};
  Ledger ledger;
  std::vector<Kind> sent;
  for (int i = 0; i < 400; ++i) {
    const auto kind = static_cast<Kind>(random.below(3));
    if (!mix_allows(mix, ledger, kind)) continue;
    ledger.depart({base::from_millis(i * 86'400'000LL), kind}, mix.window);
    sent.push_back(kind);
  }
  for (std::size_t start = 0; start + mix.window <= sent.size(); ++start) {
    for (const Kind kind : {Kind::engagement, Kind::offer}) {
      const auto from = sent.begin() + static_cast<std::ptrdiff_t>(start);
      const auto count = std::count(from, from + static_cast<std::ptrdiff_t>(mix.window), kind);
      REQUIRE(static_cast<std::size_t>(count) <= share_max(mix, kind));
    }
  }
}

TEST_CASE("caps name the first moment that quiet hours allow as well") {
  World world;
  world.settings.limits = {};  // 1 a day, 4 in seven days, 12h apart, quiet 21-9
  world.snapshot.contact.ledger.departures = {{at("2026-03-02T09:00:00Z"), Kind::value}};
  const auto verdict = world.judge(at("2026-03-02T10:00:00Z"));
  CHECK(verdict.reason == Reason::cap);
  CHECK(base::to_rfc3339(*verdict.until) == "2026-03-03T09:00:00Z");
  const auto night = world.judge(at("2026-03-04T22:00:00Z"));
  CHECK(night.reason == Reason::quiet);
  CHECK(base::to_rfc3339(*night.until) == "2026-03-05T09:00:00Z");
}

TEST_CASE("the week is any seven calendar days in a row") {
  World world;
  world.settings.limits.per_week = 4;
  for (const auto* day : {"2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z", "2026-03-03T12:00:00Z",
                          "2026-03-04T12:00:00Z"}) {
    world.snapshot.contact.ledger.departures.push_back({at(day), Kind::value});
  }
  const auto verdict = world.judge(at("2026-03-05T12:00:00Z"));
  CHECK(verdict.reason == Reason::cap);
  CHECK(base::to_rfc3339(*verdict.until) == "2026-03-08T00:00:00Z");
}

TEST_CASE("an address that another contact shares is capped for both") {
  World world;
  world.settings.limits.per_day = 1;
  world.snapshot.addresses.push_back(
      {.address = {"email", "u1@example.org"},
       .ledger = {.departures = {{at("2026-03-02T09:00:00Z"), Kind::value}}}});
  CHECK(world.judge(at("2026-03-02T12:00:00Z")).reason == Reason::cap);
}

TEST_CASE("staging lets nothing out to any other address") {
  World world;
  world.settings.only_to = {"me@example.org"};
  CHECK(world.judge().reason == Reason::only_to);
  CHECK_FALSE(world.judge().skip);  // held: the list may change
  world.settings.only_to = {"U1@example.org"};
  CHECK(world.judge().allowed());
}

TEST_CASE("a pause holds its playbook, its connector, or all") {
  World world;
  CHECK(world.judge().allowed());
  SECTION("all") {
    world.pauses.all = true;
  }
  SECTION("playbook") {
    world.pauses.playbooks = {"p"};
  }
  SECTION("connector") {
    world.pauses.connectors = {"smtp"};
  }
  CHECK(world.judge().reason == Reason::paused);
}

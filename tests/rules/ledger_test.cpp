#include "rules/ledger.h"

#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::rules;
using namespace std::chrono_literals;

TEST_CASE("a ledger keeps what the window and the week need, and no more") {
  Ledger ledger;
  const Instant start = *base::parse_instant("2026-01-01");
  for (int day = 0; day < 40; ++day) ledger.depart({start + 24h * day, Kind::value}, 10);
  CHECK(ledger.departures.size() == 10);
  for (int hour = 0; hour < 100; ++hour)
    ledger.depart({start + 24h * 40 + 1h * hour, Kind::value}, 10);
  CHECK(ledger.departures.size() > 100);
}

TEST_CASE("a message that did not leave after all is taken back once") {
  Ledger ledger;
  const Instant now = *base::parse_instant("2026-01-01");
  ledger.depart({now, Kind::offer}, 10);
  ledger.depart({now + 1h, Kind::offer}, 10);
  ledger.take_back({now, Kind::offer});
  ledger.take_back({now, Kind::offer});
  REQUIRE(ledger.departures.size() == 1);
  CHECK(ledger.departures.front().at == now + 1h);
}

#include "rules/cron.h"

#include <date/tz.h>

#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::rules;

namespace {

Instant at(const std::string& text) {
  return *base::parse_instant(text);
}

std::string next(const std::string& cron, const std::string& after, const std::string& zone) {
  const auto parsed = parse_cron(cron);
  REQUIRE(parsed);
  const auto moment = next_time(*parsed, at(after), Zone(date::locate_zone(zone)));
  return moment ? base::to_rfc3339(*moment) : "never";
}

}  // namespace

TEST_CASE("a schedule tells its next moment on the clock of its zone") {
  const auto [cron, after, zone, expected] =
      GENERATE(table<std::string, std::string, std::string, std::string>({
          {"0 10 * * TUE", "2026-03-02T00:00:00Z", "Europe/Moscow", "2026-03-03T07:00:00Z"},
          {"0 10 * * TUE", "2026-03-03T07:00:00Z", "Europe/Moscow", "2026-03-10T07:00:00Z"},
          {"0 10 * * 2", "2026-03-03T06:59:59.999Z", "Europe/Moscow", "2026-03-03T07:00:00Z"},
          {"*/15 * * * *", "2026-03-02T10:01:00Z", "UTC", "2026-03-02T10:15:00Z"},
          {"5/20 * * * *", "2026-03-02T10:06:00Z", "UTC", "2026-03-02T10:25:00Z"},
          {"30 9-17/4 * * mon-fri", "2026-03-06T18:00:00Z", "UTC", "2026-03-09T09:30:00Z"},
          {"0 0 1,15 * *", "2026-03-02T00:00:00Z", "UTC", "2026-03-15T00:00:00Z"},
          // Both days restricted: either will do.
          {"0 0 13 * FRI", "2026-03-07T00:00:00Z", "UTC", "2026-03-13T00:00:00Z"},
          {"0 0 14 * FRI", "2026-03-07T00:00:00Z", "UTC", "2026-03-13T00:00:00Z"},
          {"0 0 * JAN,jul *", "2026-03-07T00:00:00Z", "UTC", "2026-07-01T00:00:00Z"},
          {"0 0 * * 7", "2026-03-02T00:00:00Z", "UTC", "2026-03-08T00:00:00Z"},
          {"0 0 * * SAT-SUN", "2026-03-02T00:00:00Z", "UTC", "2026-03-07T00:00:00Z"},
          {"0 0 29 2 *", "2026-03-02T00:00:00Z", "UTC", "2028-02-29T00:00:00Z"},
          {"0 0 29 2 *", "2096-03-02T00:00:00Z", "UTC", "2104-02-29T00:00:00Z"},
          // Skipped by the clock change: the first valid moment after it; twice: the first.
          {"30 2 * * *", "2026-03-28T12:00:00Z", "Europe/Berlin", "2026-03-29T01:00:00Z"},
          {"30 2 * * *", "2026-10-24T12:00:00Z", "Europe/Berlin", "2026-10-25T00:30:00Z"},
          {"30 2 * * *", "2026-10-25T00:30:00Z", "Europe/Berlin", "2026-10-26T01:30:00Z"},
      }));
  CAPTURE(cron, after);
  CHECK(next(cron, after, zone) == expected);
}

TEST_CASE("what is no schedule is refused") {
  const std::string text = GENERATE(
      std::string(""), "0 10 * *", "0 10 * * TUE *", "60 * * * *", "* 24 * * *", "* * 0 * *",
      "* * 32 * *", "* * * 13 *", "* * * * 8", "* * * * TUESDAY", "*/0 * * * *", "1-0 * * * *",
      "1, * * * *", "a * * * *", "-1 * * * *", "1- * * * *", "@daily", "0 0 31 FEB *", "0 0 30 2 *",
      "1.5 * * * *", "\xd0\xb0 * * * *", std::string(300, '*'), "99999999999999999999 * * * *");
  CAPTURE(text);
  const auto parsed = parse_cron(text);
  REQUIRE_FALSE(parsed);
  CHECK_FALSE(parsed.error().remedy.empty());
}

#include "rules/calendar.h"

#include <date/tz.h>

#include "base/random.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::rules;
using namespace std::chrono_literals;

namespace {

Zone zone(const std::string& name) {
  return Zone(date::locate_zone(name));
}
Instant at(const std::string& text) {
  return *base::parse_instant(text);
}
Span span(const std::string& text) {
  return *parse_span(text);
}

}  // namespace

TEST_CASE("durations are read as people write them") {
  const auto [text, days, exact] = GENERATE(table<std::string, int, Milliseconds>({
      {"90s", 0, 90s},
      {"30m", 0, 30min},
      {"4h", 0, 4h},
      {"2d", 2, 0s},
      {"1w", 7, 0s},
      {"1d12h", 1, 12h},
      {"1w2d3h4m5s", 9, 3h + 4min + 5s},
      {"0s", 0, 0s},
  }));
  const auto read = parse_span(text);
  REQUIRE(read);
  CHECK(read->days == days);
  CHECK(read->exact == exact);
  CHECK(*parse_span(to_string(*read)) == *read);
}

TEST_CASE("what is not a duration is refused") {
  const auto* text =
      GENERATE("", "2", "d", "2 d", "-2d", "+2d", "2D", "1h1d", "1d1d", "1.5h", "2days",
               "99999999999999999999s", "3661d", "524w", "1h 30m", "\xd0\xb4");
  CHECK_FALSE(parse_span(text));
}

TEST_CASE("times of day are read strictly") {
  CHECK(parse_clock_time("9:05")->minutes == 545);
  CHECK(parse_clock_time("00:00")->minutes == 0);
  CHECK(parse_clock_time("23:59")->minutes == 1439);
  const auto* wrong =
      GENERATE("24:00", "10:60", "10", "10:0", "1000", "a:00", "10:00:00", "", "-1:00", "10:00 ");
  CHECK_FALSE(parse_clock_time(wrong));
}

TEST_CASE("days are calendar days on the contact's clock, hours are exact") {
  // Berlin sprang forward on 2026-03-29 at 02:00, and back on 2026-10-25 at 03:00.
  const auto [from, text, want] = GENERATE(table<std::string, std::string, std::string>({
      {"2026-03-28T11:00:00Z", "1d", "2026-03-29T10:00:00Z"},
      {"2026-03-28T11:00:00Z", "24h", "2026-03-29T11:00:00Z"},
      {"2026-10-24T10:00:00Z", "1d", "2026-10-25T11:00:00Z"},
      {"2026-10-24T10:00:00Z", "24h", "2026-10-25T10:00:00Z"},
      {"2026-12-31T22:30:00Z", "1d12h", "2027-01-02T10:30:00Z"},
      {"2026-02-28T12:00:00Z", "1d", "2026-03-01T12:00:00Z"},
      {"2024-02-28T12:00:00Z", "1d", "2024-02-29T12:00:00Z"},
  }));
  CHECK(base::to_rfc3339(add(at(from), span(text), zone("Europe/Berlin"))) == want);
}

TEST_CASE("a skipped local time becomes the first valid moment after it") {
  // 02:30 on 2026-03-29 does not exist in Berlin: 03:00 CEST is 01:00 UTC.
  CHECK(add(at("2026-03-28T01:30:00Z"), span("1d"), zone("Europe/Berlin")) ==
        at("2026-03-29T01:00:00Z"));
  CHECK(align(at("2026-03-29T00:00:00Z"), *parse_clock_time("02:30"), {}, zone("Europe/Berlin")) ==
        at("2026-03-29T01:00:00Z"));
}

TEST_CASE("a doubled local time means its first") {
  // 02:30 on 2026-10-25 happens at 00:30 and at 01:30 UTC.
  CHECK(add(at("2026-10-24T00:30:00Z"), span("1d"), zone("Europe/Berlin")) ==
        at("2026-10-25T00:30:00Z"));
  CHECK(align(at("2026-10-24T23:00:00Z"), *parse_clock_time("02:30"), {}, zone("Europe/Berlin")) ==
        at("2026-10-25T00:30:00Z"));
}

TEST_CASE("Lord Howe changes its clock by half an hour") {
  // From UTC+11 to UTC+10:30 on 2026-04-05 at 02:00 local: 01:30-02:00 happens twice.
  // From UTC+10:30 to UTC+11 on 2026-10-04 at 02:00 local: 02:00-02:30 is skipped.
  const Zone howe = zone("Australia/Lord_Howe");
  CHECK(align(at("2026-04-04T14:00:00Z"), *parse_clock_time("01:45"), {}, howe) ==
        at("2026-04-04T14:45:00Z"));
  CHECK(align(at("2026-10-03T14:00:00Z"), *parse_clock_time("02:15"), {}, howe) ==
        at("2026-10-03T15:30:00Z"));
  CHECK(add(at("2026-10-02T23:30:00Z"), span("1d"), howe) == at("2026-10-03T23:00:00Z"));
}

TEST_CASE("a wait ends at the first permitted moment at or after its span") {
  // 2026-03-02 is a Monday.
  const Zone moscow = zone("Europe/Moscow");
  const Weekdays workdays{0b0011111};
  const auto [from, clock, days, want] =
      GENERATE_COPY(table<std::string, std::string, Weekdays, std::string>({
          {"2026-03-04T08:30:00Z", "", Weekdays{}, "2026-03-04T08:30:00Z"},
          {"2026-03-04T08:30:00Z", "10:00", Weekdays{}, "2026-03-05T07:00:00Z"},
          {"2026-03-04T06:30:00Z", "10:00", Weekdays{}, "2026-03-04T07:00:00Z"},
          {"2026-03-04T07:00:00Z", "10:00", Weekdays{}, "2026-03-04T07:00:00Z"},
          {"2026-03-06T08:30:00Z", "10:00", workdays, "2026-03-09T07:00:00Z"},
          {"2026-03-07T08:30:00Z", "", workdays, "2026-03-09T08:30:00Z"},
          {"2026-03-02T08:30:00Z", "10:00", Weekdays{1}, "2026-03-09T07:00:00Z"},
          {"2026-12-31T20:59:00Z", "00:00", Weekdays{}, "2026-12-31T21:00:00Z"},
      }));
  const auto time = clock.empty() ? std::nullopt : std::optional(*parse_clock_time(clock));
  CHECK(base::to_rfc3339(align(at(from), time, days, moscow)) == want);
}

TEST_CASE("quiet hours end on the contact's clock") {
  const QuietHours night = *parse_quiet_hours("21:00-09:00");
  const QuietHours lunch = *parse_quiet_hours("12:00-13:00");
  const QuietHours none = *parse_quiet_hours("00:00-00:00");
  const auto [quiet, name, now, want] =
      GENERATE_COPY(table<QuietHours, std::string, std::string, std::string>({
          {night, "Europe/Moscow", "2026-03-01T19:00:00Z", "2026-03-02T06:00:00Z"},
          {night, "Europe/Moscow", "2026-03-01T18:00:00Z", "2026-03-02T06:00:00Z"},
          {night, "Europe/Moscow", "2026-03-01T17:59:59.999Z", "2026-03-01T17:59:59.999Z"},
          {night, "Europe/Moscow", "2026-03-02T05:59:59Z", "2026-03-02T06:00:00Z"},
          {night, "Europe/Moscow", "2026-03-02T06:00:00Z", "2026-03-02T06:00:00Z"},
          {night, "Europe/Berlin", "2026-03-28T22:00:00Z", "2026-03-29T07:00:00Z"},
          {lunch, "UTC", "2026-03-02T12:30:00Z", "2026-03-02T13:00:00Z"},
          {lunch, "UTC", "2026-03-02T13:00:00Z", "2026-03-02T13:00:00Z"},
          {none, "UTC", "2026-03-02T03:00:00Z", "2026-03-02T03:00:00Z"},
      }));
  CHECK(base::to_rfc3339(next_open(quiet, at(now), zone(name))) == want);
}

TEST_CASE("calendar arithmetic never goes back and always lands where it promised") {
  base::Random random(GENERATE(as<std::uint64_t>{}, 1, 2, 3, 4, 5));
  const std::vector<std::string> names = {
      "Europe/Berlin",     "Australia/Lord_Howe", "America/New_York",
      "Pacific/Apia",      "Asia/Kathmandu",      "America/St_Johns",
      "Africa/Casablanca", "Antarctica/Troll",    "UTC"};
  for (int i = 0; i < 4000; ++i) {
    const Zone where = zone(names[random.below(names.size())]);
    const Instant from =
        base::from_millis(static_cast<std::int64_t>(random.below(2'000'000'000)) * 1000);
    const Span length{static_cast<std::int32_t>(random.below(400)),
                      Milliseconds(static_cast<std::int64_t>(random.below(86'400'000)))};
    // A day may be 23 or 25 hours long; in Apia one was missing altogether.
    CHECK(add(from, length, where) - from >= length.nominal() - 25h);
    const ClockTime clock{static_cast<std::int16_t>(random.below(1440))};
    const Weekdays days{static_cast<std::uint8_t>(random.below(128))};
    const Instant aligned = align(from, clock, days, where);
    CHECK(aligned >= from);
    CHECK(aligned - from <= 24h * 9);
    const QuietHours quiet{ClockTime{static_cast<std::int16_t>(random.below(1440))},
                           ClockTime{static_cast<std::int16_t>(random.below(1440))}};
    const Instant open = next_open(quiet, from, where);
    CHECK(open >= from);
    CHECK(next_open(quiet, open, where) == open);
  }
}

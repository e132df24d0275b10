// Timestamps and durations: text, arithmetic, parts, zones.
#include <rapidcheck.h>

#include "rules/cel/time_text.h"
#include "tests/catch.h"
#include "tests/rules/cel/answer.h"

namespace nurtured::cel {
namespace {

void check_all(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    CAPTURE(each.source);
    CHECK(answer(each.source) == each.expected);
  }
}

TEST_CASE("timestamps are RFC 3339 within the years 1 to 9999") {
  check_all({
      {"timestamp('2026-03-01T10:00:00+03:00')", "timestamp(\"2026-03-01T07:00:00Z\")"},
      {"timestamp('2026-03-01T10:00:00.123456789Z')",
       "timestamp(\"2026-03-01T10:00:00.123456789Z\")"},
      {"timestamp('2024-02-29T00:00:00Z')", "timestamp(\"2024-02-29T00:00:00Z\")"},
      {"timestamp(0)", "timestamp(\"1970-01-01T00:00:00Z\")"},
      {"string(timestamp('1969-12-31T23:59:59.5Z'))", "\"1969-12-31T23:59:59.5Z\""},
      {"int(timestamp('1969-12-31T23:59:59.5Z'))", "-1"},
      {"timestamp('9999-12-31T23:59:59.999999999Z')",
       "timestamp(\"9999-12-31T23:59:59.999999999Z\")"},
  });
}

TEST_CASE("text that is no timestamp is refused") {
  for (const std::string_view text : {"",
                                      "2026",
                                      "2026-03-01",
                                      "2026-03-01T10:00:00",
                                      "2026-03-01 10:00:00Z",
                                      "2026-02-29T00:00:00Z",
                                      "2026-13-01T00:00:00Z",
                                      "2026-00-01T00:00:00Z",
                                      "2026-01-32T00:00:00Z",
                                      "2026-01-01T24:00:00Z",
                                      "2026-01-01T00:60:00Z",
                                      "2026-01-01T00:00:60Z",
                                      "2026-01-01T00:00:00.Z",
                                      "2026-01-01T00:00:00.1234567890Z",
                                      "2026-01-01T00:00:00+25:00",
                                      "2026-01-01T00:00:00+0300",
                                      "2026-01-01T00:00:00Zx",
                                      "0000-01-01T00:00:00Z",
                                      "0001-01-01T00:00:00+00:01",
                                      "10000-01-01T00:00:00Z",
                                      "-001-01-01T00:00:00Z",
                                      "2026-1-1T00:00:00Z",
                                      "２０２６-01-01T00:00:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_timestamp(text));
  }
}

TEST_CASE("durations are read in all their units") {
  check_all({
      {"duration('0')", "duration(\"0s\")"},
      {"duration('1h30m')", "duration(\"5400s\")"},
      {"duration('-1.5h')", "duration(\"-5400s\")"},
      {"duration('1m1ms')", "duration(\"60.001s\")"},
      {"duration('1us1ns')", "duration(\"0.000001001s\")"},
      {"duration('-1ns')", "duration(\"-0.000000001s\")"},
      {"duration('.5s')", "duration(\"0.5s\")"},
      {"duration('+2s')", "duration(\"2s\")"},
      {"duration('9223372036s')", "duration(\"9223372036s\")"},
      {"duration('9223372037s')", "error"},
      {"string(duration('1m1ms'))", "\"60.001s\""},
  });
}

TEST_CASE("text that is no duration is refused") {
  for (const std::string_view text : {"",
                                      "-",
                                      "+",
                                      "1",
                                      "s",
                                      ".s",
                                      "1d",
                                      "1w",
                                      "1 s",
                                      "1s ",
                                      " 1s",
                                      "1h-30m",
                                      "--1s",
                                      "1e3s",
                                      "0x1s",
                                      "1.2.3s",
                                      "99999999999999999999h",
                                      "1S",
                                      "00",
                                      "-0 "}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("times add and subtract, and overflow is an error") {
  check_all({
      {"timestamp(0) + duration('1h')", "timestamp(\"1970-01-01T01:00:00Z\")"},
      {"duration('1h') + timestamp(0)", "timestamp(\"1970-01-01T01:00:00Z\")"},
      {"timestamp(0) - duration('1ns')", "timestamp(\"1969-12-31T23:59:59.999999999Z\")"},
      {"timestamp(60) - timestamp(0)", "duration(\"60s\")"},
      {"duration('1s') - duration('2s')", "duration(\"-1s\")"},
      {"duration('1s') - timestamp(0)", "error"},
      {"timestamp(0) + timestamp(0)", "error"},
      {"timestamp('9999-12-31T23:59:59Z') + duration('1s')", "error"},
      {"timestamp('9999-01-01T00:00:00Z') - timestamp('0001-01-01T00:00:00Z')", "error"},
      {"duration('9223372036s') + duration('1s')", "error"},
  });
}

TEST_CASE("parts of a moment are told in UTC, in fixed offsets and in named zones") {
  check_all({
      {"timestamp('2026-03-01T22:30:15.250Z').getFullYear()", "2026"},
      {"timestamp('2026-03-01T22:30:15.250Z').getMonth()", "2"},
      {"timestamp('2026-03-01T22:30:15.250Z').getDate()", "1"},
      {"timestamp('2026-03-01T22:30:15.250Z').getDayOfMonth()", "0"},
      {"timestamp('2026-03-01T22:30:15.250Z').getDayOfWeek()", "0"},
      {"timestamp('2026-03-01T22:30:15.250Z').getDayOfYear()", "59"},
      {"timestamp('2026-03-01T22:30:15.250Z').getHours('Europe/Moscow')", "1"},
      {"timestamp('2026-03-01T22:30:15.250Z').getDate('+03:00')", "2"},
      {"timestamp('2026-03-01T22:30:15.250Z').getMinutes('-00:45')", "45"},
      {"timestamp('2026-03-01T22:30:15.250Z').getHours('01:30')", "0"},
      {"timestamp('2026-03-01T22:30:15.250Z').getMilliseconds()", "250"},
      {"timestamp('2026-03-01T22:30:15.250Z').getSeconds('UTC')", "15"},
      {"timestamp('2026-07-01T00:00:00Z').getMinutes('Australia/Lord_Howe')", "30"},
      {"timestamp('2026-01-01T00:00:00Z').getHours('Australia/Lord_Howe')", "11"},
      {"duration('90m').getHours() + duration('90m').getMinutes() + duration('90s').getSeconds()",
       "181"},
      {"duration('1.234s').getMilliseconds()", "234"},
  });
}

TEST_CASE("a zone that nobody knows is an error") {
  for (const std::string_view zone : {"", "Mars/Olympus", "+3:00", "+0300", "+25:00", "+03:60",
                                      "03", "../../etc/passwd", "Europe/Moscow ", "+03:00x", "-"}) {
    CAPTURE(zone);
    CHECK_FALSE(utc_offset(zone, Timestamp{}));
  }
  CHECK_FALSE(utc_offset(std::string(10'000, 'A'), Timestamp{}));
}

TEST_CASE("a timestamp and a duration read back what they print") {
  CHECK(rc::check("timestamps", [] {
    const Timestamp moment{
        .seconds = *rc::gen::inRange(timestamp_min.seconds, timestamp_max.seconds),
        .nanos = *rc::gen::inRange(0, 1'000'000'000)};
    RC_ASSERT(parse_timestamp(to_text(moment)) == moment);
  }));
  CHECK(rc::check("durations", [](std::int64_t nanos) {
    const Duration duration{.seconds = nanos / 1'000'000'000,
                            .nanos = static_cast<std::int32_t>(nanos % 1'000'000'000)};
    RC_ASSERT(parse_duration(to_text(duration)) == duration);
  }));
}

}  // namespace
}  // namespace nurtured::cel

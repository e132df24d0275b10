#include "base/instant.h"

#include "tests/catch.h"

using namespace nurtured::base;

TEST_CASE("a time is read in the forms that SDKs send") {
  const auto [text, millis] = GENERATE(table<std::string, std::int64_t>({
      {"1970-01-01T00:00:00Z", 0},
      {"2026-03-01T07:00:00Z", 1772348400000},
      {"2026-03-01T10:00:00+03:00", 1772348400000},
      {"2026-03-01T10:00:00+0300", 1772348400000},
      {"2026-03-01 07:00", 1772348400000},
      {"2026-03-01T07:00:00.5Z", 1772348400500},
      {"2026-03-01T07:00:00.123456789Z", 1772348400123},
      {"2026-03-01t07:00:00z", 1772348400000},
      {"2024-02-29", 1709164800000},
      {"0001-01-01T00:00:00Z", -62135596800000},
      {"9999-12-31T23:59:59.999Z", 253402300799999},
  }));
  const auto instant = parse_instant(text);
  REQUIRE(instant);
  CHECK(to_millis(*instant) == millis);
}

TEST_CASE("what is not a time is refused") {
  const auto* text = GENERATE("", "now", "2026-02-30T00:00:00Z", "2026-13-01",
                              "2026-03-01T24:00:00Z", "2026-03-01T10:00:00+25:00",
                              "2026-03-01T10:00:00.Z", "26-03-01", "2026-03-01T10:00:00Zjunk",
                              "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00", "-2026-03-01");
  CHECK_FALSE(parse_instant(text));
}

TEST_CASE("a printed time reads back equal") {
  const auto millis =
      GENERATE(take(200, random(std::int64_t{-62135596800000}, std::int64_t{253402300799999})));
  const Instant instant = from_millis(millis);
  CHECK(parse_instant(to_rfc3339(instant)) == instant);
}

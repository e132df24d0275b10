#include "rules/cel/literal.h"

#include <limits>

#include <rapidcheck.h>

#include "tests/catch.h"
#include "tests/rules/cel/answer.h"

namespace nurtured::cel {
namespace {

TEST_CASE("values print as CEL reads them") {
  const std::vector<std::pair<Value, std::string_view>> rows = {
      {nullptr, "null"},
      {true, "true"},
      {1, "1"},
      {std::numeric_limits<std::int64_t>::min(), "-9223372036854775808"},
      {1U, "1u"},
      {1.0, "1.0"},
      {-0.0, "-0.0"},
      {0.1, "0.1"},
      {1e15, "1000000000000000.0"},
      {1e16, "1e+16"},
      {1e-5, "1e-05"},
      {std::numeric_limits<double>::infinity(), "double(\"Infinity\")"},
      {std::numeric_limits<double>::quiet_NaN(), "double(\"NaN\")"},
      {"a\"b\\c\n\x01\xc3\xa9", "\"a\\\"b\\\\c\\n\\u0001\xc3\xa9\""},
      {Bytes{std::string("\0a\xff", 3)}, R"(b"\x00\x61\xff")"},
      {Timestamp{.seconds = 1767225600}, "timestamp(\"2026-01-01T00:00:00Z\")"},
      {Duration{.seconds = 3600}, "duration(\"3600s\")"},
      {Value::type(Kind::integer), "int"},
      {List{1, 2}, "[1, 2]"},
      {Map{{"k", 1}}, "{\"k\": 1}"},
      {Value::optional_of(1), "optional.of(1)"},
      {Value::optional_none(), "optional.none()"},
  };
  for (const auto& [value, expected] : rows) CHECK(to_literal(value) == expected);
}

TEST_CASE("a literal reads back as the value that it was made of") {
  for (const std::string_view literal :
       {"[1, 1u, 1.5, true, null]", R"({true: int, 7: {}, "a": [b"\x00", "x"]})",
        "timestamp(\"2026-01-01T00:00:00.000000001Z\")", "duration(\"-0.5s\")",
        "[optional.of([1]), optional.none()]", "google.protobuf.Timestamp", "-9223372036854775808",
        "18446744073709551615u", "5e-324", "1.7976931348623157e+308"}) {
    CHECK(answer(literal) == literal);
  }
  CHECK(rc::check("doubles",
                  [](double value) { RC_ASSERT(answer(to_literal(value)) == to_literal(value)); }));
  CHECK(rc::check("ints", [](std::int64_t value) {
    RC_ASSERT(answer(to_literal(value)) == to_literal(value));
  }));
  CHECK(rc::check("bytes", [](std::string octets) {
    const Value value = Bytes{std::move(octets)};
    RC_ASSERT(answer(to_literal(value)) == to_literal(value));
  }));
}

}  // namespace
}  // namespace nurtured::cel

#include "rules/cel/json.h"

#include <rapidcheck.h>

#include "rules/cel/literal.h"
#include "tests/catch.h"

namespace nurtured::cel {
namespace {

std::string read(std::string_view text) {
  const auto value = from_json(text);
  return value ? to_literal(*value) : "error";
}

TEST_CASE("JSON is read into the kinds of CEL") {
  const std::vector<std::pair<std::string_view, std::string_view>> rows = {
      {"null", "null"},
      {" true ", "true"},
      {"7", "7"},
      {"-7", "-7"},
      {"7.0", "7.0"},
      {"1e2", "100.0"},
      {"1e-999", "0.0"},
      {"0.1", "0.1"},
      {"123456789012345.678", "123456789012345.67"},
      {"9223372036854775807", "9223372036854775807"},
      {"9223372036854775808", "9.223372036854776e+18"},
      {"-9223372036854775809", "-9.223372036854776e+18"},
      {R"("a\u00e9\n")", "\"a\xc3\xa9\\n\""},
      {R"("\ud83d\ude00")", "\"\xf0\x9f\x98\x80\""},
      {"[]", "[]"},
      {R"([1,[2,{"a":null}]])", R"([1, [2, {"a": null}]])"},
      {R"({"z":1,"a":2})", R"({"a": 2, "z": 1})"},
      {R"({"a":1,"b":2,"a":3})", R"({"a": 3, "b": 2})"},
      {R"({"":{}})", R"({"": {}})"},
  };
  for (const auto& [text, expected] : rows) {
    CAPTURE(text);
    CHECK(read(text) == expected);
  }
}

TEST_CASE("text that is not JSON is refused") {
  for (const std::string_view text : {"",
                                      " ",
                                      "nul",
                                      "tru",
                                      "01",
                                      "1.",
                                      ".5",
                                      "+1",
                                      "--1",
                                      "1e",
                                      "0x10",
                                      "NaN",
                                      "Infinity",
                                      "'a'",
                                      "\"a",
                                      "\"\\x\"",
                                      "\"\\ud800\"",
                                      "\"\xff\"",
                                      "\"\xc0\x80\"",
                                      "\"a\nb\"",
                                      "[1,]",
                                      "[1 2]",
                                      "[",
                                      "]",
                                      "{",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{a:1}",
                                      "{\"a\":1,}",
                                      "1 2",
                                      "[1]]",
                                      "/* */ 1",
                                      "\xef\xbb\xbf 1",
                                      "1e999",
                                      "-1e999"}) {
    CAPTURE(text);
    CHECK(read(text) == "error");
  }
}

TEST_CASE("the limits on JSON hold and say which they are") {
  const std::string deep = std::string(33, '[') + std::string(33, ']');
  const auto too_deep = from_json(deep);
  REQUIRE_FALSE(too_deep);
  CHECK(too_deep.error().kind == base::ErrorKind::too_large);
  CHECK(from_json(deep, {.depth_max = 33}));
  const auto too_long = from_json("[1,2,3]", {.bytes_max = 6});
  REQUIRE_FALSE(too_long);
  CHECK(too_long.error().kind == base::ErrorKind::too_large);
  CHECK_FALSE(from_json(std::string(100'000, '[')));
}

TEST_CASE("a tolerant reading keeps what can be kept, and every mistake") {
  const auto tolerant = [](std::string_view text) {
    const auto value = from_json(text, {.depth_max = 3, .tolerant = true});
    return value ? to_json(*value) : "error";
  };
  const auto [text, expected] = GENERATE(table<std::string_view, std::string_view>({
      {R"(["a\ud83d"])", "[\"a\xef\xbf\xbd\"]"},
      {R"({"\ud83d":1})", "{\"\xef\xbf\xbd\":1}"},
      {R"(["\ud83d\ude00","\ud83d"])", "[\"\xf0\x9f\x98\x80\",\"\xef\xbf\xbd\"]"},
      {R"(["\\ud83d"])", R"(["\\ud83d"])"},
      {"[1e999,-1e999,1]", R"(["Infinity","-Infinity",1])"},
      {"[1E+000000000000000000002,0e99999999999]", "[100.0,0.0]"},
      {"[1e-99999999999]", "[0.0]"},
      {"[[[1,[2,[3]],4]]]", "[[[1,null,4]]]"},
      {R"([[[{"a":"]}\"]"}],5]])", "[[[null],5]]"},
      {"[[[[", "error"},
      {"[[[[1]]]]]", "error"},
      {R"(["\ud83d)", "error"},
      {R"(["\ud8"])", "error"},
      {R"(["\ud83d\x"])", "error"},
      {"[1e]", "error"},
      {"1e999 x", "error"},
      {"[NaN]", "error"},
      {"{\"a\":\"\xff\"}", "error"},
  }));
  CAPTURE(text);
  CHECK(tolerant(text) == expected);
}

TEST_CASE("a fault in JSON has its line and column") {
  const auto value = from_json("{\"a\": 1,\n \"\xc3\xa9\": x}");
  REQUIRE_FALSE(value);
  CHECK(value.error().place.line == 2);
  CHECK(value.error().place.column == 7);
}

TEST_CASE("values are written as JSON has them") {
  const std::vector<std::pair<Value, std::string_view>> rows = {
      {nullptr, "null"},
      {7, "7"},
      {7U, "7"},
      {7.0, "7.0"},
      {1e300, "1e+300"},
      {0.0 / -1.0, "-0.0"},
      {1.0 / 0.0, "\"Infinity\""},
      {"a\"\\\x01\n", R"("a\"\\\u0001\n")"},
      {"broken \xff", "\"broken \xef\xbf\xbd\""},
      {Bytes{"hello"}, "\"aGVsbG8=\""},
      {Timestamp{0, 5'000'000}, "\"1970-01-01T00:00:00.005Z\""},
      {Duration{-1, -500'000'000}, "\"-1.5s\""},
      {Value::type(Kind::integer), "\"int\""},
      {Value::optional_of(1), "1"},
      {Value::optional_none(), "null"},
      {Map{{1, "a"}, {true, List{}}, {"k", Map{}}}, R"({"1":"a","true":[],"k":{}})"},
  };
  for (const auto& [value, expected] : rows) CHECK(to_json(value) == expected);
}

rc::Gen<Value> any_value(int depth) {
  const auto scalar = rc::gen::oneOf(
      rc::gen::just(Value()),
      rc::gen::map(rc::gen::arbitrary<bool>(), [](bool b) { return Value(b); }),
      rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t i) { return Value(i); }),
      rc::gen::map(rc::gen::arbitrary<double>(), [](double d) { return Value(d); }),
      rc::gen::map(rc::gen::string<std::string>(), [](std::string text) {
        for (char& c : text) c = static_cast<char>(c & 0x7F);
        return Value(std::move(text));
      }));
  if (depth == 0) return scalar;
  const auto inner = any_value(depth - 1);
  return rc::gen::oneOf(
      scalar,
      rc::gen::map(rc::gen::container<std::vector<Value>>(inner),
                   [](std::vector<Value> items) { return Value(std::move(items)); }),
      rc::gen::map(rc::gen::container<std::vector<Value>>(inner),
                   [](const std::vector<Value>& items) {
                     Map map;
                     for (std::size_t i = 0; i < items.size(); ++i)
                       map.set("key" + std::to_string(i), items[i]);
                     return Value(std::move(map));
                   }));
}

TEST_CASE("what is written as JSON reads back as the same value") {
  CHECK(rc::check("round trip", [] {
    const Value value = *any_value(3);
    const std::string text = to_json(value);
    const auto again = from_json(text, {.bytes_max = 1 << 24});
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == value);
    RC_ASSERT(to_json(*again) == text);
  }));
}

}  // namespace
}  // namespace nurtured::cel

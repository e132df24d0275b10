// No condition runs long, whatever it is.
#include "tests/catch.h"
#include "tests/rules/cel/answer.h"

namespace nurtured::cel {
namespace {

base::ErrorKind kind_of(const std::string& source, std::uint64_t cost_max = 1'000'000) {
  const Environment environment({.checked = false, .limits = {.cost_max = cost_max}});
  const auto program = compile(source, environment);
  REQUIRE(program);
  const auto value = program->evaluate(MapScope(environment));
  return value ? base::ErrorKind::internal : value.error().kind;
}

std::string list_of(int count) {
  std::string text = "[0";
  for (int i = 1; i < count; ++i) text += "," + std::to_string(i);
  return text + "]";
}

std::string nested(int levels, const std::string& macro, const std::string& innermost) {
  std::string text = innermost;
  for (int i = 0; i < levels; ++i)
    text = "[0,1,2,3,4,5,6,7]." + macro + "(x" + std::to_string(i) + ", " + text + ")";
  return text;
}

TEST_CASE("expressions that would run long or grow large are stopped") {
  const std::string range = list_of(1000);
  std::string doubling = "x";
  for (int i = 0; i < 60; ++i) doubling = "cel.bind(x, [x, x], " + doubling + ")";
  std::string text_doubling = "x";
  for (int i = 0; i < 60; ++i) text_doubling = "cel.bind(x, x + x, " + text_doubling + ")";
  const std::vector<std::string> sources = {
      nested(8, "all", "true"),
      nested(8, "exists", "false"),
      nested(8, "exists_one", "true"),
      nested(8, "map", "1"),
      nested(8, "all", "1 / 0 == 1"),
      range + ".all(a, " + range + ".all(b, " + range + ".all(c, true)))",
      range + ".map(a, " + range + ").map(a, " + range + ")",
      range + ".transformMap(k, v, " + range + ").transformMap(k, v, " + range + ")",
      "cel.bind(x, [1], " + doubling + ")",
      "cel.bind(x, [1], " + doubling + " == 1)",
      "cel.bind(x, 'text', " + text_doubling + ")",
      "cel.bind(x, b'text', " + text_doubling + ")",
      range + ".map(x, 'abcdefgh').join('" + std::string(20'000, '-') + "').replace('-', '" +
          std::string(5'000, '+') + "')",
      "cel.bind(t, '" + std::string(30'000, 'a') +
          "', cel.bind(u, t + t + t + t + t + t + t + t, " + range +
          ".all(x, !u.contains(t + 'b'))))",
      "'" + std::string(3000, 's') + "'.split('').map(x, " + range + ")",
      range + ".all(x, !'a'.matches('b' + string(x)))" + " && " + range +
          ".all(x, !'a'.matches('c' + string(x))) && " + range +
          ".all(x, !'a'.matches('d' + string(x)))",
  };
  for (const std::string& source : sources) {
    CAPTURE(source.substr(0, 60), source.size());
    CHECK(kind_of(source) == base::ErrorKind::too_large);
  }
}

TEST_CASE("running out of budget is not absorbed by || or exists()") {
  CHECK(kind_of(nested(8, "all", "true") + " || true") == base::ErrorKind::too_large);
  CHECK(kind_of("[1, 2].exists(y, " + nested(8, "all", "true") + " || y == 2)") ==
        base::ErrorKind::too_large);
}

TEST_CASE("ordinary expressions are far from the limit") {
  CHECK(kind_of(list_of(1000) + ".filter(x, x % 2 == 0).map(x, string(x)).join(',') != ''",
                50'000) == base::ErrorKind::internal);
  CHECK(kind_of("'anna@example.org'.matches('^[a-z]+@')", 100) == base::ErrorKind::internal);
}

TEST_CASE("a pattern has its limit, in size and in what it expands to") {
  CHECK(kind_of("'a'.matches('" + std::string(2000, 'a') + "')") == base::ErrorKind::too_large);
  CHECK(kind_of("'a'.matches('((((a{100}){100}){100}){100})')") == base::ErrorKind::too_large);
  CHECK(answer("'" + std::string(20'000, 'a') + "'.matches('(a*)*b')") == "false");
}

}  // namespace
}  // namespace nurtured::cel

// A condition that is laid out in one piece answers as its operations do.
#include "rules/cel/plain_condition.h"

#include <limits>

#include "rules/cel/literal.h"
#include "rules/cel/parser.h"
#include "rules/cel/program.h"
#include "rules/cel/resolver.h"
#include "tests/catch.h"

namespace nurtured::cel {
namespace {

Environment environment_with(std::uint64_t cost_max = 1'000'000) {
  Environment environment({.missing_is_null = true,
                           .mixed_numbers = true,
                           .checked = false,
                           .limits = {.cost_max = cost_max}});
  environment.add_variable(
      "event", Type::object({.name = "event", .fields = {{.name = "total", .type = Type()}}}));
  return environment;
}

std::string answer_of(const Environment& environment, const std::string& source, const Map& event) {
  const auto program = compile(source, environment);
  REQUIRE(program);
  MapScope scope(environment);
  REQUIRE(scope.set("event", event));
  const auto value = program->evaluate(scope);
  const auto holds = program->test(scope);
  REQUIRE(value.has_value() == holds.has_value());
  if (!value) {
    CHECK(value.error().message == holds.error().message);
    return "error: " + value.error().message;
  }
  CHECK(value->as_bool() == *holds);
  return to_literal(*value);
}

// The same condition in a form that only operations decide: the literal first.
std::string turned(const std::string& op, const std::string& literal) {
  const std::string opposite = op == "<"    ? ">"
                               : op == "<=" ? ">="
                               : op == ">"  ? "<"
                               : op == ">=" ? "<="
                                            : op;
  return literal + " " + opposite + " event.total";
}

const std::vector<std::string> operators = {"==", "!=", "<", "<=", ">", ">="};

}  // namespace

TEST_CASE("a plain comparison answers as its operations do, whatever the value") {
  const Environment environment = environment_with();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Value> values = {0,
                                     1,
                                     -1,
                                     1U,
                                     std::numeric_limits<std::uint64_t>::max(),
                                     std::numeric_limits<std::int64_t>::max(),
                                     std::int64_t{9007199254740993},
                                     9007199254740992.0,
                                     1.0,
                                     -0.0,
                                     0.5,
                                     nan,
                                     std::numeric_limits<double>::infinity(),
                                     "",
                                     "1",
                                     "EUR",
                                     "EURO",
                                     "eur",
                                     std::string("E\0R", 3),
                                     std::string(5000, 'E'),
                                     nullptr,
                                     true,
                                     Bytes{"EUR"},
                                     List{1},
                                     Map{{"a", 1}},
                                     Timestamp{.seconds = 1},
                                     Value::optional_of(1)};
  const std::vector<std::string> literals = {"0",  "1",   "1u",   "1.0",  "0.5",    "-1",  "'EUR'",
                                             "''", "'1'", "true", "null", "b'EUR'", "[1]", "1e300"};
  for (const Value& value : values) {
    for (const std::string& literal : literals) {
      for (const std::string& op : operators) {
        CAPTURE(to_literal(value), op, literal);
        const Map event{{"total", value}, {"other", 1}};
        const std::string straight =
            answer_of(environment, "event.total " + op + " " + literal, event);
        const std::string other = answer_of(environment, turned(op, literal), event);
        CHECK((straight == other || (straight.starts_with("error") && other.starts_with("error"))));
      }
    }
  }
}

TEST_CASE("a chain of plain comparisons stops at a no and absorbs what fails") {
  const Environment environment = environment_with();
  const Map event{{"total", 5}, {"currency", "EUR"}};
  const auto [source, expected] = GENERATE(table<std::string, std::string>({
      {"event.total > 1 && event.currency == 'EUR' && event.total < 9", "true"},
      {"event.total > 1 && event.currency == 'USD'", "false"},
      {"event.total > 1 && event['currency'] == 'EUR'", "true"},
      {"event.missing == 'x' && event.total > 1", "false"},
      {"event.missing != 'x' && event.total > 1", "true"},
      {"event.missing > 1 && event.total > 9", "false"},
      {"event.total > 9 && event.missing > 1", "false"},
      {"event.missing > 1 && event.total > 1", "error: event.missing is missing"},
      {"event.currency > 1 && event.total > 9", "false"},
      {"event.currency > 1 && event.total > 1", "error: > does not take (string, int)"},
      {"event.total > 1 || event.missing > 1", "true"},
      {"has(event.total) && event.total > 1", "true"},
  }));
  CAPTURE(source);
  CHECK(answer_of(environment, source, event) == expected);
}

TEST_CASE("only chains of comparisons of fields with literals are plain") {
  const auto [source, is_plain] = GENERATE(table<std::string, bool>({
      {"event.total > 1", true},
      {"event.total > 1 && event.name == 'x' && event.total <= 9.5", true},
      {"event.total > 1 || event.total < 0", false},
      {"1 < event.total", false},
      {"event.total > event.other", false},
      {"event.total.part > 1", false},
      {"event.?total == 1", false},
      {"has(event.total)", false},
      {"event.total == null", false},
      {"event.total in [1]", false},
      {"event.total > 1 && (event.total < 0 || true)", false},
      {"event == 1", false},
      {"true", false},
  }));
  CAPTURE(source);
  const Environment environment = environment_with();
  auto expression = parse(source, environment.options().limits);
  REQUIRE(expression);
  REQUIRE(resolve(**expression, source, environment));
  CHECK(PlainCondition::of(**expression, environment).has_value() == is_plain);
}

TEST_CASE("a budget that comparing might exceed is left to the operations") {
  const Environment environment = environment_with(20);
  const Map event{{"total", std::string(200, 'x')}};
  const auto answer =
      answer_of(environment, "event.total == '" + std::string(200, 'x') + "'", event);
  CHECK(answer.starts_with("error: the expression takes too long"));
}

}  // namespace nurtured::cel

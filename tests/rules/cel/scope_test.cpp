// Programs in the product's own setting: object variables asked field by field, declared functions,
// missing fields.
#include <thread>

#include "tests/catch.h"
#include "tests/rules/cel/answer.h"

namespace nurtured::cel {
namespace {

struct Fixture {
  explicit Fixture(EnvironmentOptions options = {.missing_is_null = true, .mixed_numbers = true})
      : environment(std::move(options)) {
    const Type contact = Type::object({.name = "contact",
                                       .fields = {{"score", Type::integer()},
                                                  {"email", Type::string()},
                                                  {"nickname", Type::string()},
                                                  {"address", Type::dyn()},
                                                  {"orders", Type::list()}},
                                       .open = true});
    environment.add_variable("contact", contact);
    environment.add_variable("data");
    did = environment.add_function("did", {Type::string()}, Type::boolean());
    did_within = environment.add_function("did", {Type::string(), Type::string()}, Type::boolean());
    last = environment.add_function("last", {Type::string()}, Type::dyn());
  }

  Environment environment;
  std::size_t did = 0;
  std::size_t did_within = 0;
  std::size_t last = 0;
};

// A contact with a score, an address and one order, who never had a nickname. The whole variable
// has no value, so a program that asks for more than fields fails.
class ContactScope final : public Scope {
 public:
  explicit ContactScope(const Fixture& fixture) : fixture_(fixture) {}

  std::optional<Value> variable(std::size_t /*unused*/) const override { return std::nullopt; }

  const Value* field(std::size_t variable, FieldName field, Value& scratch) const override {
    if (variable != 0) return nullptr;
    if (field.slot == 0) return &score_;
    const auto made = [&scratch](Value value) {
      scratch = std::move(value);
      return &scratch;
    };
    if (field.slot == 1) return made("anna@example.org");
    if (field.slot == 3) return made(Map{{"street", "Main"}, {"zip", nullptr}});
    if (field.slot == 4) return made(List{Map{{"total", 10}}, Map{}});
    if (field.slot == FieldName::no_slot && field.name == "utm") return made("mail");
    return nullptr;
  }

  base::Result<Value> call(std::size_t function, std::span<const Value> arguments) const override {
    if (function == fixture_.did) return arguments[0].as_string() == "order.paid";
    if (function == fixture_.did_within) return arguments[1].as_string() == "30d";
    return base::fail(base::ErrorKind::not_found, "no such event");
  }

 private:
  const Fixture& fixture_;
  Value score_ = 50;
};

std::string run(const Fixture& fixture, std::string_view source) {
  const auto program = compile(source, fixture.environment);
  if (!program) return "refused: " + program.error().message;
  const auto value = program->evaluate(ContactScope(fixture));
  return value ? to_literal(*value) : "error: " + value.error().message;
}

TEST_CASE("a missing field is null beside == and !=, absent to has(), and an error elsewhere") {
  const Fixture fixture;
  const std::vector<Case> cases = {
      {"contact.nickname == null", "true"},
      {"null == contact.nickname", "true"},
      {"contact.nickname != null", "false"},
      {"contact.nickname == 'Ann'", "false"},
      {"contact['nickname'] == null", "true"},
      {"contact.undeclared == null", "true"},
      {"(contact.nickname) == null", "true"},
      {"contact.nickname == contact.middle_name", "true"},
      {"contact.address.city == null", "true"},
      {"contact.address['city'] == null", "true"},
      {"contact.address.zip.part == null", "true"},
      {"contact.work.address.city == null", "true"},
      {"contact.address.street == 'Main'", "true"},
      {"contact.orders.exists(o, o.total == null)", "true"},
      {"has(contact.nickname)", "false"},
      {"has(contact.score)", "true"},
      {"has(contact.address.city)", "false"},
      {"has(contact.work.address.city)", "false"},
      {"contact.?nickname.orValue('friend')", "\"friend\""},
      {"contact.?work.address.orValue('none')", "\"none\""},
      {"contact[?'nickname'].hasValue()", "false"},
      {"contact.nickname", "error: contact.nickname is missing"},
      {"contact.nickname + '!'", "error: contact.nickname is missing"},
      {"contact.nickname.size() == 0", "error: contact.nickname is missing"},
      {"contact.nickname > 'a'", "error: contact.nickname is missing"},
      {"contact.nickname in ['a']", "error: contact.nickname is missing"},
      {"contact.address.city + 'x'", "error: there is no field city"},
      {"(true ? contact.nickname : '') == null", "error: contact.nickname is missing"},
      {"contact.nickname > 'a' || contact.score > 1", "true"},
      {"data == null", "error: data has no value"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.source);
    CHECK(run(fixture, each.source) == each.expected);
  }
}

TEST_CASE("without the option a missing field is an error everywhere but in has()") {
  const Fixture fixture(EnvironmentOptions{});
  CHECK(run(fixture, "contact.undeclared == null") == "error: contact.undeclared is missing");
  CHECK(run(fixture, "has(contact.nickname)") == "false");
  CHECK(run(fixture, "has(contact.nickname.x)").starts_with("refused"));
  CHECK(run(fixture, "has(contact.address.city)") == "false");
  CHECK(run(fixture, "has(contact.work.address)") == "error: contact.work is missing");
}

TEST_CASE("whole numbers and decimals mix, and the result is what one expects") {
  const Fixture fixture;
  const std::vector<Case> cases = {
      {"contact.score + 0.5", "50.5"},
      {"0.5 * contact.score", "25.0"},
      {"contact.score / 4", "12"},
      {"contact.score / 4.0", "12.5"},
      {"contact.score - 1u", "49"},
      {"contact.score % 7u", "1"},
      {"18446744073709551615u + 1", "error: the result is out of range"},
      {"contact.score > 49.5 && contact.score == 50.0", "true"},
      {"contact.score % 1.5", "refused: % does not take (int, double)"},
      {"'a' + 1", "refused: + does not take (string, int)"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.source);
    CHECK(run(fixture, each.source) == each.expected);
  }
}

TEST_CASE("declared functions are called by overload, and their errors come through") {
  const Fixture fixture;
  CHECK(run(fixture, "did('order.paid')") == "true");
  CHECK(run(fixture, "did('order.paid', '30d')") == "true");
  CHECK(run(fixture, "did('order.' + 'paid')") == "true");
  CHECK(run(fixture, "last('x') == null") == "error: no such event");
  CHECK(run(fixture, "did(contact.utm)") == "false");
  CHECK(run(fixture, "did(contact.address)") == "error: did() does not take (map)");
}

TEST_CASE("an evaluation error has its kind and its place in the source") {
  const Fixture fixture;
  const auto program =
      compile("contact.score > 1 &&\n  contact.score / 0 > 1", fixture.environment);
  REQUIRE(program);
  const auto value = program->evaluate(ContactScope(fixture));
  REQUIRE_FALSE(value);
  CHECK(value.error().message == "division by zero");
  CHECK(value.error().place == base::Place{.path = {}, .line = 2, .column = 17, .length = 1});
  const auto missing =
      compile("contact.nickname", fixture.environment)->evaluate(ContactScope(fixture));
  CHECK(missing.error().kind == base::ErrorKind::not_found);
}

TEST_CASE("a program tells which literals it holds fields against, with places") {
  const Fixture fixture;
  const auto program = compile(
      "contact.stage == 'a' || 'b' != contact.stage || contact.city in ['c', contact.town, 'd'] "
      "||\n"
      "contact.stage < 'e' || 'f' in contact.tags || contact.a == contact.b",
      fixture.environment);
  REQUIRE(program);
  std::vector<std::string> found;
  for (const ComparisonReference& comparison : program->references().comparisons) {
    found.push_back(comparison.field.path.back() + " " + std::to_string(comparison.place.column) +
                    " " + std::string(comparison.literal.as_string()));
  }
  CHECK(found == std::vector<std::string>{"stage 18 a", "stage 25 b", "city 66 c", "city 85 d"});
}

TEST_CASE("a program tells which fields and declared functions it uses, with places") {
  const Fixture fixture;
  const auto program = compile(
      "contact.score > 1 && has(contact.address.city) && did('order.paid', '30d') &&\n"
      "did(contact['utm']) && contact.orders.exists(o, o.total == data)",
      fixture.environment);
  REQUIRE(program);
  const auto& [fields, comparisons, calls] = program->references();
  REQUIRE(fields.size() == 5);
  CHECK(fields[0].variable == "contact");
  CHECK(fields[0].path == std::vector<std::string>{"score"});
  CHECK(fields[0].place.column == 9);
  CHECK(fields[1].path == std::vector<std::string>{"address", "city"});
  CHECK(fields[1].presence_only);
  CHECK(fields[2].path == std::vector<std::string>{"utm"});
  CHECK(fields[2].place.line == 2);
  CHECK(fields[3].path == std::vector<std::string>{"orders"});
  CHECK(fields[4].variable == "data");
  CHECK(fields[4].path.empty());
  REQUIRE(comparisons.empty());
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].function == "did");
  REQUIRE(calls[0].arguments.size() == 2);
  CHECK(*calls[0].arguments[0] == Value("order.paid"));
  CHECK(*calls[0].arguments[1] == Value("30d"));
  CHECK_FALSE(calls[1].arguments[0]);
}

TEST_CASE("names are looked up in the container and its parents, the longest first") {
  Environment environment({.container = "a.b", .checked = false});
  environment.add_variable("a.b.x");
  environment.add_variable("a.y");
  environment.add_variable("z");
  environment.add_variable("z.w");
  MapScope scope(environment);
  scope.set("a.b.x", 1);
  scope.set("a.y", 2);
  scope.set("z", Map{{"w", 3}, {"v", 4}});
  scope.set("z.w", 5);
  const auto value = [&](std::string_view source) {
    const auto result = compile(source, environment)->evaluate(scope);
    return result ? to_literal(*result) : "error";
  };
  CHECK(value("x + y") == "3");
  CHECK(value("z.w") == "5");
  CHECK(value("z.v") == "4");
  CHECK(value("a.b.x") == "1");
  CHECK(value(".x") == "error");
  CHECK(value("[7].map(x, x)") == "[7]");
  CHECK(value("[7].map(z, [z, .z.v])") == "[[7, 4]]");
  CHECK(value("[{'w': 9}].map(z, z.w)") == "[9]");
}

TEST_CASE("one program is evaluated by many threads at once") {
  const Fixture fixture;
  const auto program =
      compile("contact.orders.map(o, o.?total.orValue(0)) == [10, 0]", fixture.environment);
  REQUIRE(program);
  std::vector<int> right(4);
  {
    std::vector<std::jthread> threads;
    for (int& count : right) {
      threads.emplace_back([&fixture, &count, copy = *program] {
        const ContactScope scope(fixture);
        for (int i = 0; i < 1000; ++i) {
          const auto value = copy.evaluate(scope);
          if (value && value->as_bool()) ++count;
        }
      });
    }
  }
  for (const int count : right) CHECK(count == 1000);
}

}  // namespace
}  // namespace nurtured::cel

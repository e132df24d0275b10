// The type check: what it deduces, what it refuses, and how it says so.
#include "tests/catch.h"
#include "tests/rules/cel/answer.h"

namespace nurtured::cel {
namespace {

Environment make_environment(EnvironmentOptions options = {}) {
  Environment environment(std::move(options));
  ObjectFields address{.name = "contact.address", .fields = {{"city", Type::string()}}};
  ObjectFields contact{.name = "contact",
                       .fields = {{"score", Type::integer()},
                                  {"email", Type::string()},
                                  {"tags", Type::list(Type::string())},
                                  {"address", Type::object(address)}}};
  environment.add_variable("contact", Type::object(contact));
  environment.add_variable("event", Type::object({.name = "event", .fields = {}, .open = true}));
  environment.add_variable("counts", Type::map(Type::string(), Type::integer()));
  environment.add_variable("any");
  environment.add_function("did", {Type::string()}, Type::boolean());
  environment.add_function("did", {Type::string(), Type::string()}, Type::boolean());
  environment.add_function("last", {Type::string()}, Type::dyn());
  return environment;
}

TEST_CASE("the type of an expression is deduced") {
  const std::vector<Case> cases = {
      {"contact.score", "int"},
      {"contact.score + 1 > 2", "bool"},
      {"contact.tags", "list(string)"},
      {"contact.tags[0]", "string"},
      {"contact['email']", "string"},
      {"contact.address.city", "string"},
      {"contact.address", "contact.address"},
      {"event.anything", "dyn"},
      {"any.thing[0]", "dyn"},
      {"counts.x", "int"},
      {"counts.map(k, k)", "list(string)"},
      {"counts.transformMap(k, v, v > 1)", "map(string, bool)"},
      {"contact.tags.filter(t, t != '')", "list(string)"},
      {"contact.tags.map(t, size(t))", "list(int)"},
      {"contact.tags.exists(i, t, i > 0 && t == 'a')", "bool"},
      {"[1, 2]", "list(int)"},
      {"[1, 'a']", "list(dyn)"},
      {"[]", "list(dyn)"},
      {"[] + [1]", "list(int)"},
      {"{'a': [1]}", "map(string, list(int))"},
      {"{}", "map(dyn, dyn)"},
      {"size(any)", "int"},
      {"any + 1", "int"},
      {"int(any)", "int"},
      {"timestamp(0) - timestamp(0)", "google.protobuf.Duration"},
      {"counts.?x", "optional_type(int)"},
      {"counts.?x.orValue(0)", "int"},
      {"contact.?address.city", "optional_type(string)"},
      {"contact.tags[?0].optMap(t, size(t))", "optional_type(int)"},
      {"optional.none()", "optional_type(dyn)"},
      {"true ? 1 : 2", "int"},
      {"true ? any : 2", "dyn"},
      {"cel.bind(x, 1.5, x)", "double"},
      {"math.greatest(1, 2)", "int"},
      {"math.greatest(1, 2.0)", "dyn"},
      {"did('a')", "bool"},
      {"type(1) == string", "bool"},
      {"'a,b'.split(',')", "list(string)"},
      {"null", "null_type"},
  };
  const Environment environment = make_environment();
  for (const Case& each : cases) {
    CAPTURE(each.source);
    const auto program = compile(each.source, environment);
    if (!program) FAIL(base::to_string(program.error()));
    CHECK(program->type().name() == each.expected);
  }
}

TEST_CASE("what can only fail is refused, with a remedy where there is one") {
  struct Row {
    std::string_view source;
    std::string_view message;
    std::string_view remedy;
    int column;
  };
  const std::vector<Row> rows = {
      {"contakt.score", "unknown name contakt", "did you mean contact?", 1},
      {"contact.scoer > 1", "contact has no field scoer", "did you mean contact.score?", 9},
      {"contact['scoer']", "contact has no field scoer", "did you mean contact.score?", 8},
      {"has(contact.emial)", "contact has no field emial", "did you mean contact.email?", 1},
      {"contact.address.citi", "contact.address has no field citi",
       "did you mean contact.address.city?", 17},
      {"dd('a')", "unknown function dd()", "did you mean did?", 1},
      {"'a'.startWith('b')", "unknown function startWith()", "did you mean startsWith?", 5},
      {"did(1)", "did() does not take (int)", "it takes (string) or (string, string)", 1},
      {"size(1)", "size() does not take (int)",
       "it takes (string) or (bytes) or (list(dyn)) or (map(dyn, dyn))", 1},
      {"1 + 1.0", "+ does not take (int, double)", "convert one side, for example with double()",
       3},
      {"contact.score == 'a'",
       "== compares a value of type int with one of type string, which are never equal",
       "write a number without quotes, or convert one side with double() or string()", 15},
      {"contact.score == null",
       "== compares a value of type int with one of type null_type, which are never equal", "", 15},
      {"'a' < 1", "< does not take (string, int)",
       "write a number without quotes, or convert one side with double() or string()", 5},
      {"1 in contact.tags", "a value of type int cannot be in one of type list(string)", "", 3},
      {"1 in 2", "a value of type int cannot be in one of type int",
       "the right side must be a list or a map", 3},
      {"contact.score && true", "&& needs a bool, and this is a value of type int", "", 9},
      {"!contact.score", "! needs a bool, and this is a value of type int", "", 10},
      {"contact.score ? 1 : 2", "?: needs a bool, and this is a value of type int", "", 9},
      {"true ? 1 : 'a'", "?: gives a value of type int or one of type string",
       "wrap one of them in dyn() if both are meant", 6},
      {"contact.score.x", "a value of type int has no fields", "", 15},
      {"contact.score[0]", "a value of type int cannot be indexed", "", 14},
      {"contact.tags['a']", "a list is indexed by an int, not by a value of type string", "", 13},
      {"counts[1]", "the keys of this map(string, int) are not of type int", "", 7},
      {"contact.score.all(x, true)", "a value of type int has no items", "", 9},
      {"contact.tags.all(t, t)", "the condition needs a bool, and this is a value of type string",
       "", 21},
      {"{1.5: 1}", "a key is a string, int, uint or bool, not a value of type double", "", 2},
      {"math.greatest('a')", "math.greatest() does not take (string)",
       "it takes numbers, or one list of numbers", 6},
      {"[?1]", "? needs an optional, and this is a value of type int", "", 3},
      {"'a'.matches('(')", "this is no regular expression: missing ): (", "see the RE2 syntax", 13},
      {"[1].map(x)", "map() does not take 1 arguments", "", 5},
      // What other languages, keyboards and text programs put in.
      {"not contact.score > 5", "unexpected not", "write !", 1},
      {"true and false", "unexpected and", "write &&", 6},
      {"contact.email contains 'a'", "unexpected contains",
       "write it behind a point: contact.city.contains(\"a\")", 15},
      {"contact.tags.length() > 1", "unknown function length()", "write size()", 14},
      {"contact.score ≥ 5", "unexpected character ≥", "write >=", 15},
      {"did（'a')", "unexpected character （", "write (", 4},
      {"contact.score\u00A0> 5", "unexpected no-break space", "write an ordinary blank", 14},
      {"сontact.score > 5", "unexpected character с",
       "it is Cyrillic and looks like the Latin c; a name in other letters stands in brackets: "
       "event[\"...\"]",
       1},
      {"contact.总额 > 5", "unexpected character 总",
       "a name in other letters stands in brackets: event[\"...\"]", 9},
  };
  const Environment environment = make_environment();
  for (const Row& row : rows) {
    CAPTURE(row.source);
    const auto program = compile(row.source, environment);
    REQUIRE_FALSE(program);
    CHECK(program.error().kind == base::ErrorKind::invalid);
    CHECK(program.error().message == row.message);
    CHECK(program.error().remedy == row.remedy);
    CHECK(program.error().place.column == row.column);
  }
}

TEST_CASE("mixed numbers and null are permitted where the environment says so") {
  const Environment strict = make_environment();
  const Environment lenient = make_environment({.missing_is_null = true, .mixed_numbers = true});
  for (const std::string_view source :
       {"contact.score + 0.5 > 1", "contact.score == 1.5", "contact.score > 1u", "1 in [1.5]",
        "contact.email == null", "null != contact.tags", "true ? null : contact.email",
        "contact.score > 1 ? 1 : 2.5"}) {
    CAPTURE(source);
    CHECK_FALSE(compile(source, strict));
    CHECK(compile(source, lenient));
  }
}

TEST_CASE("a result that can be a bool is told from one that cannot") {
  const Environment environment = make_environment();
  CHECK(compile("contact.score > 1", environment)->type().may_be_bool());
  CHECK(compile("event.flag", environment)->type().may_be_bool());
  CHECK_FALSE(compile("contact.score", environment)->type().may_be_bool());
}

TEST_CASE("a type within itself neither hangs nor is accepted as anything known") {
  const Environment environment = make_environment();
  CHECK(compile("[[]].map(x, x + [x])", environment));
  CHECK(compile("cel.bind(x, [], x + [x] + [[x]])", environment));
}

}  // namespace
}  // namespace nurtured::cel

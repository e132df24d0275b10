// What text is an expression, what is none, and where the fault is said to be.
#include "tests/catch.h"
#include "tests/rules/cel/answer.h"

namespace nurtured::cel {
namespace {

base::Error error_of(std::string_view source, EnvironmentOptions options = {.checked = false}) {
  const auto program = compile(source, Environment(std::move(options)));
  return program ? base::Error{.message = "compiled"} : program.error();
}

TEST_CASE("literals of every form are read") {
  const std::vector<Case> cases = {
      {"0", "0"},
      {"-0", "0"},
      {"0x1F", "31"},
      {"-0x1f", "-31"},
      {"0xFu", "15u"},
      {"18446744073709551615U", "18446744073709551615u"},
      {"-9223372036854775808", "-9223372036854775808"},
      {".5", "0.5"},
      {"1e3", "1000.0"},
      {"1.5E-3", "0.0015"},
      {"1.size", "error"},
      {R"('a"b')", R"("a\"b")"},
      {R"("a'b")", R"("a'b")"},
      {R"('''x''x''')", R"("x''x")"},
      {"\"\"\"a\nb\"\"\"", R"("a\nb")"},
      {R"(r'\d+')", R"("\\d+")"},
      {R"(R"""a\""")", R"("a\\")"},
      {R"('\x41\u0042\U00000043\104')", R"("ABCD")"},
      {R"('\377')", "\"\xc3\xbf\""},
      {R"(b'\377\xfe')", R"(b"\xff\xfe")"},
      {"b'\xc3\xbf'", R"(b"\xc3\xbf")"},
      {R"(br'\x')", R"(b"\x5c\x78")"},
      {"[1, 2,]", "[1, 2]"},
      {"[,]", "[]"},
      {"{'a': 1,}", R"({"a": 1})"},
      {"{,}", "{}"},
      {"// a comment\n 1 // another", "1"},
      {"1\t+\r\n\f2", "3"},
      {"{'in': 1}.`in`", "1"},
      {"{'a b': 1}.`a b`", "1"},
      {"{'as': 1}.as", "1"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.source);
    CHECK(answer(each.source) == each.expected);
  }
}

TEST_CASE("operators bind as the grammar says") {
  const std::vector<Case> cases = {
      {"1 + 2 * 3", "7"},
      {"(1 + 2) * 3", "9"},
      {"7 - 2 - 1", "4"},
      {"8 / 4 / 2", "1"},
      {"-2 * -3", "6"},
      {"- -2", "2"},
      {"--2", "2"},
      {"!!true", "true"},
      {"1 - -1", "2"},
      {"1-1", "0"},
      {"true || false && false", "true"},
      {"1 < 2 == true", "true"},
      {"1 in [1] && true", "true"},
      {"false ? 1 : true ? 2 : 3", "2"},
      {"-1.0.abs", "error"},
      {"[1, 2][0] + {'a': 2}.a", "3"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.source);
    CHECK(answer(each.source) == each.expected);
  }
}

TEST_CASE("text that is no expression is refused with its place") {
  struct Row {
    std::string_view source;
    int line;
    int column;
  };
  const std::vector<Row> rows = {
      {"1 +", 1, 4},
      {"1 + * 2", 1, 5},
      {"(1", 1, 3},
      {"1)", 1, 2},
      {"[1, 2", 1, 6},
      {"{'a' 1}", 1, 6},
      {"f(1,)", 1, 5},
      {"a.", 1, 3},
      {"a..b", 1, 3},
      {"a.'b'", 1, 3},
      {"'abc", 1, 1},
      {"'a\nb'", 1, 1},
      {"'''abc", 1, 1},
      {R"('a\qb')", 1, 3},
      {R"('\ud800')", 1, 2},
      {R"('\UFFFFFFFF')", 1, 2},
      {R"(b'\u0041')", 1, 3},
      {R"('\4')", 1, 2},
      {"1 = 2", 1, 3},
      {"a & b", 1, 3},
      {"a | b", 1, 3},
      {"a # b", 1, 3},
      {"1 ? 2", 1, 6},
      {"a ? b ? 1 : 2 : 3", 1, 7},
      {"while", 1, 1},
      {"true\n  && package", 2, 6},
      {"'\xc3\xa9' + $", 1, 7},
      {"9223372036854775808", 1, 1},
      {"18446744073709551616u", 1, 1},
      {"1e400", 1, 1},
      {"-!true", 1, 2},
      {"Point{x: 1}", 1, 1},
      {"a.b.Point{}", 1, 5},
      {"has(a)", 1, 1},
      {"[1].all(x.y, true)", 1, 11},
      {"[1].all(x, x, true)", 1, 12},
      {"cel.bind('a', 1, 2)", 1, 10},
      {"`a", 1, 1},
      {"``", 1, 1},
      {"in", 1, 1},
      {"\x01", 1, 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.source);
    const base::Error error = error_of(row.source);
    CHECK(error.kind == base::ErrorKind::invalid);
    CHECK(error.message != "compiled");
    CHECK(error.place.line == row.line);
    CHECK(error.place.column == row.column);
  }
}

TEST_CASE("hostile source is refused without harm") {
  const std::vector<std::string> sources = {
      "",
      "   // nothing",
      std::string("\0", 1),
      "\xff\xfe",
      "'\xc0\x80'",
      std::string(70'000, ' '),
      std::string(60'000, '('),
      std::string(60'000, '['),
      std::string(60'000, '{'),
      std::string(60'000, '!') + "true",
      std::string(60'000, '-') + "x",
      "'" + std::string(60'000, '\\'),
      std::string(60'000, '.'),
      std::string(60'000, '"'),
      std::string(60'000, '`'),
  };
  for (const std::string& source : sources) {
    CAPTURE(source.substr(0, 20), source.size());
    CHECK(error_of(source).message != "compiled");
  }
}

std::string repeated(const std::string& head, const std::string& part, int count,
                     const std::string& tail = {}) {
  std::string text = head;
  for (int i = 0; i < count; ++i) text += part;
  return text + tail;
}

TEST_CASE("each limit stops what is beyond it and nothing that the grammar asks for") {
  const auto kind_of = [](const std::string& source) { return error_of(source).kind; };
  CHECK(answer(repeated("1", " + 1", 60)) == "61");
  CHECK(answer(repeated("true", " && true", 3000)) == "true");
  CHECK(answer(repeated("", "(", 80, "1") + std::string(80, ')')) == "1");
  CHECK(kind_of(repeated("1", " + 1", 200)) == base::ErrorKind::too_large);
  CHECK(kind_of(repeated("a", ".b", 200)) == base::ErrorKind::too_large);
  CHECK(kind_of(repeated("a", "[0]", 200)) == base::ErrorKind::too_large);
  CHECK(kind_of(repeated("", "true ? 1 : ", 200, "1")) == base::ErrorKind::too_large);
  CHECK(kind_of(repeated("[1", ",1", 20'000, "]")) == base::ErrorKind::too_large);
  CHECK(error_of("1 + 1", {.checked = false, .limits = {.source_bytes_max = 4}}).kind ==
        base::ErrorKind::too_large);
  CHECK(error_of("1 + 1", {.checked = false, .limits = {.nodes_max = 2}}).kind ==
        base::ErrorKind::too_large);
}

TEST_CASE("the place counts code points and lines, and knows its length") {
  const base::Error error = error_of("'\xc3\xa9\xf0\x9f\x98\x80' ==\n  unknown_name", {});
  CHECK(error.place == base::Place{.path = {}, .line = 2, .column = 3, .length = 12});
}

}  // namespace
}  // namespace nurtured::cel

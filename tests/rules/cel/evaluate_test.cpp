// The language, area by area, from the specification (langdef.md).
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

TEST_CASE("arithmetic stays in its kind and never overflows silently") {
  check_all({
      {"7 / 2", "3"},
      {"-7 / 2", "-3"},
      {"-7 % 3", "-1"},
      {"7.0 / 2.0", "3.5"},
      {"1 / 0", "error"},
      {"1 % 0", "error"},
      {"1u / 0u", "error"},
      {"1.0 / 0.0", "double(\"Infinity\")"},
      {"0.0 / 0.0", "double(\"NaN\")"},
      {"1.0 % 1.0", "error"},
      {"1 + 1u", "error"},
      {"1 + 1.0", "error"},
      {"9223372036854775807 + 1", "error"},
      {"-9223372036854775808 / -1", "error"},
      {"-9223372036854775808 % -1", "error"},
      {"0u - 1u", "error"},
      {"-(1u)", "error"},
      {"'a' + 'b'", "\"ab\""},
      {"b'a' + b'b'", "b\"\\x61\\x62\""},
      {"[1] + ['a']", "[1, \"a\"]"},
      {"'a' + 1", "error"},
      {"'a' - 'b'", "error"},
  });
}

TEST_CASE("comparison crosses the kinds of numbers and nothing else") {
  check_all({
      {"1 == 1.0 && 1u == 1 && 1.0 == 1u", "true"},
      {"1 < 1.5 && 2u > 1.5 && -1 < 0u", "true"},
      {"0.0 / 0.0 == 0.0 / 0.0", "false"},
      {"0.0 / 0.0 != 0.0 / 0.0", "true"},
      {"0.0 / 0.0 < 1.0", "false"},
      {"'1' == 1", "false"},
      {"'1' < 1", "error"},
      {"null == null", "true"},
      {"null < null", "error"},
      {"[1] < [2]", "error"},
      {"false < true", "true"},
      {"b'a' < b'b'", "true"},
      {"type(1) == int && type(type(1)) == type", "true"},
      {"{1: 'a'} == {1u: 'a'}", "true"},
      {"1.0 in [1, 2] && !(1.5 in [1, 2])", "true"},
      {"1u in {1: 0} && 'a' in {'a': 0}", "true"},
      {"1 in 'abc'", "error"},
  });
}

TEST_CASE("an error is absorbed only by an operand that decides") {
  check_all({
      {"1 / 0 == 1 || true", "true"},
      {"true || 1 / 0 == 1", "true"},
      {"1 / 0 == 1 || false", "error"},
      {"1 / 0 == 1 && false", "false"},
      {"1 / 0 == 1 && true", "error"},
      {"unknown || true", "true"},
      {"unknown(1) && false", "false"},
      {"1 || true", "true"},
      {"1 || false", "error"},
      {"!1", "error"},
      {"true ? 1 : 1 / 0", "1"},
      {"1 / 0 == 1 ? 1 : 2", "error"},
      {"1 ? 2 : 3", "error"},
      {"[1, 0].exists(x, 1 / x == 1)", "true"},
      {"[0, 1].exists(x, 1 / x == 1)", "true"},
      {"[0, 2].exists(x, 1 / x == 1)", "error"},
      {"[0, 2].all(x, 1 / x == 1)", "false"},
      {"[0, 1].all(x, 1 / x == 1)", "error"},
      {"[0, 1].exists_one(x, 1 / x == 1)", "error"},
  });
}

TEST_CASE("lists and maps are indexed, selected and measured") {
  check_all({
      {"[1, 2][1] + [1, 2][1u] + [1, 2][1.0]", "6"},
      {"[1][1]", "error"},
      {"[1][-1]", "error"},
      {"[1][0.5]", "error"},
      {"[1]['0']", "error"},
      {"{'a': 1}['a'] + {'a': 1}.a", "2"},
      {"{'a': 1}.b", "error"},
      {"{1.5: 1}", "error"},
      {"{'a': 1, 'a': 2}", "error"},
      {"{1: 1, 1u: 2}", "error"},
      {"has({'a': null}.a)", "true"},
      {"has({'a': 1}.b)", "false"},
      {"has(1.b)", "error"},
      {"'x'.y", "error"},
      {"size('h\xc3\xa9llo') + 'h\xc3\xa9'.size() + size(b'\xc3\xa9') + size([1]) + size({})",
       "10"},
      {"size(1)", "error"},
      {"dyn([1, 'a', 2.0])", "[1, \"a\", 2.0]"},
  });
}

TEST_CASE("macros over lists and maps, with one variable and two") {
  check_all({
      {"[1, 2, 3].filter(x, x > 1)", "[2, 3]"},
      {"[1, 2, 3].map(x, x * 2)", "[2, 4, 6]"},
      {"[1, 2, 3].map(x, x > 1, x * 2)", "[4, 6]"},
      {"{'b': 1, 'a': 2}.map(k, k)", "[\"b\", \"a\"]"},
      {"{'a': 1}.filter(k, k == 'a')", "[\"a\"]"},
      {"[].all(x, false) && ![].exists(x, true) && ![].exists_one(x, true)", "true"},
      {"[1, 2].map(x, [3, 4].map(y, x * y))", "[[3, 4], [6, 8]]"},
      {"[1, 2].exists(i, v, i == 1 && v == 2)", "true"},
      {"{'a': 1}.all(k, v, k == 'a' && v == 1)", "true"},
      {"[3, 3].existsOne(i, v, i == 1) && [3].exists_one(i, v, v == 3)", "true"},
      {"[1, 2, 3].transformList(i, v, i * v + v)", "[1, 4, 9]"},
      {"[1, 2, 3].transformList(i, v, i > 0, v)", "[2, 3]"},
      {"{'a': 1}.transformList(k, v, k + string(v))", "[\"a1\"]"},
      {"[5, 6].transformMap(i, v, v + i)", "{0: 5, 1: 7}"},
      {"{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 10)", "{\"b\": 20}"},
      {"{'a': 'b'}.transformMapEntry(k, v, {v: k})", "{\"b\": \"a\"}"},
      {"[1, 2].transformMapEntry(i, v, v > 1, {v: i})", "{2: 1}"},
      {"['a', 'a'].transformMapEntry(i, v, {v: i})", "error"},
      {"[1, 1u].transformMapEntry(i, v, {v: i})", "error"},
      {"[1].transformMapEntry(i, v, v)", "error"},
      {"1.all(x, true)", "error"},
      {"[1].all(x, x)", "error"},
      {"[1].map(x, [2].map(x, x))", "[[2]]"},
      {"[1].unknown(x, x)", "error"},
  });
}

TEST_CASE("bindings name a value for the rest of the expression") {
  check_all({
      {"cel.bind(a, 2, a * a)", "4"},
      {"cel.bind(a, 1, a) + cel.bind(b, 2, b)", "3"},
      {"cel.bind(a, 'x', cel.bind(b, a + a, b + b))", "\"xxxx\""},
      {"cel.bind(a, [1, 2], a)[0] + cel.bind(b, [3, 4], b)[1]", "5"},
      {"cel.bind(l, [1, 2], [2, 3].filter(e, e in l))", "[2]"},
      {"[1].map(x, cel.bind(x, 5, x))", "[5]"},
      {"cel.bind(a, 1 / 0, true)", "error"},
  });
}

TEST_CASE("conversions keep to their ranges") {
  check_all({
      {"int('-42')", "-42"},
      {"int('+42')", "42"},
      {"int(' 42')", "error"},
      {"int('4.2')", "error"},
      {"int('')", "error"},
      {"int('9223372036854775808')", "error"},
      {"int(-3.9)", "-3"},
      {"int(9223372036854775807.0)", "error"},
      {"int(0.0 / 0.0)", "error"},
      {"int(18446744073709551615u)", "error"},
      {"int(true)", "error"},
      {"uint('42')", "42u"},
      {"uint('-1')", "error"},
      {"uint(-1)", "error"},
      {"uint(-0.5)", "error"},
      {"uint(18446744073709551616.0)", "error"},
      {"double('1e3')", "1000.0"},
      {"double('-Infinity')", "double(\"-Infinity\")"},
      {"double('abc')", "error"},
      {"double('1e999')", "double(\"Infinity\")"},
      {"double('1e-999')", "0.0"},
      {"string(1.0) + string(1e20) + string(true) + string(7u)", "\"11e+20true7\""},
      {"string(b'\\xff')", "error"},
      {"bytes('\xc3\xa9')", "b\"\\xc3\\xa9\""},
      {"bool('T') && bool('1') && !bool('False')", "true"},
      {"bool('yes')", "error"},
      {"string(null)", "error"},
  });
}

TEST_CASE("strings match by RE2, anywhere in the text") {
  check_all({
      {"'abc'.matches('b')", "true"},
      {"matches('abc', '^b')", "false"},
      {"'abc'.matches('(')", "error"},
      {"'abc'.matches('a' + 'b')", "true"},
      {"'abc'.matches('a' + '(')", "error"},
      {"'a' .matches('(?i)A')", "true"},
      {"'abc'.contains('bc') && 'abc'.startsWith('ab') && 'abc'.endsWith('')", "true"},
      {"1.matches('a')", "error"},
  });
}

TEST_CASE("types are values with names") {
  check_all({
      {"type(null)", "null_type"},
      {"type(1.0)", "double"},
      {"type(timestamp(0))", "google.protobuf.Timestamp"},
      {"type(duration('1s')) == google.protobuf.Duration", "true"},
      {"type(optional.none()) == optional_type", "true"},
      {"[int, string]", "[int, string]"},
  });
}

}  // namespace
}  // namespace nurtured::cel

// The strings, math, optional and encoders extensions.
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

TEST_CASE("strings are cut, searched and joined by code points") {
  check_all({
      {"'h\xc3\xa9llo'.charAt(1)", "\"\xc3\xa9\""},
      {"'abc'.charAt(3)", "\"\""},
      {"'abc'.charAt(4)", "error"},
      {"'abc'.charAt(-1)", "error"},
      {"'hello mellow'.indexOf('ello', 2)", "7"},
      {"'hello mellow'.indexOf('ello', 20)", "-1"},
      {"'hello mellow'.indexOf('ello', -1)", "error"},
      {"'hello mellow'.indexOf('', 2)", "2"},
      {"'hello mellow'.lastIndexOf('')", "12"},
      {"'hello mellow'.lastIndexOf('ello', 6)", "1"},
      {"'hello mellow'.lastIndexOf('ello', 20)", "-1"},
      {"'abc'.lastIndexOf('a', -1)", "error"},
      {"['a', 'b'].join() + ['a', 'b'].join('-') + [].join('/')", "\"aba-b\""},
      {"['a', 1].join()", "error"},
      {"'hello hello'.replace('he', 'we', 1)", "\"wello hello\""},
      {"'hello'.replace('l', '', 0)", "\"hello\""},
      {"'ab'.replace('', '-')", "\"-a-b-\""},
      {"'a,b,c'.split(',', 2)", "[\"a\", \"b,c\"]"},
      {"'a,b'.split(',', 0)", "[]"},
      {"'a\xc3\xa9'.split('')", "[\"a\", \"\xc3\xa9\"]"},
      {"''.split('')", "[]"},
      {"''.split(',')", "[\"\"]"},
      {"'abc'.split('', 2)", "[\"a\", \"bc\"]"},
      {"'tacocat'.substring(4) + 'tacocat'.substring(0, 4)", "\"cattaco\""},
      {"'tacocat'.substring(3, 1)", "error"},
      {"'  \\tx\\u00a0 '.trim()", "\"x\""},
      {"'   '.trim()", "\"\""},
      {"'aB\xc3\x89'.lowerAscii() + 'aB\xc3\xa9'.upperAscii()",
       "\"ab\xc3\x89"
       "AB\xc3\xa9\""},
      {"'gums'.reverse()", "\"smug\""},
      {"strings.quote('a\\n\"b\\\\')", R"("\"a\\n\\\"b\\\\\"")"},
  });
}

TEST_CASE("format writes each kind as its clause asks") {
  check_all({
      {"'%s %s %s'.format([1, 2u, 'a'])", "\"1 2 a\""},
      {"'%s'.format([[1, 'a', {'k': 1.0}]])", "\"[1, a, {k: 1}]\""},
      {"'%s'.format([b'a\\xff\\xfeb'])",
       "\"a\xef\xbf\xbd"
       "b\""},
      {"'%s'.format([int])", "\"int\""},
      {"'%d %d'.format([-7, 3.5])", "\"-7 3.5\""},
      {"'%.2f %f'.format([1.005, 1])", "\"1.00 1.000000\""},
      {"'%e'.format([1234.5])", "\"1.234500e+03\""},
      {"'%x %X %x'.format([255, 255u, 'hi'])", "\"ff FF 6869\""},
      {"'%x %o %b'.format([-255, -8, -5])", "\"-ff -10 -101\""},
      {"'%b'.format([true])", "\"1\""},
      {"'100%%'.format([])", "\"100%\""},
      {"'%s'.format([])", "error"},
      {"'%'.format([1])", "error"},
      {"'%z'.format([1])", "error"},
      {"'%.f'.format([1])", "error"},
      {"'%.9999f'.format([1])", "error"},
      {"'%.2d'.format([1])", "error"},
      {"'%d'.format(['a'])", "error"},
      {"'%s'.format([optional.none()])", "error"},
  });
}

TEST_CASE("math takes its kinds and no other") {
  check_all({
      {"math.greatest(1, 2.5, 2u)", "2.5"},
      {"math.greatest(1, 1.0)", "1"},
      {"math.greatest([1, 3, 2])", "3"},
      {"math.greatest([])", "error"},
      {"math.greatest()", "error"},
      {"math.greatest('a')", "error"},
      {"math.least(-1, 2)", "-1"},
      {"math.ceil(1.2) + math.floor(-1.2) + math.trunc(-1.9)", "-1.0"},
      {"[math.round(1.5), math.round(-1.5), math.round(2.5)]", "[2.0, -2.0, 3.0]"},
      {"math.round(1)", "error"},
      {"[math.abs(-1), math.abs(-1.5), math.abs(1u)]", "[1, 1.5, 1u]"},
      {"math.abs(-9223372036854775808)", "error"},
      {"[math.sign(-7), math.sign(0.0), math.sign(9u)]", "[-1, 0.0, 1u]"},
      {"math.isNaN(math.sign(0.0 / 0.0)) && math.isInf(-1.0 / 0.0) && math.isFinite(1.0)", "true"},
      {"[math.sqrt(81), math.sqrt(2.25)]", "[9.0, 1.5]"},
      {"[math.bitAnd(5, 3), math.bitOr(5, 3), math.bitXor(5, 3), math.bitNot(0)]", "[1, 7, 6, -1]"},
      {"math.bitNot(0u)", "18446744073709551615u"},
      {"math.bitAnd(1, 1u)", "error"},
      {"[math.bitShiftLeft(-1, 2), math.bitShiftRight(-8, 1)]", "[-4, 9223372036854775804]"},
      {"math.bitShiftLeft(1, -1)", "error"},
      {"math.bitShiftRight(1u, 64)", "0u"},
  });
}

TEST_CASE("optionals carry a value or nothing through selections") {
  check_all({
      {"optional.of(1)", "optional.of(1)"},
      {"optional.none()", "optional.none()"},
      {"optional.of(1).value()", "1"},
      {"optional.none().value()", "error"},
      {"optional.ofNonZeroValue(0).hasValue()", "false"},
      {"{'a': {'b': 1}}.?a.?b.value()", "1"},
      {"{'a': {}}.?a.b.hasValue()", "false"},
      {"{}.?a.b.c.orValue(7)", "7"},
      {"[1][?0].value() + [1][?5].orValue(2)", "3"},
      {"[1][?'a']", "error"},
      {"1.?a", "error"},
      {"optional.of(1).orValue(1 / 0)", "1"},
      {"optional.none().orValue(1 / 0)", "error"},
      {"optional.of(1).or(1)", "optional.of(1)"},
      {"optional.none().or(optional.of(2)).value()", "2"},
      {"optional.none().or(3)", "error"},
      {"1.or(optional.of(2))", "error"},
      {"optional.of(2).optMap(x, x * 2)", "optional.of(4)"},
      {"optional.none().optMap(x, 1 / 0)", "optional.none()"},
      {"optional.of({'a': 1}).optFlatMap(m, m.?b)", "optional.none()"},
      {"optional.of(1).optFlatMap(m, m)", "error"},
      {"1.optMap(x, x)", "error"},
      {"[?optional.of(1), ?optional.none(), 2]", "[1, 2]"},
      {"{?'a': optional.of(1), ?'b': optional.none()}", "{\"a\": 1}"},
      {"[?1]", "error"},
      {"[optional.of(1), optional.none()].unwrapOpt()", "[1]"},
      {"optional.unwrap([optional.of(1)])", "[1]"},
      {"[1, 2].first().value() + [1, 2].last().value()", "3"},
      {"[].first()", "optional.none()"},
      {"has({'a': {}}.?a.b)", "false"},
      {"optional.of(1) == optional.of(1.0)", "true"},
  });
}

TEST_CASE("base64 goes both ways") {
  check_all({
      {"base64.encode(b'hello')", "\"aGVsbG8=\""},
      {"base64.decode('aGVsbG8=')", "b\"\\x68\\x65\\x6c\\x6c\\x6f\""},
      {"base64.decode('aGVsbG8')", "b\"\\x68\\x65\\x6c\\x6c\\x6f\""},
      {"base64.decode('!')", "error"},
      {"base64.encode('text')", "error"},
  });
}

}  // namespace
}  // namespace nurtured::cel

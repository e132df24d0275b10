#include <string>
#include <string_view>
#include <vector>

#include "tests/catch.h"
#include "tests/content/liquid/rendered.h"

namespace nurtured::content::liquid {
namespace {

struct Case {
  const char* source;  // inside {{ }}
  const char* expected;
};

constexpr std::string_view data =
    R"({"name": "Анна Ёлкина", "n": [3, 1, 2], "s": ["b", "A", "a"], "nested": [1, [2, [3]]],
        "people": [{"name": "Bo", "age": 30, "on": true}, {"name": "al", "age": 20, "on": false},
                   {"name": "Cy", "age": 25}],
        "mixed": [1, "a"], "h": {"a": 1, "b": null}, "e": [], "f": 1.5})";

void check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    INFO(one.source);
    CHECK(rendered("{{ " + std::string(one.source) + " }}", {.data = data}) == one.expected);
  }
}

TEST_CASE("filters over text") {
  check({
      {"name | upcase", "АННА ЁЛКИНА"},
      {"name | downcase", "анна ёлкина"},
      {"'ёж' | capitalize", "Ёж"},
      {"'straße' | upcase", "STRASSE"},
      {"name | size", "11"},
      {"name | slice: 0, 4", "Анна"},
      {"name | slice: -3, 2", "ин"},
      {"name | truncate: 7", "Анна..."},
      {"name | truncate: 7, '…'", "Анна Ё…"},
      {"'one two three' | truncatewords: 2", "one two..."},
      {"'a b' | append: '!' | prepend: '?'", "?a b!"},
      {"'aXbX' | replace: 'X', '-'", "a-b-"},
      {"'aXbX' | replace_first: 'X', '-'", "a-bX"},
      {"'aXbX' | replace_last: 'X', '-'", "aXb-"},
      {"'ab' | replace: '', '.'", ".a.b."},
      {"'aXbX' | remove: 'X'", "ab"},
      {"'aXbX' | remove_first: 'X'", "abX"},
      {"'aXbX' | remove_last: 'X'", "aXb"},
      {"'  a  b ' | strip", "a  b"},
      {"'  a' | lstrip", "a"},
      {"'a  ' | rstrip | append: '.'", "a."},
      {"'  a \n b ' | squish", "a b"},
      {"'a,b,,' | split: ',' | size", "2"},
      {"'абв' | split: '' | join: '-'", "а-б-в"},
      {"' a  b ' | split: ' ' | join: '-'", "a-b"},
      {"nothing | default: 'x'", "x"},
      {"false | default: 'x'", "x"},
      {"false | default: 'x', allow_false: true", "false"},
      {"e | default: 'x'", "x"},
      {"'<b>' | raw", "<b>"},
      {"'x' | no_such_filter: 1", "x"},
  });
}

TEST_CASE("filters for HTML, URLs and base64") {
  check({
      {"'<a href=\"x\">&' | escape", "&lt;a href=&quot;x&quot;&gt;&amp;"},
      {"'&lt;<' | escape_once", "&lt;&lt;"},
      {"'a b&c/ä~' | url_encode", "a+b%26c%2F%C3%A4~"},
      {"'a+b%26%' | url_decode", "a b&%"},
      {"'%ff' | url_decode", "error: url_decode: the result is not UTF-8"},
      {"'<p>a<!-- x --><script>1</script><style>2</style>b</p>' | strip_html", "ab"},
      {"'a < b' | strip_html", "a < b"},
      {"'x' | newline_to_br", "x"},
      {"'ж' | base64_encode", "0LY="},
      {"'0LY=' | base64_decode", "ж"},
      {"'0LY' | base64_decode", "error: base64_decode: the input is not base64"},
      {"'0LY' | base64_url_safe_decode", "ж"},
      {"'/w==' | base64_decode", "error: base64_decode: the result is not UTF-8"},
      {"'?a>' | base64_url_safe_encode", "P2E-"},
  });
}

TEST_CASE("what a single item would be ordered by is never asked for") {
  check({
      {"5 | sort: 'n'", "5"},
      {"5 | sort_natural: 'n'", "5"},
      {"5 | uniq: 'n'", "5"},
      {"5 | compact: 'n'", "error: cannot select the property 'n'"},
      {"'5,6' | split: ',' | map: 'size' | sort: 'n'", ""},
  });
}

TEST_CASE("filters that reckon do so in decimal") {
  check({
      {"10.1 | minus: 2.2", "7.9"},
      {"0.1 | plus: 0.2", "0.3"},
      {"3 | times: 1.1", "3.3"},
      {"7 | divided_by: 2", "3"},
      {"-7 | divided_by: 2", "-4"},
      {"7 | divided_by: 2.0", "3.5"},
      {"-7 | modulo: 3", "2"},
      {"5.5 | modulo: 2", "1.5"},
      {"1 | divided_by: 0", "error: divided by 0"},
      {"'12 apples' | plus: '3'", "15"},
      {"9223372036854775807 | plus: 1", "error: the number is too large"},
      {"9223372036854775807 | times: 1.0", "9.223372036854776e+18"},
      {"-5 | abs", "5"},
      {"4.5 | round", "5"},
      {"-4.5 | round", "-5"},
      {"4.567 | round: 2", "4.57"},
      {"1234 | round: -2", "1200"},
      {"4.1 | ceil", "5"},
      {"-4.1 | floor", "-5"},
      {"4 | at_least: 5", "5"},
      {"4 | at_most: 3.5", "3.5"},
      {"1e5", "error: unexpected e5"},
      {"100000000000000000000.0", "1.0e+20"},
      {"0.00001", "1.0e-05"},
  });
}

TEST_CASE("filters over lists") {
  check({
      {"n | sort | join: ','", "1,2,3"},
      {"s | sort | join: ','", "A,a,b"},
      {"s | sort_natural | join: ','", "A,a,b"},
      {"people | sort: 'age' | map: 'name' | join: ','", "al,Cy,Bo"},
      {"mixed | sort", "error: sort: the values have no order among themselves"},
      {"n | reverse | join: ','", "2,1,3"},
      {"n | first", "3"},
      {"n | last", "2"},
      {"nested | join: ','", "1,2,3"},
      {"n | concat: s | size", "6"},
      {"n | concat: 'x'", "error: concat: the argument is not a list"},
      {"'a,b,a' | split: ',' | uniq | join: ','", "a,b"},
      {"people | map: 'on' | compact | join: ','", "true,false"},
      {"people | where: 'on' | map: 'name' | join: ','", "Bo"},
      {"people | where: 'age', 25 | map: 'name' | join: ','", "Cy"},
      {"people | reject: 'on' | map: 'name' | join: ','", "al,Cy"},
      {"people | has: 'age', 20", "true"},
      {"people | find: 'age', 20 | map: 'name' | join: ','", "al"},
      {"people | find_index: 'age', 25", "2"},
      {"people | sum: 'age'", "75"},
      {"n | map: 'x'", "error: cannot select the property 'x'"},
      {"(1..4) | sum", "10"},
      {"h", "{\"a\"=>1, \"b\"=>nil}"},
      {"nested", "123"},
      {"nested | append: ''", "[1, [2, [3]]]"},
      {"h | size", "2"},
      // Named arguments of a filter that has none are a map, and no property's name.
      {"people | map: a: 'name' | join: ','", ",,"},
      {"'x' | append: a: 1", "x{\"a\"=>1}"},
  });
}

TEST_CASE("filters are given as many arguments as they take") {
  for (const char* source : {"'a' | upcase: 1", "'a' | append", "'a' | append: 1, 2", "1 | plus",
                             "'a' | date", "n | where", "'a' | slice: 1, 2, 3", "1 | abs: x: 1"}) {
    INFO(source);
    CHECK(rendered("{{ " + std::string(source) + " }}", {.data = data})
              .starts_with("error: the filter"));
  }
}

TEST_CASE("an unknown filter is an error where the setting says so") {
  CHECK(rendered("{{ 1 | nope }}", {.compile_options = {.strict_filters = true}}) ==
        "error: there is no filter 'nope'");
}

TEST_CASE("an unknown variable is an error where the setting says so") {
  const Setting strict{.data = data, .options = {.strict_variables = true}};
  CHECK(rendered("{{ h.zzz }}", strict) == "error: undefined variable 'zzz'");
  CHECK(rendered("{{ zzz }}", strict) == "error: undefined variable 'zzz'");
  CHECK(rendered("{{ h.b }}{{ h.a }}", strict) == "1");
}

}  // namespace
}  // namespace nurtured::content::liquid

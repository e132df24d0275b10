#include "rules/cel/eval_line.h"

#include "rules/cel/json.h"
#include "rules/cel/near_miss.h"
#include "tests/catch.h"

namespace nurtured::cel {
namespace {

TEST_CASE("a line is answered with a literal") {
  const std::vector<std::pair<std::string_view, std::string_view>> rows = {
      {R"({"expr": "1 + 1"})", R"({"value":"2"})"},
      {R"({"expr": "name + '!'", "data": {"name": "Anna"}})", R"({"value":"\"Anna!\""})"},
      {R"({"expr": "n + 1", "data": {"n": 1}})", R"({"value":"2"})"},
      {R"({"expr": "n + 1.0", "data": {"n": 1.0}})", R"({"value":"2.0"})"},
      {R"({"expr": "d.tags[0]", "data": {"d": {"tags": ["a"]}}})", R"({"value":"\"a\""})"},
      {R"({"expr": "u", "bind": {"u": "1u"}})", R"({"value":"1u"})"},
      {R"({"expr": "a.b", "data": {"a.b": 7}})", R"({"value":"7"})"},
      {R"({"expr": "b'a'"})", R"({"value":"b\"\\x61\""})"},
      {R"j({"expr": "optional.of(1)"})j", R"j({"value":"optional.of(1)"})j"},
      {R"j({"expr": "type(1)", "data": {}, "bind": {}})j", R"({"value":"int"})"},
      {R"({"expr": "x == 'a' || true"})", R"({"value":"true"})"},
      {R"({"expr": "t", "data": {"t": "\u007f\u009b"}})", "{\"value\":\"\\\"\x7f\\\\u009b\\\"\"}"},
      {R"({"expr": "{'b': 1, 'a': 2, 3: 'x', 1u: 'y'}"})",
       R"({"value":"{1u: \"y\", 3: \"x\", \"a\": 2, \"b\": 1}"})"},
      {R"({"expr": "n", "data": {"n": 9223372036854775808}})",
       R"({"value":"9223372036854775808u"})"},
      {R"({"expr": "n", "data": {"n": 1e3}})", R"({"value":"1000.0"})"},
  };
  for (const auto& [line, expected] : rows) {
    CAPTURE(line);
    CHECK(eval_line(line) == expected);
  }
}

TEST_CASE("a whole number that no int and no uint holds is an error") {
  for (const char* number :
       {"18446744073709551616", "-9223372036854775809", "1234567890123456789012"}) {
    const std::string line = R"({"expr": "n", "data": {"n": )" + std::string(number) + "}}";
    CHECK(eval_line(line).find("out of range for an int") != std::string::npos);
  }
}

TEST_CASE("a bad line is answered with an error and nothing is thrown") {
  std::string deep = R"({"expr": "1", "data": {"d": )" + std::string(5000, '[');
  for (const std::string& line : std::vector<std::string>{"",
                                                          " ",
                                                          "null",
                                                          "[]",
                                                          "1",
                                                          "{",
                                                          "{}",
                                                          R"({"expr": 1})",
                                                          R"({"expr": ""})",
                                                          R"({"expr": "1 +"})",
                                                          R"({"expr": "1 / 0"})",
                                                          R"({"expr": "x"})",
                                                          R"({"expr": "1", "data": []})",
                                                          R"({"expr": "1", "bind": 7})",
                                                          R"({"expr": "1", "bind": {"x": 1}})",
                                                          R"({"expr": "1", "bind": {"x": "1 +"}})",
                                                          R"({"expr": "1 + 1.0"})",
                                                          "{\"expr\": \"\xff\"}",
                                                          std::string(2 << 20, 'x'),
                                                          deep,
                                                          std::string("\0", 1)}) {
    CAPTURE(line.substr(0, 60));
    const auto answer = from_json(eval_line(line));
    REQUIRE(answer);
    CHECK(answer->find("error") != nullptr);
    CHECK(answer->find("value") == nullptr);
  }
}

TEST_CASE("a near miss is found, and nothing that is far") {
  const std::vector<std::string> known = {"contact", "event", "enrollment", "now", "score"};
  CHECK(near_miss("contakt", known) == "contact");
  CHECK(near_miss("evnet", known) == "event");
  CHECK(near_miss("Score", known) == "score");
  CHECK(near_miss("enrolment", known) == "enrollment");
  CHECK(near_miss("xyz", known).empty());
  CHECK(near_miss("a", known).empty());
  CHECK(near_miss("", known).empty());
  CHECK(near_miss(std::string(1000, 'a'), known).empty());
}

}  // namespace
}  // namespace nurtured::cel

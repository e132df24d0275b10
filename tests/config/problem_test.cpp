#include "config/problem.h"

#include <sstream>

#include "rules/cel/json.h"
#include "tests/catch.h"

namespace nurtured::config {
namespace {

std::string printed(const std::vector<Problem>& problems, std::string_view source,
                    const PrintOptions& options = {}) {
  std::ostringstream out;
  print_problems(out, problems, [&](std::string_view) { return source; }, options);
  return out.str();
}

TEST_CASE("a problem is shown with its line and a caret under its range") {
  const std::vector<Problem> problems{
      {Severity::error, {"p.yaml", 2, 3, 4}, "", "there is no step `snd`", "did you mean `send`?"},
      {Severity::warning, {"p.yaml", 0, 0, 1}, "not-read", "this file is not read", ""}};
  CHECK(printed(problems, "steps:\r\n- снд\tx: y\r\n") ==
        "p.yaml:2:3: error: there is no step `snd`; did you mean `send`?\n"
        "  - снд x: y\n"
        "    ^~~~\n"
        "p.yaml:1:1: warning: this file is not read [not-read]\n");
}

TEST_CASE("the caret stands below its range behind wide letters and marks, too") {
  const std::vector<Problem> problems{{Severity::error, {"p.yaml", 1, 7, 2}, "", "x", ""}};
  CHECK(printed(problems, "名前: ы好b") == "p.yaml:1:7: error: x\n  名前: ы好b\n           ^\n");
  CHECK(printed(problems, "\u0435\u0301: ab好好") ==
        "p.yaml:1:7: error: x\n  \u0435\u0301: ab好好\n       ^~~~\n");
}

TEST_CASE("the folder that the user typed stands before each path") {
  const std::vector<Problem> problems{{Severity::note, {"p.yaml", 1, 1, 1}, "n", "x", ""}};
  CHECK(printed(problems, "", {.prefix = "site/"}) == "site/p.yaml:1:1: note: x [n]\n");
  CHECK(problems_json(problems, {.prefix = "site"}).find("\"site/p.yaml\"") != std::string::npos);
}

TEST_CASE("nothing from a file can command the terminal") {
  const std::vector<Problem> problems{
      {Severity::error, {"p\x1b.yaml", 1, 1, 1}, "", "bad \x1b[2J\xc2\x9b key\n", "\x07"}};
  const std::string text = printed(problems, "\x1b[31mred\x7f\xc2\x9b");
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\x07') == std::string::npos);
  CHECK(text.find("\xc2\x9b") == std::string::npos);
  CHECK(printed(problems, "", {.colour = true}).find("\x1b[1;31merror:") != std::string::npos);
}

TEST_CASE("a long line is shown around its fault") {
  const std::string line = std::string(5000, 'a') + "HERE" + std::string(5000, 'b');
  const std::string text = printed({{Severity::error, {"p.yaml", 1, 5001, 4}, "", "x", ""}}, line);
  CHECK(text.size() < 400);
  const std::size_t caret = text.rfind("^~~~");
  REQUIRE(caret != std::string::npos);
  const std::size_t shown = text.find('\n') + 1;
  const std::size_t caret_line = text.rfind('\n', caret) + 1;
  CHECK(text.substr(shown + (caret - caret_line), 4) == "HERE");
}

TEST_CASE("the JSON form has half-open ranges and parses") {
  const std::vector<Problem> problems{
      {Severity::error, {"p.yaml", 2, 3, 4}, "", "what \"quoted\"", "remedy"},
      {Severity::warning, {"q.yaml", 0, 0, 1}, "name", "no place", ""}};
  const auto parsed = cel::from_json(problems_json(problems));
  REQUIRE(parsed.has_value());
  const auto& list = parsed->as_list();
  REQUIRE(list.size() == 2);
  CHECK(list[0].find("severity")->as_string() == "error");
  CHECK(list[0].find("message")->as_string() == "what \"quoted\"");
  CHECK(list[0].find("range")->find("start")->find("line")->as_int() == 2);
  CHECK(list[0].find("range")->find("end")->find("column")->as_int() == 7);
  CHECK(list[1].find("range")->find("start")->find("column")->as_int() == 1);
  CHECK(list[1].find("name")->as_string() == "name");
  CHECK(list[1].find("doc") == nullptr);
  const Problem lint{Severity::warning, {"q.yaml", 0, 0, 1}, "raw", "no place", ""};
  CHECK(to_value(lint).find("doc")->as_string() == "docs/lints/raw.md");
  CHECK(problems_json({}) == "[]\n");
}

TEST_CASE("problems are sorted, said once, and bounded") {
  Problems problems;
  problems.warning({"b.yaml", 1, 1, 1}, "w", "later");
  problems.error({"a.yaml", 2, 1, 1}, "twice");
  problems.error({"a.yaml", 2, 1, 1}, "twice");
  problems.error({"a.yaml", 1, 9, 1}, "first");
  CHECK(problems.errors() == 3);
  const auto sorted = problems.take();
  REQUIRE(sorted.size() == 3);
  CHECK(sorted[0].message == "first");
  CHECK(sorted[2].message == "later");
  CHECK(has_errors(sorted));

  for (int i = 0; i < 2000; ++i) problems.warning({"a", i, 1, 1}, "w", "many");
  problems.error({"a", 1, 1, 1}, "the one that counts");
  const auto many = problems.take();
  CHECK(many.size() == Problems::kept_max + 2);
  CHECK(has_errors(many));
  CHECK(many.back().message == "1000 more problems are not shown");
}

}  // namespace
}  // namespace nurtured::config

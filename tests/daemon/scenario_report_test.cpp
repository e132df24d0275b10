// TAP, JUnit's XML and JSON of a run, also where names mean harm. tests/e2e/scenarios.test.mjs has
// them read by real parsers.
#include "daemon/scenario_report.h"

#include "rules/cel/json.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::daemon;

namespace {

config::Scenario named(const std::string& name, const std::string& path = "tests/a.yaml") {
  config::Scenario scenario;
  scenario.path = path;
  scenario.name = name;
  scenario.place = {path, 3, 11, 1};
  return scenario;
}

Unmet unmet(const std::string& expected) {
  return {.place = {"tests/a.yaml", 7, 14, 1},
          .expected = expected,
          .actual = "it happened at 2026-03-02 12:00",
          .contact = "u1 (UTC)",
          .near = {{"2026-03-02 12:00  send hello", true}, {"2026-03-02 13:00  end (p)", false}}};
}

}  // namespace

TEST_CASE("TAP counts what ran, and says what failed") {
  const auto good = named("good");
  const auto bad = named("a # of \\ signs");
  ScenarioReport report{.results = {{&good, {}}, {&bad, {unmet("expected: \"x\": {y}")}}}};
  CHECK_FALSE(report.passed());
  CHECK(to_tap(report) ==
        "TAP version 14\n1..2\nok 1 - good\nnot ok 2 - a \\# of \\\\ signs\n  ---\n"
        "  message: \"expected: \\\"x\\\": {y}; it happened at 2026-03-02 12:00\"\n"
        "  severity: \"fail\"\n  at: {file: \"tests/a.yaml\", line: 7, column: 14}\n"
        "  detail: \"tests/a.yaml:7:14: expected: \\\"x\\\": {y}; it happened at 2026-03-02 "
        "12:00\\nu1 (UTC)\\n> 2026-03-02 12:00  send hello\\n  2026-03-02 13:00  end (p)\\n\"\n"
        "  ...\n");
}

TEST_CASE("JUnit's XML holds hostile names as text") {
  const auto [name, shown] = GENERATE(table<std::string, std::string>({
      {"plain", "plain"},
      {"a < b & c > d", "a &lt; b &amp; c &gt; d"},
      {"\"quoted\"", "&quot;quoted&quot;"},
      {"]]>", "]]&gt;"},
      {"<!-- no comment -->", "&lt;!-- no comment --&gt;"},
      {"<![CDATA[x]]>", "&lt;![CDATA[x]]&gt;"},
      {"&#0;", "&amp;#0;"},
      {"a\tb", "a&#9;b"},
      {"bell \x07", "bell \xef\xbf\xbd"},
      {"escape \x1b[2J", "escape \xef\xbf\xbd[2J"},
      {"nonchar \xef\xbf\xbf.", "nonchar \xef\xbf\xbd."},
      {"проверка 测试", "проверка 测试"},
  }));
  const auto scenario = named(name);
  const ScenarioReport report{.results = {{&scenario, {unmet(name)}}}};
  const std::string xml = to_junit(report);
  CHECK(xml.find("<testcase name=\"" + shown + "\" ") != std::string::npos);
  CHECK(xml.find("<failure message=\"" + shown + "; ") != std::string::npos);
}

TEST_CASE("a broken file fails the run, and counts as an error") {
  const auto good = named("good");
  const ScenarioReport report{
      .results = {{&good, {}}},
      .broken =
          {{"tests/b.yaml",
            {{config::Severity::error, {"tests/b.yaml", 2, 3, 1}, {}, "no time", "write one"}}}},
      .prefix = "shop"};
  CHECK_FALSE(report.passed());
  CHECK(to_tap(report).find("not ok 1 - shop/tests/b.yaml\n") != std::string::npos);
  const std::string xml = to_junit(report);
  CHECK(xml.find("tests=\"2\" failures=\"0\" errors=\"1\"") != std::string::npos);
  CHECK(xml.find("<error message=\"no time\">shop/tests/b.yaml:2:3: no time; write one") !=
        std::string::npos);
  const auto json = cel::from_json(to_json(report));
  REQUIRE(json);
  CHECK_FALSE(json->find("passed")->as_bool());
  CHECK(json->find("problems")->as_list().size() == 1);
}

TEST_CASE("a run that covers less than is asked for fails") {
  const auto good = named("good");
  ScenarioReport report{.results = {{&good, {}}}, .coverage = CoverageReport{.percent = 79}};
  CHECK(report.passed());
  report.coverage_min = 80;
  CHECK_FALSE(report.passed());
  report.coverage->percent = 80;
  CHECK(report.passed());
}

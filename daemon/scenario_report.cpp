#include "daemon/scenario_report.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "rules/cel/json.h"

namespace nurtured::daemon {
namespace {

std::string path_in(const ScenarioReport& report, const std::string& path) {
  if (report.prefix.empty()) return path;
  return report.prefix + (report.prefix.ends_with('/') ? "" : "/") + path;
}

base::Place place_in(const ScenarioReport& report, base::Place place) {
  place.path = path_in(report, place.path);
  return place;
}

std::string words(const Unmet& unmet) {
  return unmet.actual.empty() ? unmet.expected : unmet.expected + "; " + unmet.actual;
}

// "tests/a.yaml:3:5: expected: …", then what happened.
std::string full_text(const ScenarioReport& report, const Unmet& unmet) {
  std::string text = base::to_string(place_in(report, unmet.place)) + ": " + words(unmet) + "\n";
  if (!unmet.near.empty()) text += unmet.contact + "\n";
  for (const NearLine& line : unmet.near)
    text += (line.is_related ? "> " : "  ") + line.text + "\n";
  return text;
}

std::string full_text(const ScenarioReport& report, const config::Problem& problem) {
  const std::string text =
      base::to_string(place_in(report, problem.place)) + ": " + problem.message;
  return text + (problem.remedy.empty() ? "" : "; " + problem.remedy) + "\n";
}

// ---- TAP

// A description: one line, with a number sign and a backslash escaped.
std::string tap_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '#') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

// JSON's texts are YAML's.
std::string yaml_line(std::string_view key, std::string_view text) {
  return fmt::format("  {}: {}\n", key, cel::json_quote(text));
}

std::string tap_line(bool passed, std::size_t number, std::string_view name) {
  return fmt::format("{} {} - {}\n", passed ? "ok" : "not ok", number, tap_text(name));
}

std::string tap_place(const ScenarioReport& report, const base::Place& place) {
  return fmt::format("  at: {{file: {}, line: {}, column: {}}}\n",
                     cel::json_quote(path_in(report, place.path)), place.line, place.column);
}

// ---- XML

bool is_xml(char32_t c) {
  return c == '\t' || c == '\n' || c == '\r' ||
         (c >= 0x20 && c != 0x7f && c != 0xfffe && c != 0xffff);
}

// As text and inside double quotes. The text is UTF-8 already.
std::string xml_text(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_noncharacter = text.substr(i, 2) == "\xef\xbf" && i + 2 < text.size() &&
                                 static_cast<unsigned char>(text[i + 2]) >= 0xbe;
    if (is_noncharacter) {
      out += "\xef\xbf\xbd";
      i += 2;
    } else if (static_cast<unsigned char>(c) < 0x80 && !is_xml(static_cast<unsigned char>(c))) {
      out += "\xef\xbf\xbd";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\n' || c == '\r' || c == '\t') {
      // As a reference it stays what it is in an attribute, too.
      out += fmt::format("&#{};", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out;
}

// The cases of one file.
struct Suite {
  std::string cases;
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
};

std::string junit_case(const ScenarioReport& report, const ScenarioResult& result) {
  const config::Scenario& scenario = *result.scenario;
  const std::string path = xml_text(path_in(report, scenario.path));
  const std::string out =
      fmt::format("    <testcase name=\"{}\" classname=\"{}\" file=\"{}\" line=\"{}\"",
                  xml_text(scenario.title()), path, path, scenario.place.line);
  if (result.passed()) return out + "/>\n";
  std::string text;
  for (const Unmet& unmet : result.unmet) text += full_text(report, unmet);
  return out + fmt::format(">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                           xml_text(words(result.unmet.front())), xml_text(text));
}

std::string junit_broken(const ScenarioReport& report, const BrokenFile& file) {
  const std::string path = xml_text(path_in(report, file.path));
  std::string text;
  for (const config::Problem& problem : file.problems) text += full_text(report, problem);
  return fmt::format(
      "    <testcase name=\"{}\" classname=\"{}\" file=\"{}\">\n      <error "
      "message=\"{}\">{}</error>\n    </testcase>\n",
      path, path, path, xml_text(file.problems.front().message), xml_text(text));
}

// ---- JSON

cel::Value to_value(const ScenarioReport& report, const Unmet& unmet) {
  cel::List near;
  for (const NearLine& line : unmet.near) {
    near.emplace_back(cel::Map{{"text", line.text}, {"related", line.is_related}});
  }
  return cel::Map{{"path", path_in(report, unmet.place.path)},
                  {"line", unmet.place.line},
                  {"column", unmet.place.column},
                  {"expected", unmet.expected},
                  {"actual", unmet.actual},
                  {"contact", unmet.contact},
                  {"near", std::move(near)}};
}

cel::Value to_value(const ScenarioReport& report, const ScenarioResult& result) {
  const config::Scenario& scenario = *result.scenario;
  cel::List failures;
  for (const Unmet& unmet : result.unmet) failures.push_back(to_value(report, unmet));
  return cel::Map{{"name", scenario.name},
                  {"case", scenario.case_name},
                  {"path", path_in(report, scenario.path)},
                  {"line", scenario.place.line},
                  {"passed", result.passed()},
                  {"failures", std::move(failures)}};
}

cel::Value to_value(const CoverageCount& count) {
  return cel::Map{{"reached", static_cast<std::int64_t>(count.reached)},
                  {"total", static_cast<std::int64_t>(count.total)}};
}

cel::Value coverage_value(const ScenarioReport& report) {
  cel::List playbooks;
  for (const PlaybookCoverage& its : report.coverage->playbooks) {
    cel::List missed;
    for (const Missed& one : its.missed) {
      missed.emplace_back(cel::Map{{"path", path_in(report, one.place.path)},
                                   {"line", one.place.line},
                                   {"column", one.place.column},
                                   {"step", one.step},
                                   {"branch", one.branch}});
    }
    playbooks.emplace_back(cel::Map{{"playbook", its.playbook},
                                    {"steps", to_value(its.steps)},
                                    {"branches", to_value(its.branches)},
                                    {"missed", std::move(missed)}});
  }
  return cel::Map{{"percent", report.coverage->percent}, {"playbooks", std::move(playbooks)}};
}

}  // namespace

std::size_t ScenarioReport::failed() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(results, [](const auto& result) { return !result.passed(); }));
}

std::string to_tap(const ScenarioReport& report) {
  const std::size_t count = report.results.size() + report.broken.size();
  std::string out = fmt::format("TAP version 14\n1..{}\n", count);
  std::size_t number = 0;
  for (const BrokenFile& file : report.broken) {
    out += tap_line(false, ++number, path_in(report, file.path));
    std::string text;
    for (const config::Problem& problem : file.problems) text += full_text(report, problem);
    out += "  ---\n" + yaml_line("message", file.problems.front().message) +
           yaml_line("severity", "fail") + tap_place(report, file.problems.front().place) +
           yaml_line("detail", text) + "  ...\n";
  }
  for (const ScenarioResult& result : report.results) {
    out += tap_line(result.passed(), ++number, result.scenario->title());
    if (result.passed()) continue;
    const Unmet& first = result.unmet.front();
    std::string text;
    for (const Unmet& unmet : result.unmet) text += full_text(report, unmet);
    out += "  ---\n" + yaml_line("message", words(first)) + yaml_line("severity", "fail") +
           tap_place(report, first.place) + yaml_line("detail", text) + "  ...\n";
  }
  if (!report.coverage) return out;
  for (const PlaybookCoverage& its : report.coverage->playbooks) {
    out += fmt::format("# {}: steps {}, branches {}\n", tap_text(its.playbook), to_text(its.steps),
                       to_text(its.branches));
  }
  return out + fmt::format("# coverage {}%\n", report.coverage->percent);
}

std::string to_junit(const ScenarioReport& report) {
  std::map<std::string, Suite> suites;  // by path
  for (const BrokenFile& file : report.broken) {
    Suite& suite = suites[file.path];
    suite.cases += junit_broken(report, file);
    ++suite.tests;
    ++suite.errors;
  }
  for (const ScenarioResult& result : report.results) {
    Suite& suite = suites[result.scenario->path];
    suite.cases += junit_case(report, result);
    ++suite.tests;
    if (!result.passed()) ++suite.failures;
  }
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"nurtured\" tests=\"{}\" "
      "failures=\"{}\" errors=\"{}\">\n",
      report.results.size() + report.broken.size(), report.failed(), report.broken.size());
  for (const auto& [path, suite] : suites) {
    out += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"0\">\n",
        xml_text(path_in(report, path)), suite.tests, suite.failures, suite.errors);
    out += suite.cases + "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

std::string to_json(const ScenarioReport& report) {
  cel::List tests;
  for (const ScenarioResult& result : report.results) tests.push_back(to_value(report, result));
  cel::List problems;
  for (const BrokenFile& file : report.broken) {
    for (const config::Problem& problem : file.problems) {
      problems.push_back(config::to_value(problem, {.prefix = report.prefix}));
    }
  }
  cel::Map out{
      {"passed", report.passed()}, {"tests", std::move(tests)}, {"problems", std::move(problems)}};
  if (report.coverage) out.set("coverage", coverage_value(report));
  return cel::to_json(out) + "\n";
}

std::string to_text(const CoverageCount& count) {
  if (count.total == 0) return "none";
  return fmt::format("{} of {} ({}%)", count.reached, count.total,
                     count.reached * 100 / count.total);
}

std::string to_text(const Missed& missed) {
  return missed.branch.empty() ? "step " + missed.step : missed.step + ": " + missed.branch;
}

}  // namespace nurtured::daemon

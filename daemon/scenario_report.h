// What a run of scenarios came to, for programs: TAP, JUnit's XML, JSON. The same run gives the
// same bytes: no times, no names of machines. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.h"
#include "config/scenario.h"
#include "daemon/coverage.h"
#include "daemon/scenario_judge.h"

namespace nurtured::daemon {

struct ScenarioResult {
  const config::Scenario* scenario = nullptr;
  std::vector<Unmet> unmet;

  bool passed() const { return unmet.empty(); }
};

// A file of scenarios with faults: those of its scenarios that have none were run all the same.
struct BrokenFile {
  std::string path;
  std::vector<config::Problem> problems;  // one or more
};

struct ScenarioReport {
  std::vector<ScenarioResult> results;  // in the order of the files
  std::vector<BrokenFile> broken;
  std::optional<CoverageReport> coverage;
  int coverage_min = 0;
  std::string prefix;  // the workspace as it was typed, before each path (config::PrintOptions)

  std::size_t failed() const;
  bool covers_enough() const { return !coverage || coverage->percent >= coverage_min; }
  bool passed() const { return failed() == 0 && broken.empty() && covers_enough(); }
};

// TAP 14 (testanything.org/tap-version-14-specification.html). A broken file is a test that failed.
std::string to_tap(const ScenarioReport& report);

// The XML that CI systems read as JUnit's (github.com/testmoapp/junitxml): a suite a file, a case a
// scenario, an error for a broken file. What XML 1.0 cannot hold becomes U+FFFD.
std::string to_junit(const ScenarioReport& report);

// {"passed", "tests": [{"name", "case", "path", "line", "passed", "failures": [{"path", "line",
// "column", "expected", "actual", "contact", "near": [{"text", "related"}]}]}], "problems": […],
// "coverage": {"percent", "playbooks": [{"playbook", "steps", "branches", "missed": […]}]}}
std::string to_json(const ScenarioReport& report);

// "5 of 7 (71%)".
std::string to_text(const CoverageCount& count);
// "step send:case-bakery", "wait_for:link.clicked: otherwise".
std::string to_text(const Missed& missed);

}  // namespace nurtured::daemon

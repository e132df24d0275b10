// Google's own suite, as far as it lies beside the project (../shared/conformance/cel.jsonl).
#include <fstream>
#include <iomanip>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "rules/cel/eval_line.h"
#include "rules/cel/json.h"
#include "rules/cel/literal.h"
#include "rules/cel/program.h"
#include "tests/catch.h"

namespace nurtured::cel {
namespace {

constexpr const char* suite_path = "../shared/conformance/cel.jsonl";

struct Tally {
  int passed = 0;
  int total = 0;

  double share() const { return total == 0 ? 1.0 : static_cast<double>(passed) / total; }
  void add(const Tally& other) {
    passed += other.passed;
    total += other.total;
  }
};

// Equal as values and of one kind throughout: 1 is not 1.0 here, and NaN is itself.
bool same(const std::string& left, const std::string& right) {
  if (left == right) return true;
  const Environment environment({.checked = false});
  const MapScope scope(environment);
  const auto value = [&](const std::string& literal) {
    const auto program = compile(literal, environment);
    return program ? program->evaluate(scope) : base::fail(program.error());
  };
  const auto first = value(left);
  const auto second = value(right);
  return first && second && first->kind() == second->kind() && *first == *second;
}

std::string line_for(const Value& test) {
  Map line;
  line.set("expr", *test.find("expr"));
  if (const Value* bindings = test.find("bindings")) line.set("bind", *bindings);
  return to_json(std::move(line));
}

bool passes(const Value& test, std::string& answer) {
  answer = eval_line(line_for(test));
  const auto parsed = from_json(answer);
  REQUIRE(parsed);
  if (test.find("error")->as_bool()) return parsed->find("error") != nullptr;
  const Value* value = parsed->find("value");
  return value != nullptr && same(value->as_string(), test.find("want")->as_string());
}

TEST_CASE("the language passes the conformance suite") {
  std::ifstream suite(suite_path);
  if (!suite) {
    WARN("skipped: there is no " << suite_path);
    return;
  }
  const std::set<std::string> extensions = {"string_ext", "math_ext", "bindings_ext",
                                            "encoders_ext", "optionals"};
  std::map<std::string, Tally> files;
  std::string line;
  while (std::getline(suite, line)) {
    const auto test = from_json(line);
    REQUIRE(test);
    Tally& tally = files[test->find("file")->as_string()];
    ++tally.total;
    std::string answer;
    if (passes(*test, answer)) {
      ++tally.passed;
    } else {
      std::cout << line << "\n  gave " << answer << '\n';
    }
  }
  Tally core;
  Tally extended;
  for (const auto& [file, tally] : files) {
    std::cout << std::setw(16) << file << std::setw(5) << tally.passed << " of " << tally.total
              << '\n';
    (extensions.contains(file) ? extended : core).add(tally);
  }
  Tally all = core;
  all.add(extended);
  std::cout << "core " << core.passed << '/' << core.total << ", extensions " << extended.passed
            << '/' << extended.total << '\n';
  CHECK(core.share() == 1.0);
  CHECK(extended.share() >= 0.95);
  CHECK(all.share() >= 0.99);
}

}  // namespace
}  // namespace nurtured::cel

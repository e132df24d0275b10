// What is wrong with a workspace, as a person is told: where, what, and what would be right. All
// problems of a workspace are collected and shown together, sorted by place.
#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "rules/cel/value.h"

namespace nurtured::config {

enum class Severity {
  error,    // the workspace cannot be used
  warning,  // it can, and may do what nobody wants
  note,     // a figure worth knowing
};
std::string_view to_string(Severity severity);

struct Problem {
  Severity severity = Severity::error;
  base::Place place;    // its path is relative to the workspace, "playbooks/x.yaml"
  std::string name;     // of a warning or note, stable: "unknown-event"; empty for errors
  std::string message;  // without a final stop
  std::string remedy;   // empty when there is nothing to say

  bool operator==(const Problem&) const = default;
};

// Where problems gather. Not for several threads at once.
class Problems {
 public:
  // A broken generator could write a million faults; beyond this many they are only counted.
  static constexpr std::size_t kept_max = 1000;

  void error(base::Place place, std::string message, std::string remedy = {});
  void warning(base::Place place, std::string name, std::string message, std::string remedy = {});
  void note(base::Place place, std::string name, std::string message, std::string remedy = {});
  // What stands before the `@` of a URL in the message is left out.
  void add(Problem problem);

  // What follows from an error at this place would repeat it in other words: further ones
  // there are counted and not kept.
  void silence(const base::Place& place);

  bool has_errors() const { return errors_ > 0; }
  std::size_t errors() const { return errors_; }
  std::size_t size() const { return problems_.size(); }
  // By path, line and column, equal ones once; leaves this empty.
  std::vector<Problem> take();

 private:
  using Spot = std::tuple<std::string, int, int>;  // path, line, column

  std::vector<Problem> problems_;
  std::set<Spot> silent_;
  std::size_t errors_ = 0;
  std::size_t dropped_ = 0;
};

bool has_errors(const std::vector<Problem>& problems);

struct PrintOptions {
  std::string prefix;   // put before each path with a slash: the workspace's folder as it was typed
  bool colour = false;  // ANSI, for terminals
};

// The text of a file of the workspace, or an empty view when it is not known.
using SourceOf = std::function<std::string_view(std::string_view path)>;

// For each problem `PATH:LINE:COL: error: what; what would be right`, then the source line and a
// caret under the range. Control characters of the file are not handed to the terminal, and values
// of nurtured.yaml that may be secrets are blotted out.
void print_problems(std::ostream& out, const std::vector<Problem>& problems, const SourceOf& source,
                    const PrintOptions& options = {});

// {"path", "severity", "name", "message", "remedy", "range": {"start": {"line", "column"}, "end":
// {"line", "column"}}}; `end` is exclusive, both count from 1 in code points; a fault of a whole
// file is at its beginning, and only what concerns no file has null. Where a page of docs/lints
// tells more, "doc" is its path.
cel::Value to_value(const Problem& problem, const PrintOptions& options = {});
// All of them as one JSON array, a line a problem.
std::string problems_json(const std::vector<Problem>& problems, const PrintOptions& options = {});

}  // namespace nurtured::config

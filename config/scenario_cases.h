// Tables of cases: a scenario that is written once and read once for each row. Inside config/ only.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/problem.h"
#include "config/yaml.h"

namespace nurtured::config {

inline constexpr std::size_t scenario_cases_max = 1000;
// What the cases of one file may come to when all are written out, in bytes of their texts. It
// bounds what a short file can ask for.
inline constexpr std::size_t scenario_cases_bytes_max = std::size_t{16} << 20;

struct ScenarioCase {
  std::string name;  // empty for a scenario without `cases`
  Node node;         // the scenario, without `cases`
};

// The scenario once for each of its `cases`, every `{{ case.NAME }}` in its texts replaced by the
// row's value; itself where it has none. A text that is nothing else becomes the value, whatever
// that is, at the value's place. `bytes` counts what a file has come to so far. What is wrong is
// reported.
std::vector<ScenarioCase> expand_cases(const Node& scenario, std::size_t& bytes,
                                       Problems& problems);

}  // namespace nurtured::config

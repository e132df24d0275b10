// tests/*.yaml (CONTRACT section 1, docs/testing.md): the scenarios of a workspace, held against
// what it knows by name.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/problem.h"
#include "config/scenario.h"
#include "config/workspace.h"

namespace nurtured::config {

inline constexpr std::string_view scenarios_folder = "tests/";

// Of a workspace, cases counted; and of one scenario.
inline constexpr std::size_t scenarios_max = 10'000;
inline constexpr std::size_t scenario_contacts_max = 100;
inline constexpr std::size_t scenario_events_max = 1000;
inline constexpr std::size_t scenario_expectations_max = 1000;
inline constexpr int scenario_days_max = 3660;  // from the first moment to the last
// How long a scenario without `until` goes on after the last moment that it names.
inline constexpr int scenario_days_after = 90;

// In the order of the files. Every fault goes to `problems`; a scenario with one is left out.
// `config` is null where the workspace has errors of its own: then names are not checked, and what
// is returned is not to be played.
std::vector<Scenario> read_scenarios(const Workspace& workspace, const Config* config,
                                     Problems& problems);

}  // namespace nurtured::config

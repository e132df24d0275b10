// The people of a scenario, as `identify` would tell of them. Inside config/ only.
#pragma once

#include <optional>

#include "config/scenario.h"
#include "config/scenario_context.h"

namespace nurtured::config {

// What is wrong is reported; nullopt for one without an id.
std::optional<ScenarioContact> read_scenario_contact(const Node& node,
                                                     const ScenarioContext& context);

}  // namespace nurtured::config

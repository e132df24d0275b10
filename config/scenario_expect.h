// What a scenario expects. Inside config/ only.
#pragma once

#include <optional>

#include "config/scenario.h"
#include "config/scenario_context.h"

namespace nurtured::config {

// What is wrong is reported, and nullopt what cannot be judged.
std::optional<Expectation> read_expectation(const Node& node, const ScenarioContext& context);

}  // namespace nurtured::config

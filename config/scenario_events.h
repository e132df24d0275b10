// What happens in a scenario: events, and what people do. Inside config/ only.
#pragma once

#include <optional>

#include "config/scenario.h"
#include "config/scenario_context.h"

namespace nurtured::config {

// What is wrong is reported, and nullopt what cannot be played.
std::optional<ScenarioEvent> read_scenario_event(const Node& node, const ScenarioContext& context);

}  // namespace nurtured::config

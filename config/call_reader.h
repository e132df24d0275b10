// The step `do`: which action of which connector, with what. Inside config/ only.
#pragma once

#include "config/step_reader.h"

namespace nurtured::config {

// Of a step's map. Held against the actions that the connector's type has.
rules::Do read_do(Section& section, const StepContext& context);

// What a call of CONNECTOR.ACTION gives back, for the conditions that see what `save` kept; nullopt
// where that is not known.
std::optional<rules::EventShape> output_of(std::string_view call, const Catalogue& catalogue);

}  // namespace nurtured::config

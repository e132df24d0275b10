// The step `emit`: another event about the contact. Inside config/ only.
#pragma once

#include "config/step_reader.h"

namespace nurtured::config {

// Of a step's map; its properties are held against what events.yaml declares.
rules::Emit read_emit(Section& section, const StepContext& context);

}  // namespace nurtured::config

// What `set`, `emit` and `do` give to names. Inside config/ only.
#pragma once

#include <string_view>

#include "config/section.h"
#include "config/step_reader.h"

namespace nurtured::config {

// The map under `key`. A text that begins with `=` is CEL, one that holds `{{` or `{%` is Liquid,
// in lists and maps too; everything else is itself (config/literal.h).
rules::Assignments read_assignments(Section& section, std::string_view key,
                                    const StepContext& context);

}  // namespace nurtured::config

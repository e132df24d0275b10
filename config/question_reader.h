// What a step that turns to a human says: `ask`, which waits for the contact's answer, and
// `handoff`, which waits for one of us. Inside config/ only.
#pragma once

#include "config/section.h"
#include "config/step_reader.h"

namespace nurtured::config {

inline constexpr std::size_t choices_max = 20;
inline constexpr std::int64_t tries_max = 10;

// `ask: MESSAGE` with `choices` or `as`, `if`, `within`, `tries`, `again`, `save` and the gates'
// keys; `otherwise` is the caller's. `place` is where the message is named.
rules::Ask read_ask(Section& section, const base::Place& place, const StepContext& context);

// `handoff: true`, `handoff: TEXT` or `handoff: {text, for}`, with `for`.
rules::HandOff read_handoff(Section& section, const StepContext& context);

}  // namespace nurtured::config

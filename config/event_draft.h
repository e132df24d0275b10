// A draft of events.yaml: what stands there already, as it stands, with the events and properties
// that came in beside (config/event_learner.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/event_learner.h"

namespace nurtured::config {

// `current` is the text of events.yaml, empty where there is none; declarations in it win, and
// comments say where what came in differs. `awaited` are events that the workspace waits for:
// those that nobody has seen are listed, so that the list is whole. Canonical (config/format.h).
// `invalid`, with the place, when `current` cannot be read.
base::Result<std::string> draft_events(std::string_view current, const LearnedEvents& learned,
                                       const std::vector<std::string>& awaited);

}  // namespace nurtured::config

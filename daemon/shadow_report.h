// What a comparison says (daemon/shadow.h): for a terminal, and for programs. Pure, for any thread.
#pragma once

#include <string>

#include "daemon/shadow.h"

namespace nurtured::daemon {

// One difference as JSON, and all of it in words and lines for a terminal.
std::string to_json_line(const ShadowDifference& difference);
std::string shadow_summary_json(const ShadowComparison& comparison, const ShadowRecord& record);
std::string shadow_text(const ShadowComparison& comparison, const ShadowRecord& record);

}  // namespace nurtured::daemon

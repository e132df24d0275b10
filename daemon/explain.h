// Why a contact got, waits for or was refused what it was: `nurtured explain`. From what is known
// of the contact to plain words and to JSON. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/instant.h"
#include "config/config.h"
#include "rules/advance.h"
#include "rules/cel/value.h"
#include "store/types.h"

namespace nurtured::daemon {

struct ExplainInput {
  const config::Config& config;
  const rules::Pauses& pauses;
  rules::Snapshot snapshot;
  std::vector<store::TimelineEntry> timeline;  // newest first
  std::size_t shown = 20;                      // of the timeline; all of it is searched for facts
  base::Instant now;
};

// Times are the contact's own clock. {"contact", "now", "held": [...], "enrollments": [...],
// "recent": [...], "suppression", "consent", "touches", "mix"}; what is held has "reason", "facts",
// "since", "until" and "released_by".
cel::Value explain(const ExplainInput& input);
// The same for a person.
std::string explain_text(const ExplainInput& input);

}  // namespace nurtured::daemon

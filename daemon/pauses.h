// What an operator, or the watch over the clock, has paused: kept in the store so that it outlasts
// a restart.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "daemon/engine.h"
#include "rules/advance.h"
#include "rules/cel/value.h"
#include "store/store.h"

namespace nurtured::daemon {

// The key in the store's meta table. Stored: must never change.
inline constexpr std::string_view pauses_key = "pauses";

// Nothing paused where nothing is kept; `internal` when what is kept cannot be read.
base::Result<rules::Pauses> load_pauses(store::Reader& reader);
store::MetaEntry to_entry(const rules::Pauses& pauses);
// Holds marketing until an operator resumes it: kept, and in force from the engine's next batch. On
// the engine's thread.
base::Result<void> hold_marketing(Engine& engine, store::Store& store, base::Instant now);

// {"all": bool, "marketing": bool, "playbooks": [...], "connectors": [...], "silences": [...]}
cel::Value to_value(const rules::Pauses& pauses);
// {"id", "segment", "playbook", "message", "channel", "kinds", "from", "until", "why", "by"}; what
// it does not name is left out.
cel::Value to_value(const rules::Silence& silence);
// What it holds, in words: "offer to the segment hot".
std::string describe(const rules::Silence& silence);

}  // namespace nurtured::daemon

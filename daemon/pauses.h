// What an operator has paused by hand, kept in the store so that it outlasts a restart.
#pragma once

#include <string_view>

#include "base/result.h"
#include "rules/advance.h"
#include "rules/cel/value.h"
#include "store/store.h"

namespace nurtured::daemon {

// The key in the store's meta table. Stored: must never change.
inline constexpr std::string_view pauses_key = "pauses";

// Nothing paused where nothing is kept; `internal` when what is kept cannot be read.
base::Result<rules::Pauses> load_pauses(store::Reader& reader);
store::MetaEntry to_entry(const rules::Pauses& pauses);

// {"all": bool, "playbooks": [...], "connectors": [...]}
cel::Value to_value(const rules::Pauses& pauses);

}  // namespace nurtured::daemon

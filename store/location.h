// What the setting `store` names, and how its file is opened by those who only read. Inside store/
// only.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "store/sqlite.h"

namespace nurtured::store {

inline constexpr std::string_view memory_path = ":memory:";

// The path in "sqlite:PATH"; ":memory:" is one. `invalid` for other forms.
base::Result<std::string> path_in(std::string_view location);
// Of a file; `invalid` for ":memory:".
base::Result<std::string> file_in(std::string_view location);

// `invalid` also for a file that the daemon has still to migrate.
base::Result<sqlite::Connection> open_to_read(const std::string& path);

}  // namespace nurtured::store

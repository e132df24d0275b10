// A file written as a whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace nurtured::daemon::cli {

// Writes beside the file and renames over it, so that whoever reads it finds the former text or the
// new one. An existing file keeps its mode, and a symbolic link stays and its target is replaced.
// `disk` where it cannot be written.
base::Result<void> replace_file(const std::string& path, std::string_view text);

// A new file in the folder for temporary ones, which only this user can read; its path. `name` is
// for people and may hold anything.
base::Result<std::string> write_private_file(std::string_view name, std::string_view ending,
                                             std::string_view text);

}  // namespace nurtured::daemon::cli

// Other programs that a command leans on: one that turns a text into another, and one that shows a
// file to the person. Found on PATH and run without a shell. Only for commands: the daemon runs
// none.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nurtured::daemon::cli {

struct ProgramLimits {
  std::chrono::seconds time_max{60};
  std::size_t output_bytes_max = std::size_t{64} << 20;
};

// What the program of that name writes to its standard output, given `input`. `not_found` where it
// is not installed, `unavailable` when it takes longer than its time and was ended, `too_large`,
// else `invalid` with what it complained of.
base::Result<std::string> run_filter(const std::vector<std::string>& arguments,
                                     std::string_view input, const ProgramLimits& limits = {});

// Starts the program, detached from the terminal, and does not wait for it. `not_found` where it is
// not installed.
base::Result<void> start_program(const std::vector<std::string>& arguments);

}  // namespace nurtured::daemon::cli

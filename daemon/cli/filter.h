// The frame of `eval --jsonl` and `render --jsonl`: a line in, a line out, to the end of the input.
#pragma once

#include <functional>
#include <string>

#include "daemon/cli/cli.h"

namespace nurtured::daemon::cli {

// A line that is too long is answered with {"error": …}, like any other bad line. Answers are
// handed over at once when reading on would wait.
int filter(Console& console, const std::function<std::string(const std::string&)>& answer);

}  // namespace nurtured::daemon::cli

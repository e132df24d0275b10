// Where what a name stands for is written (LSP 3.17, "Goto Definition Request").
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/lsp/spot.h"

namespace nurtured::daemon::lsp {

struct Target {
  std::string path;  // seen from the workspace
  Span name;         // of its file's text; empty at the front of a file that is meant as a whole
  Span whole;        // what is said there
};

// nullopt where nothing of the workspace is named, or it is not there.
std::optional<Target> target_of(const Spot& spot);

}  // namespace nurtured::daemon::lsp

// Workspaces as somebody writes them: YAML and Markdown drawn from a grammar of what CONTRACT
// sections 1 to 4 name, right in form and odd in meaning. The same seed gives the same text.
#pragma once

#include "config/workspace.h"
#include "tests/daemon/random_world.h"

namespace nurtured::tests {

config::Workspace written_workspace(std::uint64_t seed);

// Its config is null where the files have errors.
RandomWorld written_world(std::uint64_t seed);

}  // namespace nurtured::tests

// What may be written at a place: keys and values by the schema, names by the workspace (LSP 3.17,
// "Completion Request").
#pragma once

#include "daemon/lsp/spot.h"
#include "rules/cel/value.h"

namespace nurtured::daemon::lsp {

// A list of CompletionItem, each with the edit that it stands for.
cel::Value complete(const Spot& spot, PositionEncoding encoding);

}  // namespace nurtured::daemon::lsp

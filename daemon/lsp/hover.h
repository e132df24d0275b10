// What is told of a place (LSP 3.17, "Hover Request"): what a key is for, what a name stands for,
// which step this is, and the pages on what `check` warns of there. Nothing of nurtured.yaml is
// repeated, for it may hold secrets.
#pragma once

#include <cstddef>

#include "daemon/lsp/spot.h"
#include "rules/cel/value.h"

namespace nurtured::daemon::lsp {

inline constexpr std::size_t excerpt_bytes_max = 1000;

// A Hover; null where there is nothing to tell.
cel::Value hover(const Spot& spot);

}  // namespace nurtured::daemon::lsp

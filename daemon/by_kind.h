// Counts by a message's kind, for reports.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rules/kind.h"

namespace nurtured::daemon {

// All of them, in the order in which a count has its place.
inline constexpr std::array kinds = {rules::Kind::value,    rules::Kind::engagement,
                                     rules::Kind::offer,    rules::Kind::reply,
                                     rules::Kind::reminder, rules::Kind::receipt};
inline constexpr std::size_t kind_count = kinds.size();
using ByKind = std::array<std::int64_t, kind_count>;

}  // namespace nurtured::daemon

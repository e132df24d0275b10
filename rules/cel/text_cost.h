// What searching in texts takes from an evaluation's budget. Internal to rules/cel.
#pragma once

#include <cstdint>
#include <string_view>

namespace nurtured::cel {

// The standard library's search is quadratic for texts chosen to be so ("aaa…b" in "aaa…"): the
// needle counts as well, in the 64 bytes that are compared at a time.
inline std::uint64_t search_cost(std::string_view text, std::string_view needle) {
  return (1 + text.size() / 8) * (1 + needle.size() / 64);
}

}  // namespace nurtured::cel

// RE2 for matches(), bounded. Internal to rules/cel.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "rules/cel/evaluation.h"

namespace re2 {
class RE2;
}

namespace nurtured::cel {

// Compiling the longest permitted pattern takes some tens of microseconds.
inline constexpr std::uint64_t regex_compile_cost = 500;

// Beyond Limits::regex_bytes_max, or more memory than such a pattern should take: `too_large`. Bad
// syntax: `invalid`.
base::Result<std::shared_ptr<const re2::RE2>> compile_regex(std::string_view pattern,
                                                            const Limits& limits);
// Does any part of the text match. nullopt after a failure.
std::optional<Value> find_match(Evaluation& evaluation, const re2::RE2& regex,
                                std::string_view text);

}  // namespace nurtured::cel

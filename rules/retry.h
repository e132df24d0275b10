// When what a provider put off is tried again. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/instant.h"

namespace nurtured::rules {

// What had no success for so long is given up (RFC 5321 section 4.5.4.1 asks for days in all).
inline constexpr base::Milliseconds retry_for_max = std::chrono::hours{72};

// After the try with that number (from 1) of what `key` names: longer from try to try, a fifth
// earlier or later, and the same on every run, so that what was refused together does not come back
// together. Not below a second, and as the provider asked where it did.
base::Milliseconds retry_delay(const std::string& key, std::uint32_t attempt,
                               const std::optional<base::Milliseconds>& asked = std::nullopt);

}  // namespace nurtured::rules

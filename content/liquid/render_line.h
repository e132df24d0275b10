// The filter behind `nurtured render --jsonl` (CONTRACT section 5): plain Liquid, no escaping.
#pragma once

#include <string>
#include <string_view>

#include "base/instant.h"

namespace nurtured::content::liquid {

// One line's bytes; longer ones are answered with an error.
inline constexpr std::size_t line_bytes_max = std::size_t{16} << 20;

// Takes {"template": "...", "data": {...}, "partials": {"name": "..."}} (the last two optional) and
// returns {"output": "..."} or {"error": "..."}, one line without its end. Never throws on any
// input. `now` is what 'now' means to `date`; dates are shown in UTC.
std::string render_line(std::string_view json_line, base::Instant now = {});

}  // namespace nurtured::content::liquid

// The filter `nurtured eval --jsonl`: standard CEL, no type check, one JSON object in and one out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nurtured::cel {

inline constexpr std::size_t eval_line_bytes_max = 1 << 20;
inline constexpr std::size_t eval_line_depth_max = 64;  // of the line's JSON

// {"expr": "...", "data": {"name": JSON}, "bind": {"name": "CEL"}} to {"value": "CEL literal"} or
// {"error": "..."}, without a line end. Names may be qualified ("a.b"); `bind` is evaluated without
// variables. Never throws for what the line holds.
std::string eval_line(std::string_view line);

}  // namespace nurtured::cel

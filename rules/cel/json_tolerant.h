// JSON made readable that its grammar allows and no Value can hold. Internal to rules/cel.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nurtured::cel {

// The same text with
//   an escape of half a surrogate pair ("\ud83d", as JSON.stringify writes a cut emoji)  as
//   "\ufffd" what is nested more than `depth_max` deep as null an exponent of more digits than a
//   parser counts                                      cut
// Everything else, mistakes included, stays as it is.
std::string tame_json(std::string_view text, std::size_t depth_max);

}  // namespace nurtured::cel

// samples.yaml: people and events by name, for looks at messages before anybody gets them. Nothing
// that runs reads it: `check` through compile(), and `nurtured render`.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/problem.h"
#include "config/workspace.h"
#include "rules/cel/value.h"

namespace nurtured::config {

inline constexpr std::string_view samples_file = "samples.yaml";
inline constexpr std::size_t samples_max = 100;

// name → a map of contact, event and enrollment, those that the sample has; each is a map of
// whatever it holds. Faults go to `problems`.
std::map<std::string, cel::Value, std::less<>> read_samples(const File& file, Problems& problems);

}  // namespace nurtured::config

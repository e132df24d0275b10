// One YAML file on its way to meaning: its text, its tree, and where faults in it are shown. Inside
// config/ only.
#pragma once

#include <string>
#include <string_view>

#include "config/problem.h"
#include "config/yaml.h"

namespace nurtured::config {

// `text` belongs to the workspace and outlives it.
struct Document {
  std::string path;
  std::string_view text;
  Node root;
};

// The error moved from inside a scalar to where that stands in the file.
inline void report_inside(const Document& document, const Node& scalar, const base::Error& error,
                          Problems& problems) {
  problems.error(place_inside(scalar, document.text, error.place), error.message, error.remedy);
}

}  // namespace nurtured::config

// The version of a playbook. Inside config/ only.
#pragma once

#include <string>

#include "config/yaml.h"

namespace nurtured::config {

// The first 16 hexadecimal digits of the SHA-256 of what the YAML means: comments, spacing, quoting
// and the order of keys aside. Kept in the store with every enrollment: how it is made must never
// change, or people under way lose their version.
std::string version_of(const Node& root);

}  // namespace nurtured::config

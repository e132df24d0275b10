// Values as YAML writes them, for what takes any value: `vars`, `set`, `emit`. Inside config/ only.
#pragma once

#include "config/yaml.h"
#include "rules/cel/value.h"

namespace nurtured::config {

// An unquoted number as JSON spells one, true, false and null are what they look like; every other
// scalar, and every quoted one, is a text. Lists and maps are taken with what is in them.
cel::Value literal(const Node& node);

}  // namespace nurtured::config

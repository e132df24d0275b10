// Values as YAML writes them, for what takes any value: `vars`, `set`, `emit`. Inside config/ only.
#pragma once

#include "config/yaml.h"
#include "rules/cel/value.h"

namespace nurtured::config {

// An unquoted true, false, null or number that prints as it is written is what it looks like; every
// other scalar (1.50, 1e3, 22:30), and every quoted one, is a text. Lists and maps are taken with
// what is in them.
cel::Value literal(const Node& node);

}  // namespace nurtured::config

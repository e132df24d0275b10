// Values that a step gives by name (`emit`, `do`), held against what is declared of them. Inside
// config/ only.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "config/problem.h"
#include "config/yaml.h"
#include "rules/event_shape.h"
#include "rules/playbook.h"

namespace nurtured::config {

struct DeclaredValues {
  const rules::EventShape& shape;
  // What is said of a name that is not declared, and where that would be done.
  std::function<std::string(std::string_view name)> unknown;
  std::string unknown_remedy;
  std::string type_remedy;
  bool types_templates = false;  // what a template prints becomes a value of the declared type
};

// `values` is the map that `read` was made from. What is written out is judged by its value, a
// formula by its type where that is known, and a template is a text unless `types_templates`.
// Reports.
void check_declared(const Node& values, const rules::Assignments& read,
                    const DeclaredValues& declared, Problems& problems);

}  // namespace nurtured::config

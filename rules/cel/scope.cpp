#include "rules/cel/scope.h"

#include <algorithm>

namespace nurtured::cel {

MapScope::MapScope(const Environment& environment)
    : environment_(environment), values_(environment.variables().size()) {}

bool MapScope::set(std::string_view name, Value value) {
  const auto& variables = environment_.variables();
  const auto found = std::find_if(variables.begin(), variables.end(),
                                  [name](const Variable& known) { return known.name == name; });
  if (found == variables.end()) return false;
  values_[static_cast<std::size_t>(found - variables.begin())] = std::move(value);
  return true;
}

std::optional<Value> MapScope::variable(std::size_t variable) const {
  return values_.at(variable);
}

const Value* MapScope::field(std::size_t variable, FieldName field, Value& /*unused*/) const {
  const std::optional<Value>& whole = values_.at(variable);
  return whole ? whole->find(field.name) : nullptr;
}

base::Result<Value> MapScope::call(std::size_t function, std::span<const Value>) const {
  return base::fail(
      base::ErrorKind::not_found,
      "the function " + environment_.overloads().at(function).function + " is not available here");
}

}  // namespace nurtured::cel

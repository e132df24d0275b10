#include "rules/cel/environment.h"

#include <utility>

namespace nurtured::cel {

std::size_t Environment::add_variable(std::string name, Type type) {
  variables_.push_back({.name = std::move(name), .type = std::move(type)});
  return variables_.size() - 1;
}

std::size_t Environment::add_function(std::string name, std::vector<Type> arguments, Type result) {
  overloads_.push_back({.function = std::move(name),
                        .arguments = std::move(arguments),
                        .result = std::move(result)});
  return overloads_.size() - 1;
}

}  // namespace nurtured::cel

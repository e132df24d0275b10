#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "connectors/connector.h"

namespace nurtured::connectors {
namespace {

namespace json = boost::json;

bool fits(const json::value& value, ParameterType type) {
  switch (type) {
    case ParameterType::text:
      return value.is_string();
    case ParameterType::integer:
      return value.is_int64() || value.is_uint64();
    case ParameterType::number:
      return value.is_number();
    case ParameterType::boolean:
      return value.is_bool();
    case ParameterType::any:
      return true;
  }
  return false;
}

}  // namespace

std::string_view to_string(ParameterType type) {
  switch (type) {
    case ParameterType::text:
      return "a text";
    case ParameterType::integer:
      return "a whole number";
    case ParameterType::number:
      return "a number";
    case ParameterType::boolean:
      return "true or false";
    case ParameterType::any:
      return "anything";
  }
  return {};
}

const Action* Descriptor::find_action(std::string_view wanted) const {
  const auto found = std::ranges::find(actions, wanted, &Action::name);
  return found == actions.end() ? nullptr : &*found;
}

base::Result<void> check_arguments(const Action& action, std::string_view arguments) {
  boost::system::error_code failed;
  const json::value value = json::parse(arguments, failed);
  if (failed || !value.is_object()) return base::fail("the arguments are no JSON object");
  const json::object& given = value.as_object();
  for (const Parameter& parameter : action.parameters) {
    const json::value* found = given.if_contains(parameter.name);
    // Null is what is missing, as in conditions.
    if (found == nullptr || found->is_null()) {
      if (parameter.required) return base::fail(fmt::format("`{}` is missing", parameter.name));
    } else if (!fits(*found, parameter.type)) {
      return base::fail(
          fmt::format("`{}` has to be {}", parameter.name, to_string(parameter.type)));
    }
  }
  if (action.takes_others) return {};
  for (const auto& entry : given) {
    const std::string_view name = entry.key();
    if (std::ranges::find(action.parameters, name, &Parameter::name) == action.parameters.end()) {
      return base::fail(fmt::format("`{}` takes no `{}`", action.name, name));
    }
  }
  return {};
}

}  // namespace nurtured::connectors

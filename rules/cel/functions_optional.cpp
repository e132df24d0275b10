// The optional extension; or() and orValue() do not evaluate their argument in vain and are the
// planner's.
#include "rules/cel/library.h"

namespace nurtured::cel {
namespace {

using Outcome = std::optional<Value>;

Outcome of(Evaluation& /*unused*/, const Arguments& arguments) {
  return Value::optional_of(arguments[0]);
}

Outcome of_non_zero(Evaluation& /*unused*/, const Arguments& arguments) {
  return is_zero(arguments[0]) ? Value::optional_none() : Value::optional_of(arguments[0]);
}

Outcome none(Evaluation& /*unused*/, const Arguments& /*unused*/) {
  return Value::optional_none();
}

Outcome has_value(Evaluation& /*unused*/, const Arguments& arguments) {
  return arguments[0].as_optional() != nullptr;
}

Outcome value(Evaluation& evaluation, const Arguments& arguments) {
  const Value* inner = arguments[0].as_optional();
  if (inner == nullptr) return evaluation.fail("optional.none() has no value");
  return *inner;
}

Outcome unwrap(Evaluation& evaluation, const Arguments& arguments) {
  if (!evaluation.charge(arguments[0].weight())) return std::nullopt;
  List values;
  for (const Value& item : arguments[0].as_list()) {
    if (!item.is_optional()) return evaluation.fail("a list of optionals is needed");
    if (const Value* inner = item.as_optional()) values.push_back(*inner);
  }
  return values;
}

Outcome first(Evaluation& /*unused*/, const Arguments& arguments) {
  const List& items = arguments[0].as_list();
  return items.empty() ? Value::optional_none() : Value::optional_of(items.front());
}

Outcome last(Evaluation& /*unused*/, const Arguments& arguments) {
  const List& items = arguments[0].as_list();
  return items.empty() ? Value::optional_none() : Value::optional_of(items.back());
}

}  // namespace

void add_optional_functions(LibraryTable& table) {
  const Type optional = Type::optional(type_a());
  const Type list = Type::list(type_a());
  const Type optionals = Type::list(optional);
  table.push_back({"optional.of", false, {type_a()}, optional, of});
  table.push_back({"optional.ofNonZeroValue", false, {type_a()}, optional, of_non_zero});
  table.push_back({"optional.none", false, {}, optional, none});
  table.push_back({"optional.unwrap", false, {optionals}, list, unwrap});
  table.push_back({"unwrapOpt", true, {optionals}, list, unwrap});
  table.push_back({"hasValue", true, {optional}, Type::boolean(), has_value});
  table.push_back({"value", true, {optional}, type_a(), value});
  table.push_back({"or", true, {optional, optional}, optional, nullptr});
  table.push_back({"orValue", true, {optional, type_a()}, type_a(), nullptr});
  table.push_back({"first", true, {list}, optional, first});
  table.push_back({"last", true, {list}, optional, last});
}

}  // namespace nurtured::cel

#include "rules/cel/type.h"

#include <algorithm>

namespace nurtured::cel {

Type Type::simple(Kind kind) {
  Type type;
  type.sort_ = Sort::simple;
  type.kind_ = kind;
  return type;
}

Type Type::number() {
  Type type;
  type.sort_ = Sort::number;
  return type;
}

Type Type::with(Sort sort, std::vector<Type> parameters) {
  Type type;
  type.sort_ = sort;
  type.parameters_ = std::make_shared<const std::vector<Type>>(std::move(parameters));
  return type;
}

Type Type::list(Type item) {
  return with(Sort::list, {std::move(item)});
}

Type Type::map(Type key, Type value) {
  return with(Sort::map, {std::move(key), std::move(value)});
}

Type Type::optional(Type value) {
  return with(Sort::optional, {std::move(value)});
}

Type Type::type(Type of) {
  return with(Sort::type, {std::move(of)});
}

Type Type::object(ObjectFields fields) {
  Type type;
  type.sort_ = Sort::object;
  type.fields_ = std::make_shared<const ObjectFields>(std::move(fields));
  return type;
}

Type Type::parameter(std::int32_t id) {
  Type type;
  type.sort_ = Sort::parameter;
  type.parameter_id_ = id;
  return type;
}

std::string Type::name() const {
  switch (sort_) {
    case Sort::dyn:
    case Sort::parameter:
      return "dyn";
    case Sort::simple:
      return std::string(type_name(kind_));
    case Sort::number:
      return "number";
    case Sort::list:
      return "list(" + parameters()[0].name() + ")";
    case Sort::map:
      return "map(" + parameters()[0].name() + ", " + parameters()[1].name() + ")";
    case Sort::optional:
      return "optional_type(" + parameters()[0].name() + ")";
    case Sort::type:
      return "type(" + parameters()[0].name() + ")";
    case Sort::object:
      return fields().name;
  }
  return {};
}

bool Type::operator==(const Type& other) const {
  if (sort_ != other.sort_ || kind_ != other.kind_ || parameter_id_ != other.parameter_id_) {
    return false;
  }
  if (fields_ != other.fields_)
    return false;  // two objects are one type when they share their fields
  if (parameters_ == other.parameters_) return true;
  return parameters_ != nullptr && other.parameters_ != nullptr &&
         *parameters_ == *other.parameters_;
}

}  // namespace nurtured::cel

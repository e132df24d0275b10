#include "rules/cel/unifier.h"

#include <algorithm>

namespace nurtured::cel {
namespace {

// The same type with other parameters.
Type rebuilt(const Type& type, std::vector<Type> parameters) {
  switch (type.sort()) {
    case Type::Sort::list:
      return Type::list(std::move(parameters[0]));
    case Type::Sort::map:
      return Type::map(std::move(parameters[0]), std::move(parameters[1]));
    case Type::Sort::optional:
      return Type::optional(std::move(parameters[0]));
    case Type::Sort::type:
      return Type::type(std::move(parameters[0]));
    default:
      return type;
  }
}

bool has_parameters(const Type& type) {
  return type.sort() == Type::Sort::list || type.sort() == Type::Sort::map ||
         type.sort() == Type::Sort::optional || type.sort() == Type::Sort::type;
}

template <class Change>
Type with_parameters(const Type& type, Change change) {
  if (!has_parameters(type)) return type;
  std::vector<Type> parameters;
  for (const Type& parameter : type.parameters()) parameters.push_back(change(parameter));
  return rebuilt(type, std::move(parameters));
}

bool is_object_and_map(const Type& left, const Type& right) {
  return left.sort() == Type::Sort::object && right.sort() == Type::Sort::map;
}

}  // namespace

Type Unifier::fresh() {
  return Type::parameter(reserve(1));
}

std::int32_t Unifier::reserve(std::size_t variables) {
  const auto base = static_cast<std::int32_t>(bound_.size());
  bound_.resize(bound_.size() + variables);
  return base;
}

Type Unifier::instantiate(const Type& type, std::int32_t base) {
  if (type.sort() == Type::Sort::parameter) return Type::parameter(type.parameter_id() + base);
  return with_parameters(type, [base](const Type& inner) { return instantiate(inner, base); });
}

Type Unifier::shallow(const Type& type) const {
  Type at = type;
  while (at.sort() == Type::Sort::parameter) {
    const std::optional<Type>& bound = bound_[static_cast<std::size_t>(at.parameter_id())];
    if (!bound) break;
    at = *bound;
  }
  return at;
}

Type Unifier::resolve(const Type& type, bool final) const {
  const Type at = shallow(type);
  if (at.sort() == Type::Sort::parameter) return final ? Type::dyn() : at;
  return with_parameters(at, [this, final](const Type& inner) { return resolve(inner, final); });
}

bool Unifier::mentions(const Type& type, std::int32_t variable) const {
  const Type at = shallow(type);
  if (at.sort() == Type::Sort::parameter) return at.parameter_id() == variable;
  if (!has_parameters(at)) return false;
  return std::any_of(at.parameters().begin(), at.parameters().end(),
                     [this, variable](const Type& inner) { return mentions(inner, variable); });
}

void Unifier::bind(std::int32_t variable, const Type& type) {
  bound_[static_cast<std::size_t>(variable)] = type;
  trail_.push_back(variable);
}

void Unifier::roll_back(Mark mark) {
  while (trail_.size() > mark.bindings) {
    bound_[static_cast<std::size_t>(trail_.back())].reset();
    trail_.pop_back();
  }
  bound_.resize(mark.variables);
}

bool Unifier::assign_parameters(const Type& to, const Type& from) {
  for (std::size_t i = 0; i < to.parameters().size(); ++i) {
    if (!assign(to.parameters()[i], from.parameters()[i])) return false;
  }
  return true;
}

bool Unifier::assign(const Type& to, const Type& from) {
  const Type left = shallow(to);
  const Type right = shallow(from);
  if (left.sort() == Type::Sort::parameter || right.sort() == Type::Sort::parameter) {
    if (left == right) return true;
    const bool bind_left = left.sort() == Type::Sort::parameter;
    const Type& variable = bind_left ? left : right;
    const Type& bound = bind_left ? right : left;
    // A type within itself has no end; leaving the variable open makes it dyn.
    if (!mentions(bound, variable.parameter_id())) bind(variable.parameter_id(), bound);
    return true;
  }
  if (left.is_dyn() || right.is_dyn()) return true;
  if (is_object_and_map(left, right) || is_object_and_map(right, left)) return true;
  const bool either_number =
      left.sort() == Type::Sort::number || right.sort() == Type::Sort::number;
  if (either_number) return left.is_number() && right.is_number();
  if (left.sort() != right.sort()) return false;
  if (left.sort() == Type::Sort::simple) return left.kind() == right.kind();
  if (left.sort() == Type::Sort::type)
    return true;  // type(1) == string is a question, not a mistake
  if (left.sort() == Type::Sort::object) return left.fields().name == right.fields().name;
  return assign_parameters(left, right);
}

Type Unifier::join(const Type& left, const Type& right) {
  if (shallow(left).is_dyn() || shallow(right).is_dyn()) return Type::dyn();
  const Mark before = mark();
  if (assign(left, right)) return shallow(right).sort() == Type::Sort::number ? right : left;
  roll_back(before);
  return Type::dyn();
}

}  // namespace nurtured::cel

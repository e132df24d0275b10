// The rules of the type check that look at types alone: what a field, an index, a call or an
// operator gives. Internal to rules/cel; the checker walks the tree and adds the places.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "rules/cel/environment.h"
#include "rules/cel/syntax.h"
#include "rules/cel/unifier.h"

namespace nurtured::cel {

// One overload of a function or operator; both outlive the call that it is matched for.
struct Signature {
  const std::vector<Type>& arguments;
  const Type& result;
};

// Every Result is a type, or an `invalid` without a place.
class TypeRules {
 public:
  explicit TypeRules(const EnvironmentOptions& options) : options_(options) {}

  Unifier& unifier() { return unifier_; }
  std::string name(const Type& type) const { return unifier_.resolve(type, true).name(); }

  base::Result<Type> field(const Type& operand, const std::string& field);
  // `literal` is the index where it is a string literal, which names a field of an object.
  base::Result<Type> item(const Type& operand, const Type& key, const std::string* literal);
  // The result of the overload that fits; dyn when several do and differ.
  base::Result<Type> call(const std::string& function, const std::vector<Signature>& signatures,
                          const std::vector<Type>& arguments);
  base::Result<Type> extremum(const std::string& function, const std::vector<Type>& arguments);
  base::Result<Type> arithmetic(Operator op, const std::vector<Type>& operands);
  base::Result<Type> equality(Operator op, const Type& left, const Type& right);
  base::Result<Type> in(const Type& item, const Type& collection);
  base::Result<Type> conditional(const Type& then, const Type& otherwise);

  // The key or position, and the value, that a comprehension over `range` meets; nullopt for what
  // has no items.
  std::optional<std::pair<Type, Type>> items(const Type& range) const;
  // Whether values of both may ever be equal.
  // What mends an operator between these; empty when nothing general does.
  std::string remedy_for(const Type& left, const Type& right) const;
  bool may_equal(const Type& left, const Type& right);
  bool may_be_bool(const Type& type) { return unifier_.assign(Type::boolean(), type); }
  bool may_be_key(const Type& type) const;
  // The type itself where it is optional already.
  Type optional_of(const Type& type) const;

 private:
  base::Result<Type> object_field(const ObjectFields& fields, const std::string& field) const;
  std::optional<Type> match(const std::vector<Signature>& signatures,
                            const std::vector<Type>& arguments);
  bool fits_key(const Type& wanted, const Type& key);
  bool both_numbers(const Type& left, const Type& right) const;
  std::string list_names(const std::vector<Type>& types) const;
  std::string signature_help(const std::vector<Signature>& signatures) const;

  const EnvironmentOptions& options_;
  Unifier unifier_;
};

}  // namespace nurtured::cel

#include "rules/cel/type_rules.h"

#include <algorithm>

#include "rules/cel/near_miss.h"
#include "rules/cel/operators.h"

namespace nurtured::cel {
namespace {

constexpr std::size_t signatures_shown_max = 4;
constexpr std::size_t fields_shown_max = 8;
constexpr std::size_t signature_variables = 2;  // type_a() and type_b()

bool is_unknown(const Type& type) {
  return type.is_dyn() || type.sort() == Type::Sort::parameter;
}

}  // namespace

base::Result<Type> TypeRules::field(const Type& operand, const std::string& field) {
  const Type type = unifier_.shallow(operand);
  switch (type.sort()) {
    case Type::Sort::dyn:
    case Type::Sort::parameter:
      return Type::dyn();
    case Type::Sort::map:
      if (!unifier_.assign(type.parameters()[0], Type::string())) {
        return base::fail("the keys of this " + name(type) + " are not strings");
      }
      return type.parameters()[1];
    case Type::Sort::object:
      return object_field(type.fields(), field);
    case Type::Sort::optional:
      return this->field(type.parameters()[0], field).map([this](const Type& inner) {
        return optional_of(inner);
      });
    default:
      if (options_.missing_is_null && type.is(Kind::null)) return Type::dyn();
      return base::fail("a value of type " + name(type) + " has no fields");
  }
}

base::Result<Type> TypeRules::object_field(const ObjectFields& fields,
                                           const std::string& field) const {
  const auto found =
      std::find_if(fields.fields.begin(), fields.fields.end(),
                   [&field](const ObjectFields::Field& known) { return known.name == field; });
  if (found != fields.fields.end()) return found->type;
  if (fields.open) return Type::dyn();
  std::vector<std::string> known;
  known.reserve(fields.fields.size());
  for (const ObjectFields::Field& each : fields.fields) known.push_back(each.name);
  const std::string nearest = near_miss(field, known);
  if (!nearest.empty()) {
    return base::fail(fields.name + " has no field " + field,
                      "did you mean " + fields.name + "." + nearest + "?");
  }
  std::string names;
  for (std::size_t i = 0; i < std::min(known.size(), fields_shown_max); ++i) {
    names += (i == 0 ? "known are " : ", ") + known[i];
  }
  return base::fail(fields.name + " has no field " + field,
                    known.size() > fields_shown_max ? std::string() : names);
}

Type TypeRules::optional_of(const Type& type) const {
  const Type inner = unifier_.shallow(type);
  return inner.sort() == Type::Sort::optional ? inner : Type::optional(inner);
}

base::Result<Type> TypeRules::item(const Type& operand, const Type& key,
                                   const std::string* literal) {
  const Type type = unifier_.shallow(operand);
  switch (type.sort()) {
    case Type::Sort::dyn:
    case Type::Sort::parameter:
      return Type::dyn();
    case Type::Sort::list:
      if (!fits_key(Type::integer(), key)) {
        return base::fail("a list is indexed by an int, not by a value of type " + name(key));
      }
      return type.parameters()[0];
    case Type::Sort::map:
      if (!fits_key(type.parameters()[0], key)) {
        return base::fail("the keys of this " + name(type) + " are not of type " + name(key));
      }
      return type.parameters()[1];
    case Type::Sort::object:
      if (!unifier_.assign(Type::string(), key)) {
        return base::fail("the fields of " + name(type) + " have names, not a value of type " +
                          name(key));
      }
      return literal == nullptr ? Type::dyn() : object_field(type.fields(), *literal);
    case Type::Sort::optional:
      return item(type.parameters()[0], key, literal).map([this](const Type& inner) {
        return optional_of(inner);
      });
    default:
      return base::fail("a value of type " + name(type) + " cannot be indexed");
  }
}

bool TypeRules::fits_key(const Type& wanted, const Type& key) {
  if (options_.mixed_numbers && both_numbers(wanted, key)) return true;
  return unifier_.assign(wanted, key);
}

bool TypeRules::both_numbers(const Type& left, const Type& right) const {
  return unifier_.shallow(left).is_number() && unifier_.shallow(right).is_number();
}

std::optional<Type> TypeRules::match(const std::vector<Signature>& signatures,
                                     const std::vector<Type>& arguments) {
  std::optional<Type> result;
  for (const Signature& signature : signatures) {
    if (signature.arguments.size() != arguments.size()) continue;
    const Unifier::Mark before = unifier_.mark();
    const std::int32_t base = unifier_.reserve(signature_variables);
    bool fits = true;
    for (std::size_t i = 0; fits && i < arguments.size(); ++i) {
      fits = unifier_.assign(Unifier::instantiate(signature.arguments[i], base), arguments[i]);
    }
    if (!fits) {
      unifier_.roll_back(before);
      continue;
    }
    const Type given = unifier_.resolve(Unifier::instantiate(signature.result, base));
    if (!result) {
      result = given;
    } else if (!(unifier_.resolve(*result, true) == unifier_.resolve(given, true))) {
      result = Type::dyn();
    }
  }
  return result;
}

std::string TypeRules::list_names(const std::vector<Type>& types) const {
  std::string text = "(";
  for (const Type& type : types) text += (text.size() > 1 ? ", " : "") + name(type);
  return text + ")";
}

std::string TypeRules::signature_help(const std::vector<Signature>& signatures) const {
  std::string text;
  for (std::size_t i = 0; i < std::min(signatures.size(), signatures_shown_max); ++i) {
    text += i == 0 ? "it takes (" : " or (";
    const std::vector<Type>& arguments = signatures[i].arguments;
    for (std::size_t j = 0; j < arguments.size(); ++j) {
      text += (j == 0 ? "" : ", ") + arguments[j].name();
    }
    text += ")";
  }
  return text;
}

base::Result<Type> TypeRules::call(const std::string& function,
                                   const std::vector<Signature>& signatures,
                                   const std::vector<Type>& arguments) {
  if (auto result = match(signatures, arguments)) return *result;
  return base::fail(function + "() does not take " + list_names(arguments),
                    signature_help(signatures));
}

// One list of numbers, or numbers.
base::Result<Type> TypeRules::extremum(const std::string& function,
                                       const std::vector<Type>& arguments) {
  std::vector<Type> numbers;
  numbers.reserve(arguments.size());
  for (const Type& argument : arguments) numbers.push_back(unifier_.shallow(argument));
  if (numbers.size() == 1 && numbers[0].sort() == Type::Sort::list) {
    numbers[0] = unifier_.shallow(numbers[0].parameters()[0]);
  }
  const bool numeric = std::all_of(numbers.begin(), numbers.end(), [](const Type& type) {
    return type.is_number() || is_unknown(type);
  });
  if (numbers.empty() || !numeric) {
    return base::fail(function + "() does not take " + list_names(arguments),
                      "it takes numbers, or one list of numbers");
  }
  const bool same = std::all_of(numbers.begin(), numbers.end(), [&numbers](const Type& type) {
    return type.is_number() && type == numbers[0];
  });
  return same ? numbers[0] : Type::dyn();
}

base::Result<Type> TypeRules::arithmetic(Operator op, const std::vector<Type>& operands) {
  std::vector<Signature> signatures;
  for (const OperatorOverload& overload : operator_overloads()) {
    if (overload.op != op || (overload.mixed && !options_.mixed_numbers)) continue;
    signatures.push_back({overload.operands, overload.result});
  }
  if (auto result = match(signatures, operands)) return *result;
  return base::fail(std::string(symbol(op)) + " does not take " + list_names(operands),
                    operands.size() == 2 ? remedy_for(operands[0], operands[1]) : std::string());
}

std::string TypeRules::remedy_for(const Type& left, const Type& right) const {
  if (both_numbers(left, right)) return "convert one side, for example with double()";
  const auto is_text = [this](const Type& type) { return unifier_.shallow(type).is(Kind::string); };
  const auto is_number = [this](const Type& type) { return unifier_.shallow(type).is_number(); };
  if ((is_text(left) && is_number(right)) || (is_number(left) && is_text(right))) {
    return "write a number without quotes, or convert one side with double() or string()";
  }
  const auto is_time = [this](const Type& type) {
    return unifier_.shallow(type).is(Kind::timestamp);
  };
  if ((is_text(left) && is_time(right)) || (is_time(left) && is_text(right))) {
    return "write a moment as timestamp(\"2026-03-01T09:00:00Z\")";
  }
  return {};
}

bool TypeRules::may_equal(const Type& left, const Type& right) {
  if (options_.mixed_numbers && both_numbers(left, right)) return true;
  const bool null = unifier_.shallow(left).is(Kind::null) || unifier_.shallow(right).is(Kind::null);
  if (options_.missing_is_null && null) return true;
  const Unifier::Mark before = unifier_.mark();
  if (unifier_.assign(left, right)) return true;
  unifier_.roll_back(before);
  return false;
}

base::Result<Type> TypeRules::equality(Operator op, const Type& left, const Type& right) {
  if (may_equal(left, right)) return Type::boolean();
  return base::fail(std::string(symbol(op)) + " compares a value of type " + name(left) +
                        " with one of type " + name(right) + ", which are never equal",
                    remedy_for(left, right));
}

base::Result<Type> TypeRules::in(const Type& item, const Type& collection) {
  const Type type = unifier_.shallow(collection);
  const bool holds_items = type.sort() == Type::Sort::list || type.sort() == Type::Sort::map;
  if (is_unknown(type) || (holds_items && may_equal(type.parameters()[0], item))) {
    return Type::boolean();
  }
  if (type.sort() == Type::Sort::object && may_equal(Type::string(), item)) return Type::boolean();
  return base::fail("a value of type " + name(item) + " cannot be in one of type " + name(type),
                    holds_items ? "" : "the right side must be a list or a map");
}

base::Result<Type> TypeRules::conditional(const Type& then, const Type& otherwise) {
  if (may_equal(then, otherwise)) return unifier_.join(then, otherwise);
  return base::fail("?: gives a value of type " + name(then) + " or one of type " + name(otherwise),
                    "wrap one of them in dyn() if both are meant");
}

std::optional<std::pair<Type, Type>> TypeRules::items(const Type& range) const {
  switch (range.sort()) {
    case Type::Sort::dyn:
    case Type::Sort::parameter:
      return std::pair(Type::dyn(), Type::dyn());
    case Type::Sort::list:
      return std::pair(Type::integer(), range.parameters()[0]);
    case Type::Sort::map:
      return std::pair(range.parameters()[0], range.parameters()[1]);
    case Type::Sort::object:
      return std::pair(Type::string(), Type::dyn());
    default:
      return std::nullopt;
  }
}

bool TypeRules::may_be_key(const Type& type) const {
  const Type key = unifier_.shallow(type);
  return is_unknown(key) || key.is(Kind::string) || key.is(Kind::boolean) ||
         key.is(Kind::integer) || key.is(Kind::unsigned_integer);
}

}  // namespace nurtured::cel

#include "rules/cel/checker.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "rules/cel/library.h"
#include "rules/cel/near_miss.h"
#include "rules/cel/operators.h"
#include "rules/cel/unifier.h"

namespace nurtured::cel {
namespace {

constexpr std::size_t signatures_shown_max = 4;
constexpr std::size_t signature_variables = 2;  // type_a() and type_b()

// One overload as the matching sees it.
struct Signature {
  const std::vector<Type>& arguments;
  const Type& result;
};

// Every member that checks answers with the type, or with nullopt and error_.
class Checker {
 public:
  using Checked = std::optional<Type>;

  Checker(std::string_view source, const Environment& environment)
      : source_(source), environment_(environment) {}

  base::Result<Type> run(const Expression& expression) {
    const Checked type = check(expression);
    if (!type) return base::fail(std::move(error_));
    return unifier_.resolve(*type, true);
  }

 private:
  std::nullopt_t fail(Span span, std::string message, std::string remedy = {}) {
    error_ = {.message = std::move(message),
              .remedy = std::move(remedy),
              .place = place_of(source_, span)};
    return std::nullopt;
  }

  std::string name(const Type& type) const { return unifier_.resolve(type, true).name(); }
  bool mixed_numbers() const { return environment_.options().mixed_numbers; }
  bool missing_is_null() const { return environment_.options().missing_is_null; }

  static bool is_unknown(const Type& type) {
    return type.is_dyn() || type.sort() == Type::Sort::parameter;
  }

  Checked check(const ExpressionPtr& expression) { return check(*expression); }

  Checked check(const Expression& expression) {
    return std::visit(
        [this, &expression](const auto& node) { return check_node(expression, node); },
        expression.node);
  }

  Checked check_node(const Expression& /*unused*/, const Literal& literal) {
    switch (literal.value.kind()) {
      case Kind::null:
        return Type::null();
      case Kind::boolean:
        return Type::boolean();
      case Kind::integer:
        return Type::integer();
      case Kind::unsigned_integer:
        return Type::unsigned_integer();
      case Kind::decimal:
        return Type::decimal();
      case Kind::string:
        return Type::string();
      case Kind::bytes:
        return Type::bytes();
      default:
        return Type::dyn();
    }
  }

  // The resolver left none of these two in a checked environment.
  Checked check_node(const Expression& /*unused*/, const Identifier& /*unused*/) {
    return Type::dyn();
  }
  Checked check_node(const Expression& /*unused*/, const UnknownName& /*unused*/) {
    return Type::dyn();
  }

  Checked check_node(const Expression& /*unused*/, const LocalName& local) {
    return locals_[local.slot];
  }

  Checked check_node(const Expression& /*unused*/, const VariableName& variable) {
    return environment_.variables()[variable.index].type;
  }

  Checked check_node(const Expression& /*unused*/, const TypeName& /*unused*/) {
    return Type::type();
  }

  // ---- fields ----

  Checked field_type(Span span, const Type& operand, const std::string& field) {
    const Type type = unifier_.shallow(operand);
    switch (type.sort()) {
      case Type::Sort::dyn:
      case Type::Sort::parameter:
        return Type::dyn();
      case Type::Sort::map:
        if (!unifier_.assign(type.parameters()[0], Type::string())) {
          return fail(span, "the keys of this " + name(type) + " are not strings");
        }
        return type.parameters()[1];
      case Type::Sort::object:
        return object_field(span, type.fields(), field);
      case Type::Sort::optional: {
        const Checked inner = field_type(span, type.parameters()[0], field);
        return inner ? Checked(optional_of(*inner)) : std::nullopt;
      }
      default:
        if (missing_is_null() && type.is(Kind::null)) return Type::dyn();
        return fail(span, "a value of type " + name(type) + " has no fields");
    }
  }

  Checked object_field(Span span, const ObjectFields& fields, const std::string& field) {
    const auto found =
        std::find_if(fields.fields.begin(), fields.fields.end(),
                     [&field](const ObjectFields::Field& known) { return known.name == field; });
    if (found != fields.fields.end()) return found->type;
    if (fields.open) return Type::dyn();
    std::vector<std::string> known;
    for (const ObjectFields::Field& each : fields.fields) known.push_back(each.name);
    const std::string nearest = near_miss(field, known);
    return fail(
        span, fields.name + " has no field " + field,
        nearest.empty() ? std::string() : "did you mean " + fields.name + "." + nearest + "?");
  }

  Type optional_of(const Type& type) const {
    const Type inner = unifier_.shallow(type);
    return inner.sort() == Type::Sort::optional ? inner : Type::optional(inner);
  }

  Checked check_node(const Expression& expression, const Select& select) {
    const Checked operand = check(select.operand);
    if (!operand) return std::nullopt;
    const Checked field = field_type(expression.span, *operand, select.field);
    if (!field) return std::nullopt;
    if (select.test_only) return Type::boolean();
    return select.optional ? optional_of(*field) : *field;
  }

  Checked check_node(const Expression& expression, const Index& index) {
    const Checked operand = check(index.operand);
    const Checked key = operand ? check(index.index) : std::nullopt;
    if (!key) return std::nullopt;
    const auto* literal = std::get_if<Literal>(&index.index->node);
    const std::string* field =
        literal != nullptr && literal->value.is_string() ? &literal->value.as_string() : nullptr;
    const Checked item = item_type(expression.span, *operand, *key, field);
    if (!item) return std::nullopt;
    return index.optional ? optional_of(*item) : *item;
  }

  Checked item_type(Span span, const Type& operand, const Type& key, const std::string* field) {
    const Type type = unifier_.shallow(operand);
    switch (type.sort()) {
      case Type::Sort::dyn:
      case Type::Sort::parameter:
        return Type::dyn();
      case Type::Sort::list:
        if (!fits_key(Type::integer(), key)) {
          return fail(span, "a list is indexed by an int, not by a " + name(key));
        }
        return type.parameters()[0];
      case Type::Sort::map:
        if (!fits_key(type.parameters()[0], key)) {
          return fail(span, "the keys of this " + name(type) + " are no " + name(key));
        }
        return type.parameters()[1];
      case Type::Sort::object:
        if (!unifier_.assign(Type::string(), key)) {
          return fail(span, "the fields of " + name(type) + " have names, not a " + name(key));
        }
        return field == nullptr ? Checked(Type::dyn()) : object_field(span, type.fields(), *field);
      case Type::Sort::optional: {
        const Checked inner = item_type(span, type.parameters()[0], key, field);
        return inner ? Checked(optional_of(*inner)) : std::nullopt;
      }
      default:
        return fail(span, "a value of type " + name(type) + " cannot be indexed");
    }
  }

  bool fits_key(const Type& wanted, const Type& key) {
    if (mixed_numbers() && unifier_.shallow(wanted).is_number() &&
        unifier_.shallow(key).is_number()) {
      return true;
    }
    return unifier_.assign(wanted, key);
  }

  // ---- calls and operators ----

  // The result of the overload that fits, dyn when several do and differ, nullopt when none does.
  Checked match(const std::vector<Signature>& signatures, const std::vector<Type>& arguments) {
    Checked result;
    for (const Signature& signature : signatures) {
      if (signature.arguments.size() != arguments.size()) continue;
      const Unifier::Mark before = unifier_.mark();
      const std::int32_t base = unifier_.reserve(signature_variables);
      bool fits = true;
      for (std::size_t i = 0; fits && i < arguments.size(); ++i) {
        fits = unifier_.assign(Unifier::instantiate(signature.arguments[i], base), arguments[i]);
      }
      if (fits && !result) {
        result = unifier_.resolve(Unifier::instantiate(signature.result, base));
      } else if (fits) {
        const Type other = unifier_.resolve(Unifier::instantiate(signature.result, base), true);
        if (!(unifier_.resolve(*result, true) == other)) result = Type::dyn();
      }
      if (!fits) unifier_.roll_back(before);
    }
    return result;
  }

  std::string list_names(const std::vector<Type>& types) const {
    std::string text = "(";
    for (const Type& type : types) text += (text.size() > 1 ? ", " : "") + name(type);
    return text + ")";
  }

  std::string signature_help(const std::vector<Signature>& signatures) const {
    std::string text;
    for (std::size_t i = 0; i < std::min(signatures.size(), signatures_shown_max); ++i) {
      text += (i == 0 ? "it takes " : " or ") + list_names(signatures[i].arguments);
    }
    return text;
  }

  Checked check_node(const Expression& expression, const Call& call) {
    std::vector<Type> arguments;
    if (call.target != nullptr) {
      const Checked target = check(call.target);
      if (!target) return std::nullopt;
      arguments.push_back(*target);
    }
    for (const ExpressionPtr& argument : call.arguments) {
      const Checked type = check(argument);
      if (!type) return std::nullopt;
      arguments.push_back(*type);
    }
    if (is_extremum(call)) return check_extremum(expression.span, call, arguments);
    std::vector<Signature> signatures;
    for (const std::size_t i : call.declared) {
      const Overload& overload = environment_.overloads()[i];
      signatures.push_back({overload.arguments, overload.result});
    }
    for (const LibraryFunction& function : call.library) {
      signatures.push_back({function.arguments, function.result});
    }
    const Checked result = match(signatures, arguments);
    if (result) return result;
    return fail(expression.span, call.function + "() does not take " + list_names(arguments),
                signature_help(signatures));
  }

  static bool is_extremum(const Call& call) {
    return call.declared.empty() && call.target == nullptr &&
           (call.function == "math.greatest" || call.function == "math.least");
  }

  // One list of numbers, or numbers.
  Checked check_extremum(Span span, const Call& call, const std::vector<Type>& arguments) {
    std::vector<Type> numbers;
    for (const Type& argument : arguments) numbers.push_back(unifier_.shallow(argument));
    if (numbers.size() == 1 && numbers[0].sort() == Type::Sort::list) {
      numbers[0] = unifier_.shallow(numbers[0].parameters()[0]);
    }
    const bool numeric = std::all_of(numbers.begin(), numbers.end(), [](const Type& type) {
      return type.is_number() || is_unknown(type);
    });
    if (numbers.empty() || !numeric) {
      return fail(span, call.function + "() does not take " + list_names(arguments),
                  "it takes numbers, or one list of numbers");
    }
    const bool same = std::all_of(numbers.begin(), numbers.end(), [&numbers](const Type& type) {
      return type.is_number() && type == numbers[0];
    });
    return same ? numbers[0] : Type::dyn();
  }

  Checked check_operator(Span span, Operator op, const std::vector<Type>& operands) {
    std::vector<Signature> signatures;
    for (const OperatorOverload& overload : operator_overloads()) {
      if (overload.op != op || (overload.mixed && !mixed_numbers())) continue;
      signatures.push_back({overload.operands, overload.result});
    }
    const Checked result = match(signatures, operands);
    if (result) return result;
    return fail(span, std::string(symbol(op)) + " does not take " + list_names(operands),
                both_numbers(operands) ? "convert one side, for example with double()" : "");
  }

  bool both_numbers(const std::vector<Type>& types) const {
    return types.size() == 2 && unifier_.shallow(types[0]).is_number() &&
           unifier_.shallow(types[1]).is_number();
  }

  Checked check_node(const Expression& expression, const Unary& unary) {
    const Checked operand = check(unary.operand);
    if (!operand) return std::nullopt;
    if (unary.op == Operator::negate) return check_operator(expression.span, unary.op, {*operand});
    if (!must_be_bool(unary.operand->span, *operand, "!")) return std::nullopt;
    return Type::boolean();
  }

  bool must_be_bool(Span span, const Type& type, std::string_view what) {
    if (unifier_.assign(Type::boolean(), type)) return true;
    fail(span, std::string(what) + " needs a bool, and this is a value of type " + name(type));
    return false;
  }

  Checked check_node(const Expression& expression, const Binary& binary) {
    const Checked left = check(binary.left);
    const Checked right = left ? check(binary.right) : std::nullopt;
    if (!right) return std::nullopt;
    if (binary.op == Operator::equal || binary.op == Operator::not_equal) {
      return check_equality(expression.span, binary.op, *left, *right);
    }
    if (binary.op == Operator::in) return check_in(expression.span, *left, *right);
    return check_operator(expression.span, binary.op, {*left, *right});
  }

  bool may_equal(const Type& left, const Type& right) {
    if (mixed_numbers() && both_numbers({left, right})) return true;
    const bool null =
        unifier_.shallow(left).is(Kind::null) || unifier_.shallow(right).is(Kind::null);
    if (missing_is_null() && null) return true;
    const Unifier::Mark before = unifier_.mark();
    if (unifier_.assign(left, right)) return true;
    unifier_.roll_back(before);
    return false;
  }

  Checked check_equality(Span span, Operator op, const Type& left, const Type& right) {
    if (may_equal(left, right)) return Type::boolean();
    return fail(span, std::string(symbol(op)) + " compares a value of type " + name(left) +
                          " with one of type " + name(right) + ", which are never equal");
  }

  Checked check_in(Span span, const Type& item, const Type& collection) {
    const Type type = unifier_.shallow(collection);
    const bool holds_items = type.sort() == Type::Sort::list || type.sort() == Type::Sort::map;
    if (holds_items && may_equal(type.parameters()[0], item)) return Type::boolean();
    if (type.sort() == Type::Sort::object && may_equal(Type::string(), item)) {
      return Type::boolean();
    }
    if (is_unknown(type)) return Type::boolean();
    return fail(span, "a " + name(item) + " cannot be in a " + name(type),
                holds_items ? "" : "the right side must be a list or a map");
  }

  Checked check_node(const Expression& /*unused*/, const Logical& logical) {
    for (const ExpressionPtr& operand : logical.operands) {
      const Checked type = check(operand);
      if (!type || !must_be_bool(operand->span, *type, logical.is_and ? "&&" : "||")) {
        return std::nullopt;
      }
    }
    return Type::boolean();
  }

  Checked check_node(const Expression& expression, const Conditional& conditional) {
    const Checked condition = check(conditional.condition);
    if (!condition || !must_be_bool(conditional.condition->span, *condition, "?:")) {
      return std::nullopt;
    }
    const Checked then = check(conditional.then);
    const Checked otherwise = then ? check(conditional.otherwise) : std::nullopt;
    if (!otherwise) return std::nullopt;
    if (!may_equal(*then, *otherwise)) {
      return fail(expression.span,
                  "?: gives a value of type " + name(*then) + " or one of type " + name(*otherwise),
                  "wrap one of them in dyn() if both are meant");
    }
    return unifier_.join(*then, *otherwise);
  }

  // ---- literals with parts ----

  // Adds the type of one more part to what is known of the parts.
  void join_part(std::optional<Type>& known, const Type& type) {
    known = known ? unifier_.join(*known, type) : type;
  }

  // What [?value] and {?key: value} add.
  Checked part_type(const ExpressionPtr& value, bool optional) {
    const Checked type = check(value);
    if (!type || !optional) return type;
    const Type inner = unifier_.fresh();
    if (unifier_.assign(Type::optional(inner), *type)) return inner;
    return fail(value->span, "? needs an optional, and this is a value of type " + name(*type));
  }

  Checked check_node(const Expression& /*unused*/, const ListLiteral& list) {
    std::optional<Type> known;
    for (const ListLiteral::Item& item : list.items) {
      const Checked type = part_type(item.value, item.optional);
      if (!type) return std::nullopt;
      join_part(known, *type);
    }
    return Type::list(known ? *known : unifier_.fresh());
  }

  Checked check_node(const Expression& /*unused*/, const MapLiteral& map) {
    std::optional<Type> keys;
    std::optional<Type> values;
    for (const MapLiteral::Entry& entry : map.entries) {
      const Checked key = check(entry.key);
      if (!key || !must_be_key(entry.key->span, *key)) return std::nullopt;
      const Checked value = part_type(entry.value, entry.optional);
      if (!value) return std::nullopt;
      join_part(keys, *key);
      join_part(values, *value);
    }
    return Type::map(keys ? *keys : unifier_.fresh(), values ? *values : unifier_.fresh());
  }

  bool must_be_key(Span span, const Type& key) {
    const Type type = unifier_.shallow(key);
    if (is_unknown(type) || type.is(Kind::string) || type.is(Kind::boolean) ||
        type.is(Kind::integer) || type.is(Kind::unsigned_integer)) {
      return true;
    }
    fail(span, "a key is a string, int, uint or bool, not a " + name(type));
    return false;
  }

  // ---- macros ----

  // What the variables of a comprehension over `range` stand for; nullopt for what has no items.
  std::optional<std::pair<Type, Type>> range_types(const Type& range) const {
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

  Checked check_node(const Expression& expression, const Comprehension& comprehension) {
    const Checked range = check(comprehension.range);
    if (!range) return std::nullopt;
    const Type type = unifier_.shallow(*range);
    const auto types = range_types(type);
    if (!types) {
      return fail(comprehension.range->span, "a value of type " + name(type) + " has no items");
    }
    const bool lone_item = comprehension.variables.size() == 1 && type.sort() == Type::Sort::list;
    locals_.push_back(lone_item ? types->second : types->first);
    if (comprehension.variables.size() == 2) locals_.push_back(types->second);
    const Checked result = check_body(expression, comprehension, types->first);
    locals_.resize(comprehension.slot);
    return result;
  }

  Checked check_body(const Expression& expression, const Comprehension& comprehension,
                     const Type& key) {
    if (comprehension.filter != nullptr) {
      const Checked filter = check(comprehension.filter);
      if (!filter || !must_be_bool(comprehension.filter->span, *filter, "the filter")) {
        return std::nullopt;
      }
    }
    const Checked body = check(comprehension.body);
    if (!body) return std::nullopt;
    switch (comprehension.macro) {
      case Macro::all:
      case Macro::exists:
      case Macro::exists_one:
        if (!must_be_bool(comprehension.body->span, *body, "the condition")) return std::nullopt;
        return Type::boolean();
      case Macro::filter:
        if (!must_be_bool(comprehension.body->span, *body, "the condition")) return std::nullopt;
        return Type::list(locals_[comprehension.slot]);
      case Macro::map:
        return Type::list(*body);
      case Macro::transform_map:
        return Type::map(key, *body);
      case Macro::transform_map_entry:
        return entry_type(expression.span, *body);
    }
    return Type::dyn();
  }

  Checked entry_type(Span span, const Type& body) {
    const Type type = unifier_.shallow(body);
    if (is_unknown(type)) return Type::dyn();
    if (type.sort() == Type::Sort::map) return type;
    return fail(span,
                "transformMapEntry() makes a map of maps, not of values of type " + name(type));
  }

  Checked check_node(const Expression& /*unused*/, const Bind& bind) {
    const Checked value = check(bind.value);
    if (!value) return std::nullopt;
    locals_.push_back(*value);
    const Checked body = check(bind.body);
    locals_.resize(bind.slot);
    return body;
  }

  Checked check_node(const Expression& expression, const OptionalMap& map) {
    const Checked operand = check(map.operand);
    if (!operand) return std::nullopt;
    const Type inner = unifier_.fresh();
    if (!unifier_.assign(Type::optional(inner), *operand)) {
      return fail(expression.span,
                  "an optional is needed, and this is a value of type " + name(*operand));
    }
    locals_.push_back(unifier_.resolve(inner));
    const Checked body = check(map.body);
    locals_.resize(map.slot);
    if (!body || !map.flat) return body ? Checked(Type::optional(*body)) : std::nullopt;
    if (unifier_.assign(Type::optional(unifier_.fresh()), *body)) return body;
    return fail(map.body->span,
                "optFlatMap() needs an optional, and this is a value of type " + name(*body));
  }

  std::string_view source_;
  const Environment& environment_;
  Unifier unifier_;
  std::vector<Type> locals_;  // by slot
  base::Error error_;
};

}  // namespace

base::Result<Type> check(const Expression& expression, std::string_view source,
                         const Environment& environment) {
  return Checker(source, environment).run(expression);
}

}  // namespace nurtured::cel

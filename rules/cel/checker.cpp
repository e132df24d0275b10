#include "rules/cel/checker.h"

#include <optional>
#include <utility>
#include <vector>

#include "rules/cel/library.h"
#include "rules/cel/literal_arguments.h"
#include "rules/cel/type_rules.h"

namespace nurtured::cel {
namespace {

bool is_extremum(const Call& call) {
  return call.declared.empty() && call.target == nullptr &&
         (call.function == "math.greatest" || call.function == "math.least");
}

// Every member that checks answers with the type, or with nullopt and error_.
class Checker {
 public:
  using Checked = std::optional<Type>;

  Checker(std::string_view source, const Environment& environment)
      : source_(source), environment_(environment), rules_(environment.options()) {}

  base::Result<Type> run(const Expression& expression) {
    const Checked type = check(expression);
    if (!type) return base::fail(std::move(error_));
    return rules_.unifier().resolve(*type, true);
  }

 private:
  std::nullopt_t fail(Span span, base::Error error) {
    error_ = std::move(error);
    error_.place = place_of(source_, span);
    return std::nullopt;
  }

  std::nullopt_t fail(Span span, std::string message) {
    return fail(span, base::Error{.message = std::move(message), .remedy = {}, .place = {}});
  }

  Checked given(Span span, base::Result<Type> result) {
    if (!result) return fail(span, std::move(result.error()));
    return std::move(*result);
  }

  Unifier& unifier() { return rules_.unifier(); }

  Checked check(const ExpressionPtr& expression) { return check(*expression); }

  Checked check(const Expression& expression) {
    return std::visit(
        [this, &expression](const auto& node) { return check_node(expression, node); },
        expression.node);
  }

  // Fails for anything that cannot be a bool; `what` needs one.
  bool check_bool(const ExpressionPtr& expression, std::string_view what) {
    const Checked type = check(expression);
    return type && must_be_bool(expression->span, *type, what);
  }

  bool must_be_bool(Span span, const Type& type, std::string_view what) {
    if (rules_.may_be_bool(type)) return true;
    fail(span,
         std::string(what) + " needs a bool, and this is a value of type " + rules_.name(type));
    return false;
  }

  // ---- names and literals ----

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

  // What [?value] and {?key: value} add.
  Checked part_type(const ExpressionPtr& value, bool optional) {
    Checked type = check(value);
    if (!type || !optional) return type;
    Type inner = unifier().fresh();
    if (unifier().assign(Type::optional(inner), *type)) return inner;
    return fail(value->span,
                "? needs an optional, and this is a value of type " + rules_.name(*type));
  }

  // Adds the type of one more part to what is known of the parts.
  void join_part(std::optional<Type>& known, const Type& type) {
    known = known ? unifier().join(*known, type) : type;
  }

  Checked check_node(const Expression& /*unused*/, const ListLiteral& list) {
    std::optional<Type> known;
    for (const ListLiteral::Item& item : list.items) {
      const Checked type = part_type(item.value, item.optional);
      if (!type) return std::nullopt;
      join_part(known, *type);
    }
    return Type::list(known ? *known : unifier().fresh());
  }

  Checked check_node(const Expression& /*unused*/, const MapLiteral& map) {
    std::optional<Type> keys;
    std::optional<Type> values;
    for (const MapLiteral::Entry& entry : map.entries) {
      const Checked key = check(entry.key);
      if (!key) return std::nullopt;
      if (!rules_.may_be_key(*key)) {
        return fail(entry.key->span, "a key is a string, int, uint or bool, not a value of type " +
                                         rules_.name(*key));
      }
      const Checked value = part_type(entry.value, entry.optional);
      if (!value) return std::nullopt;
      join_part(keys, *key);
      join_part(values, *value);
    }
    return Type::map(keys ? *keys : unifier().fresh(), values ? *values : unifier().fresh());
  }

  // ---- fields, calls, operators ----

  Checked check_node(const Expression& expression, const Select& select) {
    const Checked operand = check(select.operand);
    if (!operand) return std::nullopt;
    const Checked field = given(expression.span, rules_.field(*operand, select.field));
    if (!field) return std::nullopt;
    if (select.test_only) return Type::boolean();
    return select.optional ? rules_.optional_of(*field) : *field;
  }

  Checked check_node(const Expression& expression, const Index& index) {
    const Checked operand = check(index.operand);
    const Checked key = operand ? check(index.index) : std::nullopt;
    if (!key) return std::nullopt;
    const auto* literal = std::get_if<Literal>(&index.index->node);
    const bool named = literal != nullptr && literal->value.is_string();
    const Checked item =
        given(expression.span,
              rules_.item(*operand, *key, named ? &literal->value.as_string() : nullptr));
    if (!item) return std::nullopt;
    return index.optional ? rules_.optional_of(*item) : *item;
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
    if (is_extremum(call)) {
      return given(expression.span, rules_.extremum(call.function, arguments));
    }
    Checked result =
        given(expression.span, rules_.call(call.function, signatures_of(call), arguments));
    if (result && environment_.options().judge_literals) {
      if (auto fault = fault_in_literal(call, environment_)) {
        return fail(call.arguments.back()->span, std::move(*fault));
      }
    }
    return result;
  }

  std::vector<Signature> signatures_of(const Call& call) const {
    std::vector<Signature> signatures;
    for (const std::size_t i : call.declared) {
      const Overload& overload = environment_.overloads()[i];
      signatures.push_back({overload.arguments, overload.result});
    }
    if (!signatures.empty()) return signatures;  // a declared function hides CEL's own
    for (const LibraryFunction& function : call.library) {
      signatures.push_back({function.arguments, function.result});
    }
    return signatures;
  }

  Checked check_node(const Expression& expression, const Unary& unary) {
    if (unary.op == Operator::logical_not) {
      return check_bool(unary.operand, "!") ? Checked(Type::boolean()) : std::nullopt;
    }
    const Checked operand = check(unary.operand);
    if (!operand) return std::nullopt;
    return given(expression.span, rules_.arithmetic(unary.op, {*operand}));
  }

  Checked check_node(const Expression& expression, const Binary& binary) {
    const Checked left = check(binary.left);
    const Checked right = left ? check(binary.right) : std::nullopt;
    if (!right) return std::nullopt;
    if (binary.op == Operator::equal || binary.op == Operator::not_equal) {
      return given(expression.span, rules_.equality(binary.op, *left, *right));
    }
    if (binary.op == Operator::in) return given(expression.span, rules_.in(*left, *right));
    return given(expression.span, rules_.arithmetic(binary.op, {*left, *right}));
  }

  Checked check_node(const Expression& /*unused*/, const Logical& logical) {
    for (const ExpressionPtr& operand : logical.operands) {
      if (!check_bool(operand, logical.is_and ? "&&" : "||")) return std::nullopt;
    }
    return Type::boolean();
  }

  Checked check_node(const Expression& expression, const Conditional& conditional) {
    if (!check_bool(conditional.condition, "?:")) return std::nullopt;
    const Checked then = check(conditional.then);
    const Checked otherwise = then ? check(conditional.otherwise) : std::nullopt;
    if (!otherwise) return std::nullopt;
    return given(expression.span, rules_.conditional(*then, *otherwise));
  }

  // ---- macros ----

  Checked check_node(const Expression& expression, const Comprehension& comprehension) {
    const Checked range = check(comprehension.range);
    if (!range) return std::nullopt;
    const Type type = unifier().shallow(*range);
    const auto types = rules_.items(type);
    if (!types) {
      return fail(comprehension.range->span,
                  "a value of type " + rules_.name(type) + " has no items");
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
    if (comprehension.filter != nullptr && !check_bool(comprehension.filter, "the filter")) {
      return std::nullopt;
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
    if (unifier().assign(Type::map(unifier().fresh(), unifier().fresh()), body)) return body;
    return fail(span, "transformMapEntry() needs a map for each item, not a value of type " +
                          rules_.name(body));
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
    const Type inner = unifier().fresh();
    if (!unifier().assign(Type::optional(inner), *operand)) {
      return fail(expression.span,
                  "an optional is needed, and this is a value of type " + rules_.name(*operand));
    }
    locals_.push_back(unifier().resolve(inner));
    Checked body = check(map.body);
    locals_.resize(map.slot);
    if (!body || !map.flat) return body ? Checked(Type::optional(*body)) : std::nullopt;
    if (unifier().assign(Type::optional(unifier().fresh()), *body)) return body;
    return fail(map.body->span, "optFlatMap() needs an optional, and this is a value of type " +
                                    rules_.name(*body));
  }

  std::string_view source_;
  const Environment& environment_;
  TypeRules rules_;
  std::vector<Type> locals_;  // by slot
  base::Error error_;
};

}  // namespace

base::Result<Type> check(const Expression& expression, std::string_view source,
                         const Environment& environment) {
  return Checker(source, environment).run(expression);
}

}  // namespace nurtured::cel

#include "rules/cel/planner.h"

#include <algorithm>
#include <utility>

#include "rules/cel/regex.h"

namespace nurtured::cel {
namespace {

class Planner {
 public:
  Planner(std::string_view source, const Environment& environment)
      : source_(source), environment_(environment) {}

  base::Result<OperationPtr> run(const Expression& expression) {
    OperationPtr root = plan(expression);
    if (error_) return base::fail(std::move(*error_));
    return root;
  }

 private:
  bool missing_is_null() const { return environment_.options().missing_is_null; }
  Missing lenient() const { return missing_is_null() ? Missing::is_null : Missing::fails; }

  OperationPtr plan(const ExpressionPtr& expression, Missing missing = Missing::fails) {
    return plan(*expression, missing);
  }

  // `missing` is how a field counts that is the whole expression.
  OperationPtr plan(const Expression& expression, Missing missing = Missing::fails) {
    if (const auto* select = std::get_if<Select>(&expression.node)) {
      return plan_select(expression.span, *select, missing);
    }
    if (const auto* index = std::get_if<Index>(&expression.node)) {
      return plan_index(expression.span, *index, missing);
    }
    return std::visit([this, &expression](const auto& node) { return plan_node(expression, node); },
                      expression.node);
  }

  OperationPtr plan_node(const Expression& expression, const Literal& literal) {
    return make_constant(expression.span, literal.value);
  }

  // The resolver replaces it.
  OperationPtr plan_node(const Expression& expression, const Identifier& identifier) {
    return unknown(expression.span, "unknown name " + identifier.name);
  }

  OperationPtr plan_node(const Expression& expression, const UnknownName& unknown_name) {
    return unknown(expression.span, "unknown name " + unknown_name.name);
  }

  static OperationPtr unknown(Span span, std::string message) {
    return make_failure(span, std::move(message), base::ErrorKind::not_found);
  }

  OperationPtr plan_node(const Expression& expression, const LocalName& local) {
    return make_local(expression.span, local.slot);
  }

  OperationPtr plan_node(const Expression& expression, const VariableName& variable) {
    return make_variable(expression.span, variable.index,
                         environment_.variables()[variable.index].name);
  }

  OperationPtr plan_node(const Expression& expression, const TypeName& type) {
    return make_constant(expression.span, Value::type(type.kind));
  }

  OperationPtr plan_node(const Expression& expression, const Select& select) {
    return plan_select(expression.span, select, Missing::fails);
  }

  OperationPtr plan_node(const Expression& expression, const Index& index) {
    return plan_index(expression.span, index, Missing::fails);
  }

  OperationPtr plan_select(Span span, const Select& select, Missing missing) {
    const Access access = select.test_only  ? Access::presence
                          : select.optional ? Access::optional
                                            : Access::read;
    // has(a.b.c) and a.b.?c ask: what is missing on the way there is missing there, too.
    if (access != Access::read) missing = lenient();
    if (auto field = object_field(environment_, *select.operand, select.field)) {
      return make_object_field(span, std::move(*field), access, missing);
    }
    return make_select(span, plan(select.operand, missing), select.field, access, missing);
  }

  OperationPtr plan_index(Span span, const Index& index, Missing missing) {
    if (index.optional) missing = lenient();
    const auto* literal = std::get_if<Literal>(&index.index->node);
    if (literal != nullptr && literal->value.is_string()) {
      if (auto field = object_field(environment_, *index.operand, literal->value.as_string())) {
        return make_object_field(span, std::move(*field),
                                 index.optional ? Access::optional : Access::read, missing);
      }
    }
    return make_index(span, plan(index.operand, missing), plan(index.index), index.optional,
                      missing);
  }

  Operations plan_arguments(const Call& call) {
    Operations arguments;
    if (call.target != nullptr) arguments.push_back(plan(call.target));
    for (const ExpressionPtr& argument : call.arguments) arguments.push_back(plan(argument));
    return arguments;
  }

  OperationPtr plan_node(const Expression& expression, const Call& call) {
    const Span span = expression.span;
    Operations arguments = plan_arguments(call);
    if (!call.declared.empty()) return plan_declared(span, call, std::move(arguments));
    std::vector<const LibraryFunction*> overloads;
    for (const LibraryFunction& function : call.library) {
      if (function.run == nullptr) return plan_special(span, function, std::move(arguments));
      if (function.arguments.size() == arguments.size()) overloads.push_back(&function);
    }
    if (overloads.empty()) {
      return unknown(span, call.library.empty()
                               ? "unknown function " + call.function + "()"
                               : call.function + "() does not take " +
                                     std::to_string(arguments.size()) + " arguments");
    }
    if (call.function == "matches" && arguments.size() == 2) {
      if (auto regex = literal_pattern(*arguments[1])) {
        return make_matches(span, std::move(arguments[0]), std::move(regex));
      }
    }
    return make_library_call(span, std::move(overloads), call.pace, std::move(arguments));
  }

  // nullptr when the pattern is known only at evaluation, or bad.
  std::shared_ptr<const re2::RE2> literal_pattern(const Operation& pattern) {
    const Value* literal = pattern.constant();
    if (literal == nullptr || !literal->is_string()) return nullptr;
    auto regex = compile_regex(literal->as_string(), environment_.options().limits);
    if (regex) return std::move(*regex);
    if (environment_.options().checked && !error_) {
      error_ = std::move(regex.error());
      error_->place = place_of(source_, pattern.span());
    }
    return nullptr;
  }

  OperationPtr plan_declared(Span span, const Call& call, Operations arguments) {
    std::vector<DeclaredOverload> overloads;
    for (const std::size_t i : call.declared) {
      const Overload& overload = environment_.overloads()[i];
      if (overload.arguments.size() != arguments.size()) continue;
      overloads.push_back({.index = i, .arguments = overload.arguments});
    }
    return make_declared_call(span, call.function, std::move(overloads), std::move(arguments));
  }

  // Functions of the library that do not evaluate all their arguments, or take any number of them.
  OperationPtr plan_special(Span span, const LibraryFunction& function, Operations arguments) {
    if (function.name == "math.greatest" || function.name == "math.least") {
      return make_extremum(span, function.name == "math.greatest", std::move(arguments));
    }
    if (arguments.size() != 2) {
      return unknown(span, std::string(function.name) + "() takes one argument");
    }
    return make_or(span, function.name == "orValue", std::move(arguments[0]),
                   std::move(arguments[1]));
  }

  OperationPtr plan_node(const Expression& expression, const Unary& unary) {
    OperationPtr operand = plan(unary.operand);
    return unary.op == Operator::negate ? make_negation(expression.span, std::move(operand))
                                        : make_not(expression.span, std::move(operand));
  }

  OperationPtr plan_node(const Expression& expression, const Binary& binary) {
    const Span span = expression.span;
    if (binary.op == Operator::equal || binary.op == Operator::not_equal) {
      return make_equality(span, binary.op == Operator::not_equal, binary.pace,
                           plan(binary.left, lenient()), plan(binary.right, lenient()));
    }
    OperationPtr left = plan(binary.left);
    OperationPtr right = plan(binary.right);
    switch (binary.op) {
      case Operator::in:
        return make_in(span, std::move(left), std::move(right));
      case Operator::less:
      case Operator::less_equal:
      case Operator::greater_equal:
      case Operator::greater:
        return make_order(span, binary.op, binary.pace, std::move(left), std::move(right));
      default:
        return make_arithmetic(span, binary.op, environment_.options().mixed_numbers,
                               std::move(left), std::move(right));
    }
  }

  OperationPtr plan_node(const Expression& expression, const Logical& logical) {
    Operations operands;
    for (const ExpressionPtr& operand : logical.operands) operands.push_back(plan(operand));
    return make_logical(expression.span, logical.is_and, std::move(operands));
  }

  OperationPtr plan_node(const Expression& expression, const Conditional& conditional) {
    return make_conditional(expression.span, plan(conditional.condition), plan(conditional.then),
                            plan(conditional.otherwise));
  }

  OperationPtr plan_node(const Expression& expression, const ListLiteral& list) {
    std::vector<ListPart> parts;
    parts.reserve(list.items.size());
    for (const ListLiteral::Item& item : list.items) {
      parts.push_back({.value = plan(item.value), .optional = item.optional});
    }
    return make_list(expression.span, std::move(parts));
  }

  OperationPtr plan_node(const Expression& expression, const MapLiteral& map) {
    std::vector<MapPart> parts;
    parts.reserve(map.entries.size());
    for (const MapLiteral::Entry& entry : map.entries) {
      parts.push_back(
          {.key = plan(entry.key), .value = plan(entry.value), .optional = entry.optional});
    }
    return make_map(expression.span, std::move(parts));
  }

  OperationPtr plan_node(const Expression& expression, const Comprehension& comprehension) {
    ComprehensionPlan made{.macro = comprehension.macro,
                           .range = plan(comprehension.range),
                           .slot = comprehension.slot,
                           .two_variables = comprehension.variables.size() == 2,
                           .filter = nullptr,
                           .body = plan(comprehension.body),
                           .step_cost = 1 + comprehension.body->nodes};
    if (comprehension.filter != nullptr) {
      made.filter = plan(comprehension.filter);
      made.step_cost += comprehension.filter->nodes;
    }
    return make_comprehension(expression.span, std::move(made));
  }

  OperationPtr plan_node(const Expression& expression, const Bind& bind) {
    return make_bind(expression.span, bind.slot, plan(bind.value), plan(bind.body));
  }

  OperationPtr plan_node(const Expression& expression, const OptionalMap& map) {
    return make_optional_map(expression.span, map.slot, map.flat, plan(map.operand),
                             plan(map.body));
  }

  std::string_view source_;
  const Environment& environment_;
  std::optional<base::Error> error_;
};

}  // namespace

std::optional<ObjectField> object_field(const Environment& environment, const Expression& operand,
                                        const std::string& field) {
  const auto* name = std::get_if<VariableName>(&operand.node);
  if (name == nullptr) return std::nullopt;
  const Variable& variable = environment.variables()[name->index];
  if (variable.type.sort() != Type::Sort::object) return std::nullopt;
  ObjectField found{.variable = name->index, .variable_name = variable.name, .field = field};
  const auto& known = variable.type.fields().fields;
  const auto at =
      std::find_if(known.begin(), known.end(),
                   [&field](const ObjectFields::Field& each) { return each.name == field; });
  if (at != known.end()) found.slot = static_cast<std::size_t>(at - known.begin());
  return found;
}

base::Result<OperationPtr> plan(const Expression& expression, std::string_view source,
                                const Environment& environment) {
  return Planner(source, environment).run(expression);
}

}  // namespace nurtured::cel

#include "rules/cel/plain_condition.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "rules/cel/planner.h"
#include "rules/cel/syntax.h"

namespace nurtured::cel {
namespace {

constexpr std::size_t comparisons_max = 16;
// Longer texts are compared by the operations, which take it from the budget.
constexpr std::size_t text_bytes_max = 256;
// What all of them take at the most.
constexpr std::uint64_t cost_max = comparisons_max * (text_bytes_max / 8 + 1);

bool is_comparison(Operator op) {
  return op == Operator::equal || op == Operator::not_equal || op == Operator::less ||
         op == Operator::less_equal || op == Operator::greater || op == Operator::greater_equal;
}

template <class Ordered>
std::optional<bool> holds(Operator op, Ordered order) {
  switch (op) {
    case Operator::equal:
      return order == 0;
    case Operator::not_equal:
      return order != 0;
    case Operator::less:
      return order < 0;
    case Operator::less_equal:
      return order <= 0;
    case Operator::greater_equal:
      return order >= 0;
    case Operator::greater:
      return order > 0;
    default:
      return std::nullopt;
  }
}

// What is above the literal, or below it, or nothing where there is no such value.
std::optional<Value> beside(const Value& literal, bool above) {
  if (literal.is_string()) {
    if (!above) return std::nullopt;
    return literal.as_string() + "-";
  }
  if (literal.is_double()) return literal.as_double() + (above ? 1.0 : -1.0);
  if (!literal.is_int()) return std::nullopt;
  const std::int64_t whole = literal.as_int();
  using Limits = std::numeric_limits<std::int64_t>;
  if (whole == (above ? Limits::max() : Limits::min())) return std::nullopt;
  return whole + (above ? 1 : -1);
}

}  // namespace

std::vector<std::pair<std::string, Value>> PlainCondition::example(std::size_t variable) const {
  std::vector<std::pair<std::string, Value>> values;
  for (const Comparison& comparison : comparisons_) {
    if (comparison.variable != variable) continue;
    std::optional<Value> value = comparison.literal;
    if (comparison.op == Operator::less) value = beside(comparison.literal, false);
    if (comparison.op == Operator::greater || comparison.op == Operator::not_equal) {
      value = beside(comparison.literal, true);
    }
    if (value) values.emplace_back(comparison.field, *std::move(value));
  }
  return values;
}

std::optional<bool> PlainCondition::Comparison::test(const Scope& scope) const {
  Value scratch;
  const Value* value = scope.field(variable, {.name = field, .slot = slot}, scratch);
  if (value == nullptr) return std::nullopt;
  if (value->is_double() && literal.is_double()) {
    return holds(op, value->as_double() <=> literal.as_double());
  }
  if (value->is_int() && literal.is_int()) {
    return holds(op, value->as_int() <=> literal.as_int());
  }
  if (value->is_string() && literal.is_string()) {
    const std::string& text = value->as_string();
    if (text.size() > text_bytes_max) return std::nullopt;
    // Most differ in their length already.
    if (op == Operator::equal) return text == literal.as_string();
    return holds(op, text <=> literal.as_string());
  }
  if (!value->is_number() || !literal.is_number()) return std::nullopt;
  const auto order = compare(*value, literal);
  return order ? holds(op, *order) : std::nullopt;
}

std::optional<PlainCondition::Comparison> PlainCondition::comparison_of(
    const Expression& expression, const Environment& environment) {
  const auto* binary = std::get_if<Binary>(&expression.node);
  if (binary == nullptr || !is_comparison(binary->op)) return std::nullopt;
  const auto* select = std::get_if<Select>(&binary->left->node);
  const auto* literal = std::get_if<Literal>(&binary->right->node);
  if (select == nullptr || literal == nullptr || select->optional || select->test_only ||
      !(literal->value.is_number() || literal->value.is_string())) {
    return std::nullopt;
  }
  auto field = object_field(environment, *select->operand, select->field);
  if (!field) return std::nullopt;
  return Comparison{.field = std::move(field->field),
                    .variable = field->variable,
                    .slot = field->slot,
                    .op = binary->op,
                    .literal = literal->value};
}

std::optional<PlainCondition> PlainCondition::of(const Expression& expression,
                                                 const Environment& environment) {
  if (environment.options().limits.cost_max < cost_max) return std::nullopt;
  PlainCondition condition;
  const auto add = [&](const Expression& part) {
    auto comparison = comparison_of(part, environment);
    if (!comparison) return false;
    condition.comparisons_.push_back(*std::move(comparison));
    return true;
  };
  if (const auto* chain = std::get_if<Logical>(&expression.node)) {
    if (!chain->is_and || chain->operands.size() > comparisons_max) return std::nullopt;
    const bool all_plain = std::ranges::all_of(
        chain->operands, [&](const ExpressionPtr& operand) { return add(*operand); });
    if (!all_plain) return std::nullopt;
  } else if (!add(expression)) {
    return std::nullopt;
  }
  condition.comparisons_.shrink_to_fit();
  return condition;
}

}  // namespace nurtured::cel

// Truth: !, &&, ||, ?:, ==, !=, <, <=, >=, >, in.
#include <algorithm>
#include <utility>

#include "rules/cel/operation.h"

namespace nurtured::cel {
namespace {

// nullopt when the operation failed or its value is no bool, which is recorded then.
std::optional<bool> run_bool(const Operation& operation, Evaluation& evaluation) {
  Value own;
  const Value* value = operation.run(evaluation, own);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->as_bool();
  evaluation.fail_at(operation.span(), "a bool is needed, and this is " + a_kind(*value));
  return std::nullopt;
}

class Not final : public Operation {
 public:
  Not(Span span, OperationPtr operand) : Operation(span), operand_(std::move(operand)) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    const auto value = run_bool(*operand_, evaluation);
    if (!value) return nullptr;
    scratch = !*value;
    return &scratch;
  }

 private:
  OperationPtr operand_;
};

// One operand that decides is the answer, whatever errors stand before it (langdef.md, "Logical
// Operators").
class AndOr final : public Operation {
 public:
  AndOr(Span span, bool is_and, Operations operands)
      : Operation(span), decisive_(!is_and), operands_(std::move(operands)) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    std::optional<Evaluation::Failure> first_failure;
    for (const OperationPtr& operand : operands_) {
      const auto value = run_bool(*operand, evaluation);
      if (value && *value == decisive_) {
        scratch = decisive_;
        return &scratch;
      }
      if (value) continue;
      if (!evaluation.may_absorb()) return nullptr;
      auto failure = evaluation.take_failure();
      if (!first_failure) first_failure = std::move(failure);
    }
    if (first_failure) {
      evaluation.restore(std::move(first_failure));
      return nullptr;
    }
    scratch = !decisive_;
    return &scratch;
  }

 private:
  bool decisive_;
  Operations operands_;
};

class Choice final : public Operation {
 public:
  Choice(Span span, OperationPtr condition, OperationPtr then, OperationPtr otherwise)
      : Operation(span),
        condition_(std::move(condition)),
        then_(std::move(then)),
        otherwise_(std::move(otherwise)) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    const auto condition = run_bool(*condition_, evaluation);
    if (!condition) return nullptr;
    return (*condition ? then_ : otherwise_)->run(evaluation, scratch);
  }

 private:
  OperationPtr condition_;
  OperationPtr then_;
  OperationPtr otherwise_;
};

// What comparing two values takes from the budget: nothing where there is nothing to walk.
std::uint64_t comparison_cost(const Value& left, const Value& right) {
  const std::uint64_t weight = std::min(left.weight(), right.weight());
  return weight == 1 ? 0 : weight;
}

// Both operands of a comparison; `right` is nullptr after a failure of either.
struct Operands {
  const Value* left = nullptr;
  const Value* right = nullptr;
};

class Comparison : public Operation {
 public:
  Comparison(Span span, OperationPtr left, OperationPtr right)
      : Operation(span), left_(std::move(left)), right_(std::move(right)) {}

 protected:
  Operands run_both(Evaluation& evaluation, Value& own_left, Value& own_right) const {
    Operands operands{.left = left_->run(evaluation, own_left)};
    if (operands.left != nullptr) operands.right = right_->run(evaluation, own_right);
    return operands;
  }

 private:
  OperationPtr left_;
  OperationPtr right_;
};

class Equality final : public Comparison {
 public:
  Equality(Span span, bool negated, OperationPtr left, OperationPtr right)
      : Comparison(span, std::move(left), std::move(right)), negated_(negated) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    Value own_left;
    Value own_right;
    const auto [left, right] = run_both(evaluation, own_left, own_right);
    if (right == nullptr) return nullptr;
    if (!evaluation.charge(comparison_cost(*left, *right))) return evaluation.locate(span());
    scratch = (*left == *right) != negated_;
    return &scratch;
  }

 private:
  bool negated_;
};

class Order final : public Comparison {
 public:
  Order(Span span, Operator op, OperationPtr left, OperationPtr right)
      : Comparison(span, std::move(left), std::move(right)), op_(op) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    Value own_left;
    Value own_right;
    const auto [left, right] = run_both(evaluation, own_left, own_right);
    if (right == nullptr) return nullptr;
    if (!evaluation.charge(comparison_cost(*left, *right))) return evaluation.locate(span());
    const auto order = compare(*left, *right);
    if (!order) {
      return evaluation.fail_at(span(), std::string(symbol(op_)) + " does not take (" +
                                            kind_name(*left) + ", " + kind_name(*right) + ")");
    }
    scratch = holds(*order);
    return &scratch;
  }

 private:
  bool holds(std::partial_ordering order) const {
    switch (op_) {
      case Operator::less:
        return order < 0;
      case Operator::less_equal:
        return order <= 0;
      case Operator::greater_equal:
        return order >= 0;
      default:
        return order > 0;
    }
  }

  Operator op_;
};

class In final : public Comparison {
 public:
  using Comparison::Comparison;

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    Value own_left;
    Value own_right;
    const auto [item, collection] = run_both(evaluation, own_left, own_right);
    if (collection == nullptr) return nullptr;
    if (collection->is_list()) return in_list(evaluation, *item, collection->as_list(), scratch);
    if (!collection->is_map()) {
      return evaluation.fail_at(
          span(), "in needs a list or a map on its right, and this is " + a_kind(*collection));
    }
    scratch = collection->as_map().find(*item) != nullptr;
    return &scratch;
  }

 private:
  const Value* in_list(Evaluation& evaluation, const Value& item, const List& items,
                       Value& scratch) const {
    if (!evaluation.charge(items.size() / 8)) return evaluation.locate(span());
    scratch = false;
    for (const Value& each : items) {
      if (!evaluation.charge(comparison_cost(each, item))) return evaluation.locate(span());
      if (!(each == item)) continue;
      scratch = true;
      break;
    }
    return &scratch;
  }
};

}  // namespace

OperationPtr make_not(Span span, OperationPtr operand) {
  return std::make_unique<Not>(span, std::move(operand));
}

OperationPtr make_logical(Span span, bool is_and, Operations operands) {
  return std::make_unique<AndOr>(span, is_and, std::move(operands));
}

OperationPtr make_conditional(Span span, OperationPtr condition, OperationPtr then,
                              OperationPtr otherwise) {
  return std::make_unique<Choice>(span, std::move(condition), std::move(then),
                                  std::move(otherwise));
}

OperationPtr make_equality(Span span, bool negated, OperationPtr left, OperationPtr right) {
  return std::make_unique<Equality>(span, negated, std::move(left), std::move(right));
}

OperationPtr make_order(Span span, Operator op, OperationPtr left, OperationPtr right) {
  return std::make_unique<Order>(span, op, std::move(left), std::move(right));
}

OperationPtr make_in(Span span, OperationPtr item, OperationPtr collection) {
  return std::make_unique<In>(span, std::move(item), std::move(collection));
}

}  // namespace nurtured::cel

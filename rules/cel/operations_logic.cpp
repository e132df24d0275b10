// Truth: !, &&, ||, ?:, ==, !=, <, <=, >=, >, in.
#include <algorithm>
#include <utility>

#include "rules/cel/operation.h"

namespace nurtured::cel {
namespace {

class Not final : public Condition {
 public:
  Not(Span span, OperationPtr operand) : Condition(span), operand_(std::move(operand)) {}

  Truth test(Evaluation& evaluation) const override {
    const Truth operand = operand_->test(evaluation);
    return operand == Truth::failed ? operand : truth(operand == Truth::no);
  }

 private:
  OperationPtr operand_;
};

// One operand that decides is the answer, whatever errors stand before it (langdef.md, "Logical
// Operators").
class AndOr final : public Condition {
 public:
  AndOr(Span span, bool is_and, Operations operands)
      : Condition(span), decisive_(truth(!is_and)), operands_(std::move(operands)) {}

  Truth test(Evaluation& evaluation) const override {
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      const Truth operand = operands_[i]->test(evaluation);
      if (operand == decisive_) return operand;
      if (operand == Truth::failed) return after_failure(evaluation, i);
    }
    return truth(decisive_ == Truth::no);
  }

 private:
  // One of the others may still decide; else the first failure stands.
  Truth after_failure(Evaluation& evaluation, std::size_t failed) const {
    if (!evaluation.may_absorb()) return Truth::failed;
    auto first = evaluation.take_failure();
    for (std::size_t i = failed + 1; i < operands_.size(); ++i) {
      const Truth operand = operands_[i]->test(evaluation);
      if (operand == decisive_) return operand;
      if (operand != Truth::failed) continue;
      if (!evaluation.may_absorb()) return Truth::failed;
      evaluation.absorb();
    }
    evaluation.restore(std::move(first));
    return Truth::failed;
  }

  Truth decisive_;
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
    const Truth condition = condition_->test(evaluation);
    if (condition == Truth::failed) return nullptr;
    return (condition == Truth::yes ? then_ : otherwise_)->run(evaluation, scratch);
  }

 private:
  OperationPtr condition_;
  OperationPtr then_;
  OperationPtr otherwise_;
};

// Takes from the budget what comparing two values costs: nothing where there is nothing to walk.
bool charge_comparison(Evaluation& evaluation, const Value& left, const Value& right) {
  if (left.is_number() || right.is_number()) return true;
  const std::uint64_t weight = std::min(left.weight(), right.weight());
  return weight == 1 || evaluation.charge(weight);
}

// A comparison of what `left` and `right` give. Most often the right one is a literal, which need
// not be run.
class Comparison : public Condition {
 public:
  Comparison(Span span, OperationPtr left, OperationPtr right, Pace pace = Pace::still)
      : Condition(span),
        left_(std::move(left)),
        right_(std::move(right)),
        literal_(right_->constant()),
        pace_(pace) {}

  Truth test(Evaluation& evaluation) const override {
    Value own_left;
    const Value* left = left_->run(evaluation, own_left);
    if (left == nullptr) return Truth::failed;
    if (literal_ != nullptr) return watch_both(evaluation, *left, *literal_);
    Value own_right;
    const Value* right = right_->run(evaluation, own_right);
    return right == nullptr ? Truth::failed : watch_both(evaluation, *left, *right);
  }

 protected:
  Truth out_of_budget(Evaluation& evaluation) const {
    evaluation.locate(span());
    return Truth::failed;
  }

 private:
  virtual Truth compare_both(Evaluation& evaluation, const Value& left,
                             const Value& right) const = 0;

  Truth watch_both(Evaluation& evaluation, const Value& left, const Value& right) const {
    if (pace_ != Pace::still && evaluation.watch() != nullptr) {
      evaluation.watch()->compared(left, right, pace_);
    }
    return compare_both(evaluation, left, right);
  }

  OperationPtr left_;
  OperationPtr right_;
  const Value* literal_;  // of `right_`
  Pace pace_;
};

class Equality final : public Comparison {
 public:
  Equality(Span span, bool negated, Pace pace, OperationPtr left, OperationPtr right)
      : Comparison(span, std::move(left), std::move(right), pace), negated_(negated) {}

 private:
  Truth compare_both(Evaluation& evaluation, const Value& left, const Value& right) const override {
    if (!charge_comparison(evaluation, left, right)) return out_of_budget(evaluation);
    return truth((left == right) != negated_);
  }

  bool negated_;
};

class Order final : public Comparison {
 public:
  Order(Span span, Operator op, Pace pace, OperationPtr left, OperationPtr right)
      : Comparison(span, std::move(left), std::move(right), pace), op_(op) {}

 private:
  Truth compare_both(Evaluation& evaluation, const Value& left, const Value& right) const override {
    if (!charge_comparison(evaluation, left, right)) return out_of_budget(evaluation);
    const auto order = compare(left, right);
    if (order) return truth(holds(*order));
    evaluation.fail_at(span(), std::string(symbol(op_)) + " does not take (" + kind_name(left) +
                                   ", " + kind_name(right) + ")");
    return Truth::failed;
  }

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

 private:
  Truth compare_both(Evaluation& evaluation, const Value& item,
                     const Value& collection) const override {
    if (collection.is_list()) return in_list(evaluation, item, collection.as_list());
    if (collection.is_map()) return truth(collection.as_map().find(item) != nullptr);
    evaluation.fail_at(span(),
                       "in needs a list or a map on its right, and this is " + a_kind(collection));
    return Truth::failed;
  }

  Truth in_list(Evaluation& evaluation, const Value& item, const List& items) const {
    if (!evaluation.charge(items.size() / 8)) return out_of_budget(evaluation);
    for (const Value& each : items) {
      if (!charge_comparison(evaluation, each, item)) return out_of_budget(evaluation);
      if (each == item) return Truth::yes;
    }
    return Truth::no;
  }
};

}  // namespace

Truth Operation::test(Evaluation& evaluation) const {
  Value own;
  const Value* value = run(evaluation, own);
  if (value == nullptr) return Truth::failed;
  if (value->is_bool()) return truth(value->as_bool());
  evaluation.fail_at(span_, "a bool is needed, and this is " + a_kind(*value));
  return Truth::failed;
}

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

OperationPtr make_equality(Span span, bool negated, Pace pace, OperationPtr left,
                           OperationPtr right) {
  return std::make_unique<Equality>(span, negated, pace, std::move(left), std::move(right));
}

OperationPtr make_order(Span span, Operator op, Pace pace, OperationPtr left, OperationPtr right) {
  return std::make_unique<Order>(span, op, pace, std::move(left), std::move(right));
}

OperationPtr make_in(Span span, OperationPtr item, OperationPtr collection) {
  return std::make_unique<In>(span, std::move(item), std::move(collection));
}

}  // namespace nurtured::cel

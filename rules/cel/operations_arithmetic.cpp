// +, -, *, / and % (langdef.md, "Arithmetic Operators", "Overflow").
#include <limits>
#include <utility>

#include "rules/cel/operation.h"
#include "rules/cel/time_text.h"

namespace nurtured::cel {
namespace {

constexpr std::string_view overflow = "the result is out of range";

// A result, or why there is none; an empty reason means that there is no such overload.
struct Computed {
  std::optional<Value> value;
  std::string_view reason;
};

Computed computed(Value value) {
  return {.value = std::move(value), .reason = {}};
}
Computed refused(std::string_view reason = {}) {
  return {.value = std::nullopt, .reason = reason};
}

template <class T>
Computed in_range_or(const std::optional<T>& value) {
  return value ? computed(*value) : refused(overflow);
}

template <class Integer>
Computed whole_numbers(Operator op, Integer left, Integer right) {
  Integer result = 0;
  bool overflows = false;
  switch (op) {
    case Operator::add:
      overflows = __builtin_add_overflow(left, right, &result);
      break;
    case Operator::subtract:
      overflows = __builtin_sub_overflow(left, right, &result);
      break;
    case Operator::multiply:
      overflows = __builtin_mul_overflow(left, right, &result);
      break;
    case Operator::divide:
    case Operator::modulo:
      if (right == 0) return refused("division by zero");
      if (std::numeric_limits<Integer>::is_signed && right == static_cast<Integer>(-1) &&
          left == std::numeric_limits<Integer>::min()) {
        return refused(overflow);
      }
      result = op == Operator::divide ? left / right : left % right;
      break;
    default:
      return refused();
  }
  return overflows ? refused(overflow) : computed(result);
}

Computed decimals(Operator op, double left, double right) {
  switch (op) {
    case Operator::add:
      return computed(left + right);
    case Operator::subtract:
      return computed(left - right);
    case Operator::multiply:
      return computed(left * right);
    case Operator::divide:
      return computed(left / right);
    default:
      return refused();
  }
}

// With a double among them the result is one; an int and a uint give an int.
Computed mixed(Operator op, const Value& left, const Value& right) {
  if (left.is_double() || right.is_double()) {
    return decimals(op, left.number().value_or(0), right.number().value_or(0));
  }
  const std::uint64_t natural = left.is_uint() ? left.as_uint() : right.as_uint();
  if (natural > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return refused(overflow);
  }
  const auto converted = static_cast<std::int64_t>(natural);
  return left.is_uint() ? whole_numbers(op, converted, right.as_int())
                        : whole_numbers(op, left.as_int(), converted);
}

Computed subtract_times(const Value& left, const Value& right) {
  if (left.is_timestamp() && right.is_timestamp()) {
    return in_range_or(difference(left.as_timestamp(), right.as_timestamp()));
  }
  if (!right.is_duration() || !(left.is_timestamp() || left.is_duration())) return refused();
  const auto back = negated(right.as_duration());
  if (!back) return refused(overflow);
  if (left.is_timestamp()) return in_range_or(add(left.as_timestamp(), *back));
  return in_range_or(add(left.as_duration(), *back));
}

Computed add_times(const Value& left, const Value& right) {
  if (left.is_duration() && right.is_duration()) {
    return in_range_or(add(left.as_duration(), right.as_duration()));
  }
  if (left.is_timestamp() && right.is_duration()) {
    return in_range_or(add(left.as_timestamp(), right.as_duration()));
  }
  if (left.is_duration() && right.is_timestamp()) {
    return in_range_or(add(right.as_timestamp(), left.as_duration()));
  }
  return refused();
}

Value joined(const List& left, const List& right) {
  List items;
  items.reserve(left.size() + right.size());
  items.insert(items.end(), left.begin(), left.end());
  items.insert(items.end(), right.begin(), right.end());
  return items;
}

Computed concatenate(const Value& left, const Value& right) {
  if (left.kind() != right.kind()) return refused();
  if (left.is_string()) return computed(left.as_string() + right.as_string());
  if (left.is_bytes()) return computed(Bytes{left.as_bytes() + right.as_bytes()});
  if (left.is_list()) return computed(joined(left.as_list(), right.as_list()));
  return refused();
}

bool is_concatenation(const Value& left) {
  return left.is_string() || left.is_bytes() || left.is_list();
}

class Arithmetic final : public Operation {
 public:
  Arithmetic(Span span, Operator op, bool mixed_numbers, OperationPtr left, OperationPtr right)
      : Operation(span),
        op_(op),
        mixed_numbers_(mixed_numbers),
        left_(std::move(left)),
        right_(std::move(right)) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    Value own_left;
    const Value* left = left_->run(evaluation, own_left);
    if (left == nullptr) return nullptr;
    Value own_right;
    const Value* right = right_->run(evaluation, own_right);
    if (right == nullptr) return nullptr;
    if (is_concatenation(*left) && !evaluation.charge(left->weight() + right->weight())) {
      return evaluation.locate(span());
    }
    Computed result = compute(*left, *right);
    if (result.value) {
      scratch = std::move(*result.value);
      return &scratch;
    }
    if (!result.reason.empty()) return evaluation.fail_at(span(), std::string(result.reason));
    return evaluation.fail_at(span(), std::string(symbol(op_)) + " does not take (" +
                                          kind_name(*left) + ", " + kind_name(*right) + ")");
  }

 private:
  Computed compute(const Value& left, const Value& right) const {
    if (left.is_number() && right.is_number()) return numbers(left, right);
    if (op_ == Operator::subtract) return subtract_times(left, right);
    if (op_ != Operator::add) return refused();
    return is_concatenation(left) ? concatenate(left, right) : add_times(left, right);
  }

  Computed numbers(const Value& left, const Value& right) const {
    if (left.kind() != right.kind()) return mixed_numbers_ ? mixed(op_, left, right) : refused();
    if (left.is_int()) return whole_numbers(op_, left.as_int(), right.as_int());
    if (left.is_uint()) return whole_numbers(op_, left.as_uint(), right.as_uint());
    return decimals(op_, left.as_double(), right.as_double());
  }

  Operator op_;
  bool mixed_numbers_;
  OperationPtr left_;
  OperationPtr right_;
};

class Negation final : public Operation {
 public:
  Negation(Span span, OperationPtr operand) : Operation(span), operand_(std::move(operand)) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    Value own;
    const Value* operand = operand_->run(evaluation, own);
    if (operand == nullptr) return nullptr;
    if (operand->is_double()) {
      scratch = -operand->as_double();
    } else if (!operand->is_int()) {
      return evaluation.fail_at(span(), "- does not take (" + kind_name(*operand) + ")");
    } else if (operand->as_int() == std::numeric_limits<std::int64_t>::min()) {
      return evaluation.fail_at(span(), std::string(overflow));
    } else {
      scratch = -operand->as_int();
    }
    return &scratch;
  }

 private:
  OperationPtr operand_;
};

}  // namespace

OperationPtr make_negation(Span span, OperationPtr operand) {
  return std::make_unique<Negation>(span, std::move(operand));
}

OperationPtr make_arithmetic(Span span, Operator op, bool mixed_numbers, OperationPtr left,
                             OperationPtr right) {
  return std::make_unique<Arithmetic>(span, op, mixed_numbers, std::move(left), std::move(right));
}

}  // namespace nurtured::cel

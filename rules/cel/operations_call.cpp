// Calls of CEL's own and of declared functions.
#include <algorithm>
#include <array>
#include <utility>

#include "rules/cel/operation.h"
#include "rules/cel/regex.h"

namespace nurtured::cel {
namespace {

// "(int, string)".
template <class Values>
std::string kinds_of(const Values& values) {
  std::string text = "(";
  for (const Value& value : values) text += (text.size() > 1 ? ", " : "") + kind_name(value);
  return text + ")";
}

std::uint64_t text_cost(const Value& value) {
  return value.is_string() || value.is_bytes() ? value.weight() - 1 : 0;
}

class LibraryCall final : public Operation {
 public:
  LibraryCall(Span span, std::vector<const LibraryFunction*> overloads, Pace pace,
              Operations arguments)
      : Operation(span),
        overloads_(std::move(overloads)),
        arguments_(std::move(arguments)),
        pace_(pace) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    std::array<Value, arguments_max> own;
    Arguments values;
    std::uint64_t cost = 0;
    for (std::size_t i = 0; i < arguments_.size(); ++i) {
      const Value* value = arguments_[i]->run(evaluation, own[i]);
      if (value == nullptr) return nullptr;
      values.add(value);
      cost += text_cost(*value);
    }
    if (pace_ != Pace::still && evaluation.watch() != nullptr) watch(*evaluation.watch(), values);
    const LibraryFunction* function = overload_for(values);
    if (function == nullptr) return no_overload(evaluation, values);
    std::optional<Value> result;
    if (evaluation.charge(cost)) result = function->run(evaluation, values);
    if (!result || !evaluation.charge(text_cost(*result))) return evaluation.locate(span());
    scratch = std::move(*result);
    return &scratch;
  }

 private:
  void watch(Watch& watch, const Arguments& values) const {
    const bool has_zone = values.size() > 1 && values[1].is_string();
    watch.asked_part(values[0], overloads_.front()->name,
                     has_zone ? std::string_view(values[1].as_string()) : "UTC", pace_);
  }

  const LibraryFunction* overload_for(const Arguments& values) const {
    for (const LibraryFunction* overload : overloads_) {
      bool all_fit = true;
      for (std::size_t i = 0; all_fit && i < values.size(); ++i) {
        all_fit = fits(overload->arguments[i], values[i]);
      }
      if (all_fit) return overload;
    }
    return nullptr;
  }

  const Value* no_overload(Evaluation& evaluation, const Arguments& values) const {
    List shown;
    for (std::size_t i = 0; i < values.size(); ++i) shown.push_back(values[i]);
    return evaluation.fail_at(
        span(), std::string(overloads_.front()->name) + "() does not take " + kinds_of(shown));
  }

  std::vector<const LibraryFunction*> overloads_;
  Operations arguments_;
  Pace pace_;  // of the first argument, where the function asks it for a part of it
};

class DeclaredCall final : public Operation {
 public:
  DeclaredCall(Span span, std::string function, std::vector<DeclaredOverload> overloads,
               Operations arguments)
      : Operation(span),
        function_(std::move(function)),
        overloads_(std::move(overloads)),
        arguments_(std::move(arguments)) {
    const bool all_constant =
        std::all_of(arguments_.begin(), arguments_.end(),
                    [](const OperationPtr& argument) { return argument->constant() != nullptr; });
    if (!all_constant) return;
    constants_.emplace();
    for (const OperationPtr& argument : arguments_) constants_->push_back(*argument->constant());
  }

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    if (constants_) return call(evaluation, *constants_, scratch);
    List values;
    values.reserve(arguments_.size());
    for (const OperationPtr& argument : arguments_) {
      Value own;
      const Value* value = argument->run(evaluation, own);
      if (value == nullptr) return nullptr;
      values.push_back(take(value, own));
    }
    return call(evaluation, values, scratch);
  }

 private:
  const Value* call(Evaluation& evaluation, const List& values, Value& scratch) const {
    const auto overload =
        std::find_if(overloads_.begin(), overloads_.end(), [&values](const DeclaredOverload& each) {
          return std::equal(each.arguments.begin(), each.arguments.end(), values.begin(), fits);
        });
    if (overload == overloads_.end()) {
      return evaluation.fail_at(span(), function_ + "() does not take " + kinds_of(values));
    }
    base::Result<Value> result = evaluation.scope().call(overload->index, values);
    if (!result) return evaluation.fail_at(span(), std::move(result.error()));
    scratch = std::move(*result);
    return &scratch;
  }

  std::string function_;
  std::vector<DeclaredOverload> overloads_;
  Operations arguments_;
  std::optional<List> constants_;  // the arguments, when they are all literals
};

// matches() with a literal pattern, compiled once.
class Matches final : public Operation {
 public:
  Matches(Span span, OperationPtr text, std::shared_ptr<const re2::RE2> regex)
      : Operation(span), text_(std::move(text)), regex_(std::move(regex)) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    Value own;
    const Value* text = text_->run(evaluation, own);
    if (text == nullptr) return nullptr;
    if (!text->is_string()) {
      return evaluation.fail_at(span(),
                                "matches() does not take (" + kind_name(*text) + ", string)");
    }
    const auto found = find_match(evaluation, *regex_, text->as_string());
    if (!found) return evaluation.locate(span());
    scratch = *found;
    return &scratch;
  }

 private:
  OperationPtr text_;
  std::shared_ptr<const re2::RE2> regex_;
};

// math.greatest and math.least: numbers of any kind, or one list of them. Of equal ones the first.
class Extremum final : public Operation {
 public:
  Extremum(Span span, bool greatest, Operations arguments)
      : Operation(span), greatest_(greatest), arguments_(std::move(arguments)) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    List numbers;
    for (const OperationPtr& argument : arguments_) {
      Value own;
      const Value* value = argument->run(evaluation, own);
      if (value == nullptr) return nullptr;
      numbers.push_back(take(value, own));
    }
    if (numbers.size() == 1 && numbers.front().is_list()) {
      if (!evaluation.charge(numbers.front().weight())) return evaluation.locate(span());
      numbers = List(numbers.front().as_list());
    }
    if (numbers.empty() || !std::all_of(numbers.begin(), numbers.end(),
                                        [](const Value& value) { return value.is_number(); })) {
      return evaluation.fail_at(span(), name() + "() needs numbers, and at least one");
    }
    scratch = best(numbers);
    return &scratch;
  }

 private:
  std::string name() const { return greatest_ ? "math.greatest" : "math.least"; }

  const Value& best(const List& numbers) const {
    const Value* found = &numbers.front();
    for (const Value& number : numbers) {
      const auto order = compare(number, *found);
      if (order && (greatest_ ? *order > 0 : *order < 0)) found = &number;
    }
    return *found;
  }

  bool greatest_;
  Operations arguments_;
};

// optional.or(optional) and optional.orValue(value): the argument is run only when it is needed.
class Or final : public Operation {
 public:
  Or(Span span, bool unwraps, OperationPtr operand, OperationPtr otherwise)
      : Operation(span),
        unwraps_(unwraps),
        operand_(std::move(operand)),
        otherwise_(std::move(otherwise)) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    Value own;
    const Value* operand = operand_->run(evaluation, own);
    if (operand == nullptr) return nullptr;
    if (!operand->is_optional()) return no_optional(evaluation, *operand);
    if (const Value* inner = operand->as_optional()) {
      scratch = unwraps_ ? Value(*inner) : take(operand, own);
      return &scratch;
    }
    const Value* other = otherwise_->run(evaluation, scratch);
    if (other != nullptr && !unwraps_ && !other->is_optional()) {
      return no_optional(evaluation, *other);
    }
    return other;
  }

 private:
  const Value* no_optional(Evaluation& evaluation, const Value& value) const {
    return evaluation.fail_at(span(), std::string(unwraps_ ? "orValue" : "or") +
                                          "() needs an optional, and this is " + a_kind(value));
  }

  bool unwraps_;
  OperationPtr operand_;
  OperationPtr otherwise_;
};

}  // namespace

OperationPtr make_library_call(Span span, std::vector<const LibraryFunction*> overloads, Pace pace,
                               Operations arguments) {
  return std::make_unique<LibraryCall>(span, std::move(overloads), pace, std::move(arguments));
}

OperationPtr make_declared_call(Span span, std::string function,
                                std::vector<DeclaredOverload> overloads, Operations arguments) {
  return std::make_unique<DeclaredCall>(span, std::move(function), std::move(overloads),
                                        std::move(arguments));
}

OperationPtr make_matches(Span span, OperationPtr text, std::shared_ptr<const re2::RE2> regex) {
  return std::make_unique<Matches>(span, std::move(text), std::move(regex));
}

OperationPtr make_extremum(Span span, bool greatest, Operations arguments) {
  return std::make_unique<Extremum>(span, greatest, std::move(arguments));
}

OperationPtr make_or(Span span, bool unwraps, OperationPtr operand, OperationPtr otherwise) {
  return std::make_unique<Or>(span, unwraps, std::move(operand), std::move(otherwise));
}

}  // namespace nurtured::cel

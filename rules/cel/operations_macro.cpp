// Comprehensions, cel.bind and optMap.
#include <utility>

#include "rules/cel/operation.h"

namespace nurtured::cel {
namespace {

enum class Step : std::uint8_t { go_on, stop, failed };

class Comprehend final : public Operation {
 public:
  Comprehend(Span span, ComprehensionPlan plan) : Operation(span), plan_(std::move(plan)) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    Value own;
    const Value* range = plan_.range->run(evaluation, own);
    if (range == nullptr) return nullptr;
    if (!range->is_list() && !range->is_map()) {
      return evaluation.fail_at(plan_.range->span(), a_kind(*range) + " has no items");
    }
    switch (plan_.macro) {
      case Macro::all:
        return quantify(evaluation, *range, false, scratch);
      case Macro::exists:
        return quantify(evaluation, *range, true, scratch);
      case Macro::exists_one:
        return exists_one(evaluation, *range, scratch);
      case Macro::map:
      case Macro::filter:
        return make_list(evaluation, *range, scratch);
      case Macro::transform_map:
      case Macro::transform_map_entry:
        return make_map(evaluation, *range, scratch);
    }
    return nullptr;
  }

 private:
  Value& first(Evaluation& evaluation) const { return evaluation.local(plan_.slot); }

  // Sets the variables for each item in turn and calls `step`. False after a failure.
  template <class Each>
  bool iterate(Evaluation& evaluation, const Value& range, Each step) const {
    const auto run_step = [&](const Value& key, const Value* value) {
      if (!evaluation.charge(plan_.step_cost)) {
        evaluation.locate(span());
        return Step::failed;
      }
      first(evaluation) = key;
      if (value != nullptr) evaluation.local(plan_.slot + 1) = *value;
      return step();
    };
    if (range.is_map()) {
      for (const Map::Entry& entry : range.as_map()) {
        const Step done = run_step(entry.key, plan_.two_variables ? &entry.value : nullptr);
        if (done != Step::go_on) return done == Step::stop;
      }
      return true;
    }
    std::int64_t position = 0;
    for (const Value& item : range.as_list()) {
      const Step done = plan_.two_variables ? run_step(position, &item) : run_step(item, nullptr);
      if (done != Step::go_on) return done == Step::stop;
      ++position;
    }
    return true;
  }

  // nullopt after a failure, which a value that is no bool is as well.
  static std::optional<bool> run_bool(const OperationPtr& operation, Evaluation& evaluation) {
    const Truth truth = operation->test(evaluation);
    return truth == Truth::failed ? std::nullopt : std::optional(truth == Truth::yes);
  }

  // all() and exists(): an item that decides is the answer, whatever errors the others end in.
  const Value* quantify(Evaluation& evaluation, const Value& range, bool decisive,
                        Value& scratch) const {
    std::optional<Evaluation::Failure> first_failure;
    bool decided = false;
    const bool finished = iterate(evaluation, range, [&] {
      const auto value = run_bool(plan_.body, evaluation);
      if (value) {
        decided = *value == decisive;
        return decided ? Step::stop : Step::go_on;
      }
      if (!evaluation.may_absorb()) return Step::failed;
      auto failure = evaluation.take_failure();
      if (!first_failure) first_failure = std::move(failure);
      return Step::go_on;
    });
    if (!finished) return nullptr;
    if (!decided && first_failure) {
      evaluation.restore(std::move(first_failure));
      return nullptr;
    }
    scratch = decided == decisive;
    return &scratch;
  }

  const Value* exists_one(Evaluation& evaluation, const Value& range, Value& scratch) const {
    std::size_t count = 0;
    const bool finished = iterate(evaluation, range, [&] {
      const auto value = run_bool(plan_.body, evaluation);
      if (!value) return Step::failed;
      if (*value) ++count;
      return Step::go_on;
    });
    if (!finished) return nullptr;
    scratch = count == 1;
    return &scratch;
  }

  // True where there is no filter; nullopt after a failure.
  std::optional<bool> passes_filter(Evaluation& evaluation) const {
    return plan_.filter == nullptr ? std::optional<bool>(true) : run_bool(plan_.filter, evaluation);
  }

  const Value* make_list(Evaluation& evaluation, const Value& range, Value& scratch) const {
    List items;
    const bool finished = iterate(evaluation, range, [&] {
      if (plan_.macro == Macro::filter) {
        const auto kept = run_bool(plan_.body, evaluation);
        if (kept && *kept) items.push_back(first(evaluation));
        return kept ? Step::go_on : Step::failed;
      }
      const auto passed = passes_filter(evaluation);
      if (!passed) return Step::failed;
      if (!*passed) return Step::go_on;
      Value own;
      const Value* item = plan_.body->run(evaluation, own);
      if (item == nullptr) return Step::failed;
      items.push_back(take(item, own));
      return charge(evaluation, items.back());
    });
    if (!finished) return nullptr;
    scratch = std::move(items);
    return &scratch;
  }

  Step charge(Evaluation& evaluation, const Value& made) const {
    if (evaluation.charge(made.weight())) return Step::go_on;
    evaluation.locate(span());
    return Step::failed;
  }

  const Value* make_map(Evaluation& evaluation, const Value& range, Value& scratch) const {
    std::vector<Map::Entry> entries;
    std::int64_t position = 0;
    const bool finished = iterate(evaluation, range, [&] {
      const Value key = range.is_map() ? first(evaluation) : Value(position++);
      const auto passed = passes_filter(evaluation);
      if (!passed) return Step::failed;
      return *passed ? add_entries(evaluation, key, entries) : Step::go_on;
    });
    if (!finished) return nullptr;
    auto map = Map::distinct(std::move(entries));
    if (!map) return evaluation.fail_at(span(), "the map would have a key twice");
    scratch = std::move(*map);
    return &scratch;
  }

  Step add_entries(Evaluation& evaluation, const Value& key,
                   std::vector<Map::Entry>& entries) const {
    Value own;
    const Value* made = plan_.body->run(evaluation, own);
    if (made == nullptr) return Step::failed;
    if (charge(evaluation, *made) == Step::failed) return Step::failed;
    if (plan_.macro == Macro::transform_map) {
      entries.push_back({key, take(made, own)});
      return Step::go_on;
    }
    if (!made->is_map()) {
      evaluation.fail_at(plan_.body->span(), "a map is needed, and this is " + a_kind(*made));
      return Step::failed;
    }
    entries.insert(entries.end(), made->as_map().begin(), made->as_map().end());
    return Step::go_on;
  }

  ComprehensionPlan plan_;
};

class BindVariable final : public Operation {
 public:
  BindVariable(Span span, std::size_t slot, OperationPtr value, OperationPtr body)
      : Operation(span), slot_(slot), value_(std::move(value)), body_(std::move(body)) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    Value own;
    const Value* value = value_->run(evaluation, own);
    if (value == nullptr) return nullptr;
    evaluation.local(slot_) = take(value, own);
    const Value* result = body_->run(evaluation, scratch);
    if (result == nullptr || result == &scratch) return result;
    // It may lie in the variable, whose slot the next binding beside this one takes over.
    scratch = Value(*result);
    return &scratch;
  }

 private:
  std::size_t slot_;
  OperationPtr value_;
  OperationPtr body_;
};

class MapOptional final : public Operation {
 public:
  MapOptional(Span span, std::size_t slot, bool flat, OperationPtr operand, OperationPtr body)
      : Operation(span),
        slot_(slot),
        flat_(flat),
        operand_(std::move(operand)),
        body_(std::move(body)) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    Value own;
    const Value* operand = operand_->run(evaluation, own);
    if (operand == nullptr) return nullptr;
    if (!operand->is_optional()) return no_optional(evaluation, *operand);
    const Value* inner = operand->as_optional();
    if (inner == nullptr) {
      scratch = Value::optional_none();
      return &scratch;
    }
    evaluation.local(slot_) = Value(*inner);
    Value own_result;
    const Value* result = body_->run(evaluation, own_result);
    if (result == nullptr) return nullptr;
    if (flat_ && !result->is_optional()) return no_optional(evaluation, *result);
    Value made = take(result, own_result);
    scratch = flat_ ? std::move(made) : Value::optional_of(std::move(made));
    return &scratch;
  }

 private:
  const Value* no_optional(Evaluation& evaluation, const Value& value) const {
    return evaluation.fail_at(span(), "an optional is needed, and this is " + a_kind(value));
  }

  std::size_t slot_;
  bool flat_;
  OperationPtr operand_;
  OperationPtr body_;
};

}  // namespace

OperationPtr make_comprehension(Span span, ComprehensionPlan plan) {
  return std::make_unique<Comprehend>(span, std::move(plan));
}

OperationPtr make_bind(Span span, std::size_t slot, OperationPtr value, OperationPtr body) {
  return std::make_unique<BindVariable>(span, slot, std::move(value), std::move(body));
}

OperationPtr make_optional_map(Span span, std::size_t slot, bool flat, OperationPtr operand,
                               OperationPtr body) {
  return std::make_unique<MapOptional>(span, slot, flat, std::move(operand), std::move(body));
}

}  // namespace nurtured::cel

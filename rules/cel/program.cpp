#include "rules/cel/program.h"

#include <utility>

#include "rules/cel/checker.h"
#include "rules/cel/clock.h"
#include "rules/cel/parser.h"
#include "rules/cel/plain_condition.h"
#include "rules/cel/planner.h"
#include "rules/cel/references.h"
#include "rules/cel/resolver.h"

namespace nurtured::cel {

// Everything that a program shares between its copies.
class Plan {
 public:
  std::optional<PlainCondition> plain;  // decides most often; asked before `root`
  std::string source;
  Type type;
  References references;
  Limits limits;
  std::size_t slots = 0;
  OperationPtr root;
};

const Type& Program::type() const {
  return plan_->type;
}

const References& Program::references() const {
  return plan_->references;
}

const PlainCondition* Program::plain() const {
  return plan_->plain ? &*plan_->plain : nullptr;
}

std::string_view Program::source() const {
  return plan_->source;
}

namespace {

tl::unexpected<base::Error> failure_of(Evaluation& evaluation, std::string_view source) {
  auto failure = evaluation.take_failure();
  if (!failure)
    return base::fail(base::ErrorKind::internal, "the expression failed without a reason");
  if (failure->span) failure->error.place = place_of(source, *failure->span);
  return base::fail(std::move(failure->error));
}

}  // namespace

base::Result<Value> Program::evaluate(const Scope& scope) const {
  if (plan_->plain) {
    if (const auto answer = plan_->plain->test(scope)) return Value(*answer);
  }
  Evaluation evaluation(scope, plan_->limits, plan_->slots);
  Value scratch;
  const Value* value = plan_->root->run(evaluation, scratch);
  if (value != nullptr) return take(value, scratch);
  return failure_of(evaluation, plan_->source);
}

base::Result<bool> Program::test(const Scope& scope) const {
  if (plan_->plain) {
    if (const auto answer = plan_->plain->test(scope)) return *answer;
  }
  Evaluation evaluation(scope, plan_->limits, plan_->slots);
  const Truth truth = plan_->root->test(evaluation);
  if (truth != Truth::failed) return truth == Truth::yes;
  return failure_of(evaluation, plan_->source);
}

base::Result<Program> compile(std::string_view source, const Environment& environment) {
  auto expression = parse(source, environment.options().limits);
  if (!expression) return base::fail(std::move(expression.error()));
  const auto slots = resolve(**expression, source, environment);
  if (!slots) return base::fail(slots.error());
  auto made = std::make_shared<Plan>();
  if (environment.options().checked) {
    auto type = check(**expression, source, environment);
    if (!type) return base::fail(std::move(type.error()));
    made->type = std::move(*type);
  }
  if (environment.clock()) {
    if (auto marked = mark_pace(**expression, source, environment); !marked) {
      return base::fail(std::move(marked.error()));
    }
  }
  auto root = plan(**expression, source, environment);
  if (!root) return base::fail(std::move(root.error()));
  made->source = source;
  made->references = find_references(**expression, source, environment);
  made->limits = environment.options().limits;
  made->slots = *slots;
  made->root = std::move(*root);
  made->plain = PlainCondition::of(**expression, environment);
  return Program(std::move(made));
}

}  // namespace nurtured::cel

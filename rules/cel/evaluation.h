// The state of one evaluation: where names are found, what it has cost, and the error that it is
// in. Internal to rules/cel. One thread, one evaluation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "rules/cel/scope.h"
#include "rules/cel/syntax.h"
#include "rules/cel/value.h"

namespace nurtured::cel {

class Evaluation {
 public:
  Evaluation(const Scope& scope, const Limits& limits, std::size_t slots)
      : scope_(scope),
        limits_(limits),
        cost_left_(limits.cost_max),
        watch_(scope.watch()),
        locals_(slots) {}

  const Scope& scope() const { return scope_; }
  const Limits& limits() const { return limits_; }
  Watch* watch() const { return watch_; }
  // A variable of a comprehension or binding. References stay valid throughout.
  Value& local(std::size_t slot) { return locals_[slot]; }

  // Takes from the budget. False when it is used up: then the evaluation fails, and nothing absorbs
  // that.
  [[nodiscard]] bool charge(std::uint64_t cost) {
    if (cost <= cost_left_) {
      cost_left_ -= cost;
      return true;
    }
    run_out();
    return false;
  }

  // Both record the error that the evaluation is in. The first is for functions, whose caller adds
  // the place.
  std::nullopt_t fail(std::string message, base::ErrorKind kind = base::ErrorKind::invalid);
  std::nullptr_t fail_at(Span span, std::string message,
                         base::ErrorKind kind = base::ErrorKind::invalid);
  std::nullptr_t fail_at(Span span, base::Error error);
  // Gives the error a place unless it has one.
  std::nullptr_t locate(Span span);

  // An error that && or || absorbed. Running out of budget is none.
  bool may_absorb() const { return !out_of_budget_; }
  void absorb() { error_.reset(); }

  struct Failure {
    base::Error error;
    std::optional<Span> span;
  };
  // Moves the error in and out, for an operator that goes on to its next operand.
  std::optional<Failure> take_failure() { return std::exchange(error_, std::nullopt); }
  void restore(std::optional<Failure> failure) { error_ = std::move(failure); }

 private:
  void run_out();

  const Scope& scope_;
  const Limits& limits_;
  std::uint64_t cost_left_;
  Watch* watch_;
  bool out_of_budget_ = false;
  std::vector<Value> locals_;
  std::optional<Failure> error_;
};

}  // namespace nurtured::cel

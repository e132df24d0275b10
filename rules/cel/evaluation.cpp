#include "rules/cel/evaluation.h"

#include <utility>

namespace nurtured::cel {

std::nullopt_t Evaluation::fail(std::string message, base::ErrorKind kind) {
  error_ =
      Failure{.error = {.kind = kind, .message = std::move(message), .remedy = {}, .place = {}},
              .span = std::nullopt};
  return std::nullopt;
}

std::nullptr_t Evaluation::fail_at(Span span, std::string message, base::ErrorKind kind) {
  fail(std::move(message), kind);
  error_->span = span;
  return nullptr;
}

std::nullptr_t Evaluation::fail_at(Span span, base::Error error) {
  error_ = Failure{.error = std::move(error), .span = span};
  return nullptr;
}

std::nullptr_t Evaluation::locate(Span span) {
  if (error_ && !error_->span) error_->span = span;
  return nullptr;
}

void Evaluation::run_out() {
  cost_left_ = 0;
  out_of_budget_ = true;
  fail("the expression takes too long: it was stopped after " + std::to_string(limits_.cost_max) +
           " steps",
       base::ErrorKind::too_large);
}

}  // namespace nurtured::cel

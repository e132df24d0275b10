// Conditions that only compare fields of object variables with literals, as most do that events are
// judged by: `event.total > 100.0 && event.currency == "EUR"`. They lie in memory in one piece, so
// that a thousand of them are judged without a walk through a thousand trees. A Program has one
// where it can; who judges many conditions in a row keeps copies of theirs side by side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/cel/environment.h"
#include "rules/cel/scope.h"
#include "rules/cel/value.h"

namespace nurtured::cel {

struct Expression;
enum class Operator : std::uint8_t;

// A comparison, or a chain of them with &&, in numbers and texts.
class PlainCondition {
 public:
  // nullopt for any other expression, and where the budget is so small that comparing could exceed
  // it.
  static std::optional<PlainCondition> of(const Expression& expression,
                                          const Environment& environment);

  // The answer; nullopt where something is missing, of another kind or long, which is for the
  // operations to decide.
  std::optional<bool> test(const Scope& scope) const {
    for (const Comparison& comparison : comparisons_) {
      const auto holds = comparison.test(scope);
      if (!holds || !*holds) return holds;
    }
    return true;
  }

  // For each field of that variable that is compared, a value with which the comparison holds.
  std::vector<std::pair<std::string, Value>> example(std::size_t variable) const;

 private:
  struct Comparison {
    std::string field;
    std::size_t variable = 0;
    std::size_t slot = FieldName::no_slot;
    Operator op{};
    Value literal;  // a number or a text

    std::optional<bool> test(const Scope& scope) const;
  };

  static std::optional<Comparison> comparison_of(const Expression& expression,
                                                 const Environment& environment);

  std::vector<Comparison> comparisons_;
};

}  // namespace nurtured::cel

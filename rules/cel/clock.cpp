#include "rules/cel/clock.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace nurtured::cel {
namespace {

// Parts that change by the hour at most: who asks for minutes means a comparison.
constexpr std::array<std::string_view, 7> slow_parts = {
    "getHours",     "getDate",     "getDayOfMonth", "getDayOfWeek",
    "getDayOfYear", "getFullYear", "getMonth"};

bool is_comparison(Operator op) {
  switch (op) {
    case Operator::less:
    case Operator::less_equal:
    case Operator::greater_equal:
    case Operator::greater:
    case Operator::equal:
    case Operator::not_equal:
      return true;
    default:
      return false;
  }
}

Pace opposite(Pace pace) {
  return static_cast<Pace>(-static_cast<int>(pace));
}

class Marker {
 public:
  Marker(std::string_view source, const Environment& environment)
      : source_(source), clock_(environment.clock()) {}

  base::Result<void> run(Expression& expression) {
    if (const auto pace = pace_of(expression); pace && *pace == Pace::still) return {};
    if (!error_) misused(expression);
    return base::fail(*std::move(error_));
  }

 private:
  using Found = std::optional<Pace>;  // nullopt: refused

  Found refuse(const Expression& expression, std::string message, std::string remedy) {
    if (!error_) {
      error_ = base::Error{.message = std::move(message),
                           .remedy = std::move(remedy),
                           .place = place_of(source_, expression.span)};
    }
    return std::nullopt;
  }

  Found misused(const Expression& expression) {
    return refuse(expression, "when this changes by time alone cannot be told",
                  "compare moments: last(\"order.paid\") < now - duration(\"720h\")");
  }

  Found pace_of(Expression& expression) {
    return std::visit([&](auto& node) { return pace_of_node(expression, node); }, expression.node);
  }

  // For operands that nothing may move in.
  bool is_still(const ExpressionPtr& operand) {
    if (operand == nullptr) return true;
    const Found pace = pace_of(*operand);
    if (!pace) return false;
    if (*pace == Pace::still) return true;
    misused(*operand);
    return false;
  }

  template <class Node>
  Found pace_of_node(Expression& expression, Node& /*unused*/) {
    bool still = true;
    for_each_child(expression,
                   [&](const ExpressionPtr& child) { still = still && is_still(child); });
    return still ? Found(Pace::still) : std::nullopt;
  }

  Found pace_of_node(Expression& /*unused*/, VariableName& name) {
    return name.index == clock_ ? Pace::forth : Pace::still;
  }

  Found pace_of_node(Expression& /*unused*/, LocalName& name) {
    return name.slot < locals_.size() ? locals_[name.slot] : Pace::still;
  }

  Found sum(const Expression& expression, Pace left, Pace right) {
    const int pace = static_cast<int>(left) + static_cast<int>(right);
    if (pace < -1 || pace > 1) {
      return refuse(expression, "the clock is counted twice here", "use `now` once");
    }
    return static_cast<Pace>(pace);
  }

  Found pace_of_node(Expression& expression, Binary& binary) {
    const bool adds = binary.op == Operator::add || binary.op == Operator::subtract;
    if (!adds && !is_comparison(binary.op)) {
      return is_still(binary.left) && is_still(binary.right) ? Found(Pace::still) : std::nullopt;
    }
    const Found left = pace_of(*binary.left);
    const Found right = pace_of(*binary.right);
    if (!left || !right) return std::nullopt;
    const Found pace =
        sum(expression, *left, binary.op == Operator::add ? *right : opposite(*right));
    if (!pace || adds) return pace;
    binary.pace = *pace;
    return Pace::still;
  }

  Found pace_of_node(Expression& /*unused*/, Unary& unary) {
    const Found operand = pace_of(*unary.operand);
    return operand && unary.op == Operator::negate ? Found(opposite(*operand)) : operand;
  }

  Found pace_of_node(Expression& expression, Conditional& conditional) {
    if (!is_still(conditional.condition)) return std::nullopt;
    const Found then = pace_of(*conditional.then);
    const Found otherwise = pace_of(*conditional.otherwise);
    if (!then || !otherwise) return std::nullopt;
    return *then == *otherwise ? then : misused(expression);
  }

  Found pace_of_node(Expression& expression, Call& call) {
    for (const ExpressionPtr& argument : call.arguments) {
      if (!is_still(argument)) return std::nullopt;
    }
    if (call.target == nullptr) return Pace::still;
    const Found target = pace_of(*call.target);
    if (!target || *target == Pace::still) return target;
    if (std::ranges::find(slow_parts, call.function) == slow_parts.end()) {
      return misused(expression);
    }
    call.pace = *target;
    return Pace::still;
  }

  // Sets what the variables from `slot` on stand for.
  void bind(std::size_t slot, std::size_t count, Pace pace) {
    if (locals_.size() < slot + count) locals_.resize(slot + count, Pace::still);
    std::fill_n(locals_.begin() + static_cast<std::ptrdiff_t>(slot), count, pace);
  }

  Found pace_of_node(Expression& /*unused*/, Comprehension& comprehension) {
    bind(comprehension.slot, comprehension.variables.size(), Pace::still);
    const bool still = is_still(comprehension.range) && is_still(comprehension.filter) &&
                       is_still(comprehension.body);
    return still ? Found(Pace::still) : std::nullopt;
  }

  Found pace_of_node(Expression& /*unused*/, Bind& binding) {
    const Found value = pace_of(*binding.value);
    if (!value) return std::nullopt;
    bind(binding.slot, 1, *value);
    return pace_of(*binding.body);
  }

  Found pace_of_node(Expression& /*unused*/, OptionalMap& map) {
    bind(map.slot, 1, Pace::still);
    return is_still(map.operand) && is_still(map.body) ? Found(Pace::still) : std::nullopt;
  }

  std::string_view source_;
  std::optional<std::size_t> clock_;
  std::vector<Pace> locals_;  // by slot
  std::optional<base::Error> error_;
};

}  // namespace

base::Result<void> mark_pace(Expression& expression, std::string_view source,
                             const Environment& environment) {
  return Marker(source, environment).run(expression);
}

}  // namespace nurtured::cel

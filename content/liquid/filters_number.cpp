// Filters that reckon.
#include <algorithm>

#include "content/liquid/filters.h"
#include "content/liquid/number.h"

namespace nurtured::content::liquid {
namespace {

using Reckoned = tl::expected<Number, std::string>;

Checked<Value> result_of(const Reckoned& number) {
  if (!number) return fault(number.error());
  return from_number(*number);
}

template <Operation operation>
Checked<Value> operate(const FilterInput& call) {
  const auto left = to_number(call.input);
  if (!left) return fault(left.error());
  const auto right = to_number(call.arguments[0]);
  if (!right) return fault(right.error());
  return result_of(reckon(operation, *left, *right));
}

Checked<Value> abs(const FilterInput& call) {
  return result_of(to_number(call.input).and_then(absolute));
}

template <Rounding rounding>
Checked<Value> round_to_whole(const FilterInput& call) {
  return result_of(to_number(call.input).and_then([](const Number& number) {
    return rounded(number, rounding);
  }));
}

Checked<Value> round(const FilterInput& call) {
  std::int64_t digits = 0;
  if (!call.arguments.empty()) {
    const auto given = to_number(call.arguments[0]);
    if (!given) return fault(given.error());
    // Past a thousand digits nothing changes any more.
    digits = std::visit(
        [](auto number) {
          return static_cast<std::int64_t>(std::clamp<decltype(number)>(number, -1000, 1000));
        },
        *given);
  }
  return result_of(to_number(call.input).and_then([&](const Number& number) {
    return rounded(number, Rounding::nearest, digits);
  }));
}

template <bool at_least>
Checked<Value> limit(const FilterInput& call) {
  const auto number = to_number(call.input);
  if (!number) return fault(number.error());
  const auto bound = to_number(call.arguments[0]);
  if (!bound) return fault(bound.error());
  const bool passes = at_least ? less(*number, *bound) : less(*bound, *number);
  return from_number(passes ? *bound : *number);
}

constexpr FilterEntry entries[] = {
    {"abs", 0, 0, abs},
    {"at_least", 1, 1, limit<true>},
    {"at_most", 1, 1, limit<false>},
    {"ceil", 0, 0, round_to_whole<Rounding::up>},
    {"divided_by", 1, 1, operate<Operation::divide>},
    {"floor", 0, 0, round_to_whole<Rounding::down>},
    {"minus", 1, 1, operate<Operation::subtract>},
    {"modulo", 1, 1, operate<Operation::modulo>},
    {"plus", 1, 1, operate<Operation::add>},
    {"round", 0, 1, round},
    {"times", 1, 1, operate<Operation::multiply>},
};

}  // namespace

std::span<const FilterEntry> number_filters() {
  return entries;
}

}  // namespace nurtured::content::liquid

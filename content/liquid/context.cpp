#include "content/liquid/context.h"

#include <algorithm>
#include <cmath>
#include <ranges>
#include <utility>
#include <variant>

#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

// `empty` and `blank` as tests. Blank is also nil, false and a text of white space.
bool is_such(Emptiness which, const Value& value) {
  if (const auto text = as_text(value)) {
    return which == Emptiness::blank ? is_blank(*text) : text->empty();
  }
  const cel::Value* data = as_data(value);
  if (data == nullptr) return false;
  if (data->is_list()) return data->as_list().empty();
  if (data->is_map()) return data->as_map().empty();
  return which == Emptiness::blank && !is_truthy(value);
}

bool contains(const Value& left, const Value& right) {
  if (!is_truthy(left) || !is_truthy(right)) return false;
  if (const auto text = as_text(left)) {
    return text->find(to_text(right)) != std::string_view::npos;
  }
  if (const auto* range = std::get_if<Range>(&left)) {
    const cel::Value* number = as_data(right);
    if (number != nullptr && number->is_double()) {
      const double at = number->as_double();
      return at >= static_cast<double>(range->first) && at <= static_cast<double>(range->last);
    }
    const auto whole = as_integer(right);
    return whole && *whole >= range->first && *whole <= range->last;
  }
  const cel::Value* data = as_data(left);
  if (data == nullptr) return false;
  const cel::Value item = to_data(right);
  if (data->is_map()) return data->as_map().find(item) != nullptr;
  if (!data->is_list()) return false;
  return std::ranges::find(data->as_list(), item) != data->as_list().end();
}

std::string kind_name(const Value& value) {
  const cel::Value* data = as_data(value);
  if (data == nullptr || data->is_string()) return "a text";
  return data->is_number() ? "a number" : "a value of another kind";
}

// Whole numbers for (a..b): texts by the number they begin with, nil as 0. A decimal is refused
// unless both ends are written out; then it is cut.
Checked<std::int64_t> range_end(const Value& value, bool is_written_out) {
  if (is_nil(value)) return 0;
  if (const auto text = as_text(value)) {
    const auto whole = leading_whole(*text);
    if (!whole) return fault("the end of a range is too large");
    return *whole;
  }
  const cel::Value* data = as_data(value);
  if (data != nullptr && data->is_double()) {
    constexpr double bound = 9e18;
    if (!is_written_out || !(std::abs(data->as_double()) < bound)) {
      return fault("the end of a range is not a whole number");
    }
    return static_cast<std::int64_t>(data->as_double());
  }
  return strict_integer(value);
}

}  // namespace

Context::Context(const Data& data, const RenderOptions& options)
    : data_(data), options_(options), budget_(options.limits) {}

bool Context::is_trusted(const Pipeline& pipeline) const {
  if (options_.trusted_variable.empty() || !pipeline.filters.empty()) return false;
  const auto* lookup = std::get_if<std::unique_ptr<Lookup>>(&pipeline.head);
  return lookup != nullptr && (*lookup)->segments.empty() &&
         (*lookup)->name == options_.trusted_variable &&
         data_.find(options_.trusted_variable) != nullptr;
}

const cel::Value* Context::direct(const Pipeline& pipeline) const {
  const auto* lookup = std::get_if<std::unique_ptr<Lookup>>(&pipeline.head);
  if (lookup == nullptr || !pipeline.filters.empty() || !frame_->assigned.empty() ||
      !frame_->locals.empty() || !frame_->counters.empty()) {
    return nullptr;
  }
  const cel::Value* value = data_.find((*lookup)->name);
  for (const Segment& segment : (*lookup)->segments) {
    const auto* key = std::get_if<cel::Value>(&segment.key);
    if (value == nullptr || key == nullptr || !key->is_string()) return nullptr;
    value = value->find(key->as_string());
  }
  return value;
}

std::optional<Value> Context::find_optional(std::string_view name) const {
  for (const auto& local : std::views::reverse(frame_->locals)) {
    if (local.name == name) return local.value;
  }
  if (!frame_->assigned.empty()) {
    const auto found = frame_->assigned.find(name);
    if (found != frame_->assigned.end()) return found->second;
  }
  if (!frame_->counters.empty()) {
    const auto found = frame_->counters.find(name);
    if (found != frame_->counters.end()) return cel::Value(found->second);
  }
  if (const cel::Value* value = data_.find(name)) return *value;
  return std::nullopt;
}

Value Context::find(std::string_view name) const {
  return find_optional(name).value_or(cel::Value());
}

Checked<Value> Context::evaluate(const Expression& expression) {
  if (const auto* value = std::get_if<cel::Value>(&expression)) return *value;
  if (const auto* lookup = std::get_if<std::unique_ptr<Lookup>>(&expression)) {
    return evaluate(**lookup);
  }
  if (std::holds_alternative<Emptiness>(expression)) return cel::Value("");
  const RangeExpression& range = *std::get<std::unique_ptr<RangeExpression>>(expression);
  const bool is_written_out = std::holds_alternative<cel::Value>(range.first) &&
                              std::holds_alternative<cel::Value>(range.last);
  const auto end = [&](const Value& value) { return range_end(value, is_written_out); };
  const auto first = evaluate(range.first).and_then(end);
  if (!first) return tl::unexpected<Fault>(first.error());
  const auto last = evaluate(range.last).and_then(end);
  if (!last) return tl::unexpected<Fault>(last.error());
  return Range{*first, *last};
}

// `name` becomes the text of the name, for errors.
Checked<std::optional<Value>> Context::lookup_name(const Lookup& lookup, std::string& name) {
  if (!lookup.name.empty()) {
    name = lookup.name;
    return find_optional(name);
  }
  const auto computed = evaluate(lookup.computed_name);
  if (!computed) return tl::unexpected<Fault>(computed.error());
  name = to_text(*computed);
  if (!as_text(*computed)) return std::nullopt;
  return find_optional(name);
}

Checked<Value> Context::evaluate(const Lookup& lookup) {
  if (!budget_.take_steps(1 + lookup.segments.size() + frame_->locals.size() / 16)) {
    return steps_fault(budget_.limits());
  }
  std::string name;
  auto found = lookup_name(lookup, name);
  if (!found) return tl::unexpected<Fault>(found.error());
  std::optional<Value> value = std::move(*found);
  bool names_itself = !value && name == "self";  // self.name is the variable `name`
  for (const Segment& segment : lookup.segments) {
    if (!value && !names_itself) break;
    const auto key = evaluate(segment.key);
    if (!key) return tl::unexpected<Fault>(key.error());
    name = to_text(*key);
    value = names_itself ? find_optional(name) : member(*value, *key, segment.is_command);
    names_itself = false;
  }
  if (!value && options_.strict_variables) return fault("undefined variable '" + name + "'");
  return value ? std::move(*value) : Value(cel::Value());
}

Checked<Value> Context::evaluate(const Pipeline& pipeline) {
  auto value = evaluate(pipeline.head);
  for (const FilterCall& call : pipeline.filters) {
    if (!value) break;
    if (call.filter != nullptr) value = apply(call, *value);
  }
  return value;
}

Checked<Value> Context::apply(const FilterCall& call, const Value& input) {
  std::vector<Value> arguments;
  arguments.reserve(call.arguments.size());
  for (const Expression& expression : call.arguments) {
    auto value = evaluate(expression);
    if (!value) return value;
    arguments.push_back(std::move(*value));
  }
  std::vector<std::pair<std::string_view, Value>> named;
  for (const auto& [name, expression] : call.named) {
    auto value = evaluate(expression);
    if (!value) return value;
    named.emplace_back(name, std::move(*value));
  }
  if (!named.empty() && !call.filter->has_options) {
    cel::Map options;
    for (const auto& [name, value] : named) options.set(name, to_data(value));
    arguments.emplace_back(cel::Value(std::move(options)));
  }
  // Filters read all of their input, so its size is paid for before they do.
  std::size_t weight = 1;
  for (const Value& value : arguments) {
    if (const cel::Value* data = as_data(value)) weight += data->weight() / 8;
  }
  if (const cel::Value* data = as_data(input)) weight += data->weight() / 8;
  if (!budget_.take_steps(weight)) return steps_fault(budget_.limits());
  auto result = call.filter->function({input, arguments, named, options_, budget_});
  if (result) {
    const auto text = as_text(*result);
    if (text && text->size() > budget_.limits().string_bytes_max) {
      return string_fault(budget_.limits());
    }
  }
  return result;
}

Checked<bool> Context::matches(const Value& left, const Expression& right) {
  if (const auto* emptiness = std::get_if<Emptiness>(&right)) return is_such(*emptiness, left);
  const auto value = evaluate(right);
  if (!value) return tl::unexpected<Fault>(value.error());
  return equals(left, *value);
}

Checked<bool> Context::holds(const Condition& condition) {
  bool result = false;
  for (const Test& test : condition.tests) {
    const auto one = holds(test);
    if (!one) return one;
    result = *one;
    // `a and b or c` is `a and (b or c)`: whatever decides a test decides the rest.
    if (result != test.joined_by_and) break;
  }
  return result;
}

Checked<bool> Context::holds(const Test& test) {
  if (test.comparison == Comparison::none) {
    if (std::holds_alternative<Emptiness>(test.left)) return true;
    const auto value = evaluate(test.left);
    if (!value) return tl::unexpected<Fault>(value.error());
    return is_truthy(*value);
  }
  if (test.comparison != Comparison::equal && test.comparison != Comparison::unequal) {
    return compare(test);
  }
  Checked<bool> equal = false;
  if (const auto* emptiness = std::get_if<Emptiness>(&test.left)) {
    if (!std::holds_alternative<Emptiness>(test.right)) {
      equal =
          evaluate(test.right).map([&](const Value& right) { return is_such(*emptiness, right); });
    } else {
      equal = *emptiness == std::get<Emptiness>(test.right);
    }
  } else {
    const auto left = evaluate(test.left);
    if (!left) return tl::unexpected<Fault>(left.error());
    equal = matches(*left, test.right);
  }
  if (!equal) return equal;
  return *equal == (test.comparison == Comparison::equal);
}

Checked<bool> Context::compare(const Test& test) {
  const bool left_is_literal = std::holds_alternative<Emptiness>(test.left);
  const bool right_is_literal = std::holds_alternative<Emptiness>(test.right);
  if (left_is_literal || (right_is_literal && test.comparison != Comparison::contains)) {
    return false;
  }
  const auto left = evaluate(test.left);
  if (!left) return tl::unexpected<Fault>(left.error());
  const auto right = evaluate(test.right);
  if (!right) return tl::unexpected<Fault>(right.error());
  if (test.comparison == Comparison::contains) {
    const cel::Value* data = as_data(*left);
    if (data != nullptr && !budget_.take_steps(data->weight() / 8)) {
      return steps_fault(budget_.limits());
    }
    return contains(*left, *right);
  }
  const Order order = order_of(*left, *right);
  if (order.refused) {
    return fault("cannot compare " + kind_name(*left) + " with " + kind_name(*right));
  }
  if (!order.order) return false;
  switch (test.comparison) {
    case Comparison::less:
      return *order.order < 0;
    case Comparison::less_equal:
      return *order.order <= 0;
    case Comparison::greater:
      return *order.order > 0;
    default:
      return *order.order >= 0;
  }
}

}  // namespace nurtured::content::liquid

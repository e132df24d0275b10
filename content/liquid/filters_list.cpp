// Filters over whole lists: joining, ordering, adding up.
#include <algorithm>
#include <memory>
#include <unordered_set>
#include <vector>

#include "content/liquid/filters.h"
#include "content/liquid/number.h"
#include "content/liquid/property.h"
#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

Value list(cel::List items) {
  return cel::Value(std::move(items));
}

tl::unexpected<Fault> passed_on(const auto& failed) {
  return tl::unexpected<Fault>(failed.error());
}

Checked<Value> join(const FilterInput& call) {
  const auto items = items_of(call.input, call.budget);
  if (!items) return passed_on(items);
  const std::string glue = text_argument(call, 0, " ");
  std::string joined;
  bool first = true;
  for (const cel::Value& item : *items) {
    if (!first) joined += glue;
    first = false;
    append_text(joined, item);
    if (joined.size() > call.budget.limits().string_bytes_max) {
      return string_fault(call.budget.limits());
    }
  }
  return cel::Value(std::move(joined));
}

Checked<Value> end_of(const FilterInput& call, std::string_view which) {
  const cel::Value* data = as_data(call.input);
  if (data != nullptr && data->is_map()) {
    const cel::Map& map = data->as_map();
    if (which == "last" || map.empty()) return cel::Value();
    return list({map.begin()->key, map.begin()->value});
  }
  return member(call.input, cel::Value(which), true).value_or(cel::Value());
}

Checked<Value> first(const FilterInput& call) {
  if (std::holds_alternative<std::shared_ptr<const Loop>>(call.input)) return cel::Value();
  return end_of(call, "first");
}

Checked<Value> last(const FilterInput& call) {
  if (std::holds_alternative<std::shared_ptr<const Loop>>(call.input)) return cel::Value();
  return end_of(call, "last");
}

Checked<Value> reverse(const FilterInput& call) {
  auto items = items_of(call.input, call.budget);
  if (!items) return passed_on(items);
  std::ranges::reverse(*items);
  return list(std::move(*items));
}

Checked<Value> concat(const FilterInput& call) {
  const cel::Value* other = as_data(call.arguments[0]);
  if (other == nullptr || !other->is_list()) return fault("concat: the argument is not a list");
  auto items = items_of(call.input, call.budget);
  if (!items) return passed_on(items);
  const cel::List& added = other->as_list();
  if (!call.budget.take_steps(added.size())) return steps_fault(call.budget.limits());
  items->insert(items->end(), added.begin(), added.end());
  return list(std::move(*items));
}

// ---- order

struct Keyed {
  cel::Value item;
  cel::Value key;
};

// Whether the keys are only held against each other: that of a single item is never asked for.
enum class Keys { compared, judged };

// The items with what they are ordered by. nullopt where an item has no properties: then the
// filter's result is nil.
Checked<std::optional<std::vector<Keyed>>> keyed_items(const FilterInput& call, Keys keys) {
  const auto items = items_of(call.input, call.budget);
  if (!items) return passed_on(items);
  const bool by_property = !call.arguments.empty() && !is_nil(call.arguments[0]);
  const cel::Value key = by_property ? to_data(call.arguments[0]) : cel::Value();
  std::vector<Keyed> keyed;
  keyed.reserve(items->size());
  for (const cel::Value& item : *items) {
    if (!by_property) {
      keyed.push_back({item, item});
      continue;
    }
    Property property = property_of(item, key);
    if (property.state == Property::State::absent) return std::nullopt;
    if (property.state == Property::State::wrong) {
      if (keys == Keys::judged || items->size() > 1) return property_fault(key);
    }
    keyed.push_back({item, std::move(property.value)});
  }
  return keyed;
}

Value items_in_order(std::vector<Keyed> keyed) {
  cel::List items;
  items.reserve(keyed.size());
  for (Keyed& entry : keyed) items.push_back(std::move(entry.item));
  return list(std::move(items));
}

// True when any two of the keys that are not nil have an order: all numbers, all texts, or all
// alike.
bool are_comparable(const std::vector<Keyed>& keyed) {
  const Keyed* first = nullptr;
  for (const Keyed& entry : keyed) {
    if (entry.key.is_null()) continue;
    if (first == nullptr) first = &entry;
    if (!order_of(first->key, entry.key).order && !(first->key == entry.key)) return false;
  }
  return true;
}

// nil comes last, equal keys keep their order.
Checked<Value> sort(const FilterInput& call) {
  auto keyed = keyed_items(call, Keys::compared);
  if (!keyed) return passed_on(keyed);
  if (!*keyed) return cel::Value();
  if (!are_comparable(**keyed)) return fault("sort: the values have no order among themselves");
  std::ranges::stable_sort(**keyed, [](const Keyed& left, const Keyed& right) {
    if (left.key.is_null() || right.key.is_null()) {
      return !left.key.is_null() && right.key.is_null();
    }
    const auto order = order_of(left.key, right.key).order;
    return order && *order < 0;
  });
  return items_in_order(std::move(**keyed));
}

// A to Z without regard to case, as Ruby's casecmp does.
std::string folded(const cel::Value& value) {
  std::string text = to_text(value);
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

Checked<Value> sort_natural(const FilterInput& call) {
  auto keyed = keyed_items(call, Keys::compared);
  if (!keyed) return passed_on(keyed);
  if (!*keyed) return cel::Value();
  for (Keyed& entry : **keyed) {
    if (!entry.key.is_null()) entry.key = cel::Value(folded(entry.key));
  }
  std::ranges::stable_sort(**keyed, [](const Keyed& left, const Keyed& right) {
    if (left.key.is_null() || right.key.is_null()) {
      return !left.key.is_null() && right.key.is_null();
    }
    return left.key.as_string() < right.key.as_string();
  });
  return items_in_order(std::move(**keyed));
}

// ---- by property

Checked<Value> uniq(const FilterInput& call) {
  const auto keyed = keyed_items(call, Keys::compared);
  if (!keyed) return passed_on(keyed);
  if (!*keyed) return cel::Value();
  std::unordered_set<std::string> seen;
  cel::List items;
  for (const Keyed& entry : **keyed) {
    if (seen.insert(inspected(entry.key)).second) items.push_back(entry.item);
  }
  return list(std::move(items));
}

Checked<Value> compact(const FilterInput& call) {
  const auto keyed = keyed_items(call, Keys::judged);
  if (!keyed) return passed_on(keyed);
  if (!*keyed) return cel::Value();
  cel::List items;
  for (const Keyed& entry : **keyed) {
    if (!entry.key.is_null()) items.push_back(entry.item);
  }
  return list(std::move(items));
}

Checked<Value> sum(const FilterInput& call) {
  const auto items = items_of(call.input, call.budget);
  if (!items) return passed_on(items);
  const bool by_property = !call.arguments.empty() && !is_nil(call.arguments[0]);
  const cel::Value key = by_property ? to_data(call.arguments[0]) : cel::Value();
  Number total = std::int64_t{0};
  for (const cel::Value& item : *items) {
    cel::Value addend = item;
    if (by_property) {
      Property property = property_of(item, key);
      if (property.state == Property::State::wrong) return property_fault(key);
      addend = std::move(property.value);
    }
    const auto number = to_number(addend);
    if (!number) return fault(number.error());
    const auto next = reckon(Operation::add, total, *number);
    if (!next) return fault(next.error());
    total = *next;
  }
  return from_number(total);
}

constexpr FilterEntry entries[] = {
    {"compact", 0, 1, compact}, {"concat", 1, 1, concat},
    {"first", 0, 0, first},     {"join", 0, 1, join},
    {"last", 0, 0, last},       {"reverse", 0, 0, reverse},
    {"sort", 0, 1, sort},       {"sort_natural", 0, 1, sort_natural},
    {"sum", 0, 1, sum},         {"uniq", 0, 1, uniq},
};

}  // namespace

std::span<const FilterEntry> list_filters() {
  return entries;
}

}  // namespace nurtured::content::liquid

// Filters that pick items of a list by a property.
#include <algorithm>
#include <vector>

#include "content/liquid/filters.h"
#include "content/liquid/property.h"
#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

tl::unexpected<Fault> passed_on(const auto& failed) {
  return tl::unexpected<Fault>(failed.error());
}

bool is_truthy_data(const cel::Value& value) {
  return !value.is_null() && !(value.is_bool() && !value.as_bool());
}

// Items and whether each has the property (with the value, where one is given). An item without
// properties makes the whole filter nil.
struct Matches {
  cel::List items;
  std::vector<bool> hits;
  bool is_nil = false;
};

// Looks no further than the first hit when that is all that is asked.
Checked<Matches> matches_of(const FilterInput& call, bool first_only) {
  auto items = items_of(call.input, call.budget);
  if (!items) return passed_on(items);
  Matches matches{.items = std::move(*items)};
  const cel::Value key = to_data(call.arguments[0]);
  const bool has_target = call.arguments.size() > 1 && !is_nil(call.arguments[1]);
  const cel::Value target = has_target ? to_data(call.arguments[1]) : cel::Value();
  for (const cel::Value& item : matches.items) {
    const Property property = property_of(item, key);
    if (property.state == Property::State::wrong) return property_fault(key);
    if (property.state == Property::State::absent) {
      matches.is_nil = true;
      return matches;
    }
    const bool hit = has_target ? property.value == target : is_truthy_data(property.value);
    matches.hits.push_back(hit);
    if (hit && first_only) break;
  }
  return matches;
}

Checked<Value> picked(const FilterInput& call, bool wanted) {
  auto matches = matches_of(call, false);
  if (!matches) return passed_on(matches);
  if (matches->is_nil) return cel::Value();
  cel::List items;
  for (std::size_t i = 0; i < matches->hits.size(); ++i) {
    if (matches->hits[i] == wanted) items.push_back(matches->items[i]);
  }
  return cel::Value(std::move(items));
}

Checked<Value> where(const FilterInput& call) {
  return picked(call, true);
}

Checked<Value> reject(const FilterInput& call) {
  return picked(call, false);
}

bool any_hit(const Matches& matches) {
  return !matches.hits.empty() && matches.hits.back();
}

Checked<Value> has(const FilterInput& call) {
  const auto matches = matches_of(call, true);
  if (!matches) return passed_on(matches);
  if (matches->is_nil) return cel::Value();
  return cel::Value(any_hit(*matches));
}

Checked<Value> find(const FilterInput& call) {
  const auto matches = matches_of(call, true);
  if (!matches) return passed_on(matches);
  if (matches->is_nil || !any_hit(*matches)) return cel::Value();
  return matches->items[matches->hits.size() - 1];
}

Checked<Value> find_index(const FilterInput& call) {
  const auto matches = matches_of(call, true);
  if (!matches) return passed_on(matches);
  if (matches->is_nil || !any_hit(*matches)) return cel::Value();
  return cel::Value(static_cast<std::int64_t>(matches->hits.size() - 1));
}

Checked<Value> map(const FilterInput& call) {
  const auto items = items_of(call.input, call.budget);
  if (!items) return passed_on(items);
  const cel::Value key = to_data(call.arguments[0]);
  cel::List values;
  values.reserve(items->size());
  for (const cel::Value& item : *items) {
    Property property = property_of(item, key);
    if (property.state == Property::State::wrong) return property_fault(key);
    values.push_back(std::move(property.value));
  }
  return cel::Value(std::move(values));
}

constexpr FilterEntry entries[] = {
    {"find", 1, 2, find}, {"find_index", 1, 2, find_index}, {"has", 1, 2, has},
    {"map", 1, 1, map},   {"reject", 1, 2, reject},         {"where", 1, 2, where},
};

}  // namespace

std::span<const FilterEntry> selection_filters() {
  return entries;
}

Property property_of(const cel::Value& item, const cel::Value& key) {
  using enum Property::State;
  if (item.is_map()) {
    const cel::Value* value = item.as_map().find(key);
    return {found, value == nullptr ? cel::Value() : *value};
  }
  if (item.is_string()) {
    const std::string& text = item.as_string();
    if (key.is_string()) {
      return {found, text.find(key.as_string()) == std::string::npos ? cel::Value() : key};
    }
    if (!key.is_int()) return {.state = wrong};
    const auto character = slice_characters(text, key.as_int(), 1);
    return {found, character && !character->empty() ? cel::Value(*character) : cel::Value()};
  }
  if (item.is_int() || item.is_uint()) {
    // Ruby's Integer#[] is the bit at that place.
    if (!item.is_int() || !key.is_int()) return {.state = wrong};
    const std::int64_t bit = std::clamp<std::int64_t>(key.as_int(), -1, 63);
    return {found, cel::Value(bit < 0 ? 0 : (item.as_int() >> bit) & 1)};
  }
  return {.state = absent};
}

tl::unexpected<Fault> property_fault(const cel::Value& key) {
  return fault("cannot select the property '" + to_text(key).substr(0, 100) + "'");
}

}  // namespace nurtured::content::liquid

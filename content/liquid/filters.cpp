#include "content/liquid/filters.h"

#include <algorithm>
#include <variant>
#include <vector>

#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

std::vector<FilterEntry> all_filters() {
  std::vector<FilterEntry> all;
  for (const auto group : {text_filters(), encoding_filters(), number_filters(), list_filters(),
                           selection_filters(), date_filters(), locale_filters()}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  std::ranges::sort(all, {}, &FilterEntry::name);
  return all;
}

Checked<void> flatten(const cel::List& list, cel::List& items, Budget& budget) {
  if (!budget.take_steps(list.size())) return steps_fault(budget.limits());
  for (const cel::Value& item : list) {
    if (!item.is_list()) {
      items.push_back(item);
    } else if (auto flat = flatten(item.as_list(), items, budget); !flat) {
      return flat;
    }
  }
  return {};
}

const std::vector<FilterEntry>& sorted_filters() {
  static const std::vector<FilterEntry> filters = all_filters();
  return filters;
}

}  // namespace

tl::unexpected<Fault> steps_fault(const Limits& limits) {
  return limit_fault("the template does too much: more than " + std::to_string(limits.steps_max) +
                     " steps");
}

tl::unexpected<Fault> string_fault(const Limits& limits) {
  return limit_fault("a text grows past " + std::to_string(limits.string_bytes_max) + " bytes");
}

const FilterEntry* find_filter(std::string_view name) {
  const std::vector<FilterEntry>& filters = sorted_filters();
  const auto found = std::ranges::lower_bound(filters, name, {}, &FilterEntry::name);
  return found != filters.end() && found->name == name ? &*found : nullptr;
}

std::vector<std::string> filter_names() {
  std::vector<std::string> names;
  for (const FilterEntry& filter : sorted_filters()) names.emplace_back(filter.name);
  return names;
}

std::string text_argument(const FilterInput& call, std::size_t index, std::string_view otherwise) {
  return index < call.arguments.size() ? to_text(call.arguments[index]) : std::string(otherwise);
}

Checked<std::int64_t> strict_integer(const Value& value) {
  if (const auto whole = as_integer(value)) return *whole;
  const std::string text = to_text(value);
  const auto whole = parse_whole(text);
  if (!whole) return fault("'" + text.substr(0, 40) + "' is not a whole number");
  return *whole;
}

Checked<cel::List> items_of(const Value& value, Budget& budget) {
  cel::List items;
  if (const auto* range = std::get_if<Range>(&value)) {
    if (!budget.take_steps(range->size())) return steps_fault(budget.limits());
    items.reserve(range->size());
    for (std::size_t i = 0; i < range->size(); ++i) {
      items.emplace_back(range->first + static_cast<std::int64_t>(i));
    }
    return items;
  }
  const cel::Value* data = as_data(value);
  if (data != nullptr && data->is_list()) {
    if (auto flat = flatten(data->as_list(), items, budget); !flat) {
      return tl::unexpected<Fault>(flat.error());
    }
    return items;
  }
  if (data == nullptr || !data->is_null()) items.push_back(to_data(value));
  return items;
}

}  // namespace nurtured::content::liquid

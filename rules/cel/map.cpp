#include <algorithm>
#include <cmath>
#include <numeric>

#include "rules/cel/value.h"

namespace nurtured::cel {
namespace {

constexpr std::size_t linear_entries_max = 8;
constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

// Bools before numbers before strings; a total order, because no key is a double. A double only
// ever searches.
int rank(const Value& key) {
  if (key.is_bool()) return 0;
  return key.is_number() ? 1 : 2;
}

std::partial_ordering key_order(const Value& left, const Value& right) {
  if (rank(left) != rank(right)) return rank(left) <=> rank(right);
  return compare(left, right).value_or(std::partial_ordering::unordered);
}

std::partial_ordering key_order(const Value& left, std::string_view right) {
  if (!left.is_string()) return std::partial_ordering::less;
  return std::string_view(left.as_string()) <=> right;
}

bool is_same_key(const Value& left, const Value& right) {
  return key_order(left, right) == 0;
}

// Of a few names most differ in their length or first letter already.
bool is_same_key(const Value& left, std::string_view right) {
  if (!left.is_string()) return false;
  const std::string& text = left.as_string();
  return text.size() == right.size() && (text.empty() || text.front() == right.front()) &&
         text == right;
}

// The integer that a double is exactly; as a key it finds that one alone, where comparing would
// round.
std::optional<Value> whole_key(double value) {
  constexpr double two_to_63 = 9223372036854775808.0;
  constexpr double two_to_64 = 18446744073709551616.0;
  if (!(value >= -two_to_63 && value < two_to_64) || std::trunc(value) != value)
    return std::nullopt;
  if (value < two_to_63) return static_cast<std::int64_t>(value);
  return static_cast<std::uint64_t>(value);
}

bool key_less(const Value& left, const Value& right) {
  return key_order(left, right) < 0;
}

// Keeps the first place of each key and gives it the value of the last. `by_key` is in stable order
// of the keys.
std::vector<Map::Entry> merge_repeated(std::vector<Map::Entry> entries,
                                       const std::vector<std::uint32_t>& by_key) {
  std::vector<bool> dropped(entries.size());
  for (std::size_t i = 0; i < by_key.size();) {
    const std::size_t first = by_key[i];
    std::size_t last = first;
    for (++i; i < by_key.size() && entries[by_key[i]].key == entries[first].key; ++i) {
      last = by_key[i];
      dropped[last] = true;
    }
    if (last != first) entries[first].value = std::move(entries[last].value);
  }
  std::vector<Map::Entry> kept;
  kept.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!dropped[i]) kept.push_back(std::move(entries[i]));
  }
  return kept;
}

std::vector<std::uint32_t> sorted_positions(const std::vector<Map::Entry>& entries) {
  std::vector<std::uint32_t> positions(entries.size());
  std::iota(positions.begin(), positions.end(), 0U);
  std::stable_sort(positions.begin(), positions.end(),
                   [&entries](std::uint32_t left, std::uint32_t right) {
                     return key_less(entries[left].key, entries[right].key);
                   });
  return positions;
}

bool has_repeated(const std::vector<Map::Entry>& entries,
                  const std::vector<std::uint32_t>& by_key) {
  return std::adjacent_find(by_key.begin(), by_key.end(),
                            [&entries](std::uint32_t left, std::uint32_t right) {
                              return entries[left].key == entries[right].key;
                            }) != by_key.end();
}

}  // namespace

Map::Map(std::initializer_list<std::pair<Value, Value>> entries) {
  reserve(entries.size());
  for (const auto& [key, value] : entries) set(key, value);
}

Map Map::last_wins(std::vector<Entry> entries) {
  Map map;
  std::vector<std::uint32_t> by_key = sorted_positions(entries);
  if (has_repeated(entries, by_key)) {
    entries = merge_repeated(std::move(entries), by_key);
    by_key = sorted_positions(entries);
  }
  map.entries_ = std::move(entries);
  if (map.entries_.size() > linear_entries_max) map.by_key_ = std::move(by_key);
  return map;
}

std::optional<Map> Map::distinct(std::vector<Entry> entries) {
  Map map;
  std::vector<std::uint32_t> by_key = sorted_positions(entries);
  if (has_repeated(entries, by_key)) return std::nullopt;
  map.entries_ = std::move(entries);
  if (map.entries_.size() > linear_entries_max) map.by_key_ = std::move(by_key);
  return map;
}

bool Map::is_key(const Value& value) {
  return value.is_string() || value.is_int() || value.is_uint() || value.is_bool();
}

template <class Key>
std::size_t Map::position(const Key& key) const {
  if (by_key_.empty()) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (is_same_key(entries_[i].key, key)) return i;
    }
    return nowhere;
  }
  const auto at = std::lower_bound(by_key_.begin(), by_key_.end(), key,
                                   [this](std::uint32_t position, const Key& wanted) {
                                     return key_order(entries_[position].key, wanted) < 0;
                                   });
  if (at == by_key_.end() || key_order(entries_[*at].key, key) != 0) return nowhere;
  return *at;
}

void Map::append(Value key, Value value) {
  entries_.push_back({std::move(key), std::move(value)});
  if (entries_.size() <= linear_entries_max) return;
  if (by_key_.empty()) {
    by_key_ = sorted_positions(entries_);
    return;
  }
  const Value& added = entries_.back().key;
  const auto at = std::lower_bound(by_key_.begin(), by_key_.end(), added,
                                   [this](std::uint32_t position, const Value& wanted) {
                                     return key_less(entries_[position].key, wanted);
                                   });
  by_key_.insert(at, static_cast<std::uint32_t>(entries_.size() - 1));
}

bool Map::insert(Value key, Value value) {
  if (position(key) != nowhere) return false;
  append(std::move(key), std::move(value));
  return true;
}

void Map::set(Value key, Value value) {
  const std::size_t at = position(key);
  if (at == nowhere) {
    append(std::move(key), std::move(value));
  } else {
    entries_[at].value = std::move(value);
  }
}

const Value* Map::find(std::string_view key) const {
  const std::size_t at = position(key);
  return at == nowhere ? nullptr : &entries_[at].value;
}

const Value* Map::find(const Value& key) const {
  if (key.is_double()) {
    const auto whole = whole_key(key.as_double());
    return whole ? find(*whole) : nullptr;
  }
  if (!is_key(key)) return nullptr;
  const std::size_t at = position(key);
  return at == nowhere ? nullptr : &entries_[at].value;
}

}  // namespace nurtured::cel

#include "store/dedup.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <string>

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/digest.h"

namespace nurtured::store {
namespace {

using base::Result;

// Keys in the tail before they are worth a merge, and when a commit must wait for one.
constexpr std::size_t merge_from = 20'000;
constexpr std::size_t overdue_from = 500'000;

constexpr std::size_t filter_bits_per_key = 12;
constexpr unsigned filter_probes = 6;
constexpr std::size_t filter_block_keys_min = 1U << 14;
constexpr std::size_t filter_block_keys_max = 1U << 20;

// Keys are hashes, so any of their bytes serve as one.
std::uint64_t half(const DedupKey& key, std::size_t offset) {
  std::uint64_t value = 0;
  std::memcpy(&value, key.data() + offset, sizeof value);
  return value;
}

struct HashOfKey {
  using is_avalanching = void;  // NOLINT(readability-identifier-naming): boost asks for it by name
  std::size_t operator()(const DedupKey& key) const { return half(key, 0); }
};

std::string_view view(std::span<const DedupKey> keys) {
  return {reinterpret_cast<const char*>(keys.data()), keys.size_bytes()};
}

std::int32_t day_of(Instant now) {
  return static_cast<std::int32_t>(
      std::chrono::floor<std::chrono::days>(now).time_since_epoch().count());
}

std::string table_of(std::int32_t day) {
  return "dedup_" + std::to_string(day);
}

}  // namespace

DedupKey dedup_key(std::string_view write_key, std::string_view message_id) {
  std::string both = std::to_string(write_key.size()) + ":";
  both.append(write_key).append(message_id);
  const base::Sha256 digest = base::sha256(both);
  DedupKey key{};
  std::copy_n(digest.begin(), key.size(), key.begin());
  return key;
}

// ---- KeyFilter

void KeyFilter::add(const DedupKey& key) {
  if (blocks_.empty() || blocks_.back().room == 0) {
    const std::size_t keys =
        std::min(filter_block_keys_min << blocks_.size(), filter_block_keys_max);
    blocks_.push_back(
        {std::vector<std::uint64_t>(std::bit_ceil(keys * filter_bits_per_key) / 64), keys});
  }
  Block& block = blocks_.back();
  --block.room;
  const std::uint64_t mask = block.words.size() * 64 - 1;
  std::uint64_t bit = half(key, 0);
  for (unsigned i = 0; i < filter_probes; ++i, bit += half(key, 8) | 1U) {
    block.words[(bit & mask) / 64] |= std::uint64_t{1} << (bit & 63U);
  }
}

bool KeyFilter::may_hold(const DedupKey& key) const {
  return std::ranges::any_of(blocks_, [&key](const Block& block) {
    const std::uint64_t mask = block.words.size() * 64 - 1;
    std::uint64_t bit = half(key, 0);
    for (unsigned i = 0; i < filter_probes; ++i, bit += half(key, 8) | 1U) {
      if ((block.words[(bit & mask) / 64] >> (bit & 63U) & 1U) == 0) return false;
    }
    return true;
  });
}

std::size_t KeyFilter::bytes() const {
  std::size_t sum = 0;
  for (const Block& block : blocks_) sum += block.words.size() * sizeof(std::uint64_t);
  return sum;
}

// ---- Dedup

struct Dedup::Day {
  Day(const sqlite::Connection& connection, std::int32_t day)
      : number(day),
        find(connection, "SELECT 1 FROM " + table_of(day) + " WHERE key = ?"),
        insert(connection, "INSERT OR IGNORE INTO " + table_of(day) + " VALUES(?)"),
        keys_after(connection,
                   "SELECT key FROM " + table_of(day) + " WHERE key > ? ORDER BY key LIMIT ?"),
        erase(connection, "DELETE FROM " + table_of(day) + " WHERE key <= (SELECT key FROM " +
                              table_of(day) + " ORDER BY key LIMIT 1 OFFSET ?)") {}

  std::int32_t number;
  bool is_filtered = false;  // the filter holds all keys of the table
  std::string read_to;       // how far the filter has been read, as a key
  KeyFilter filter;
  sqlite::Statement find;
  sqlite::Statement insert;
  sqlite::Statement keys_after;
  sqlite::Statement erase;
};

struct Dedup::Tail {
  struct Entry {
    std::int64_t row;
    std::int32_t day;
    DedupKey key;
  };
  std::vector<Entry> entries;  // in the order of their rows
  boost::unordered_flat_set<DedupKey, HashOfKey> keys;
  std::size_t uncommitted = 0;  // entries at the end that the open transaction wrote
};

struct Dedup::Merge {
  std::vector<std::pair<std::int32_t, DedupKey>> sorted;
  std::size_t done = 0;     // of `sorted`
  std::size_t entries = 0;  // of the tail, from its front
  std::int64_t last_row = 0;
};

Dedup::Dedup(sqlite::Connection& connection, base::Milliseconds keep)
    : connection_(connection),
      // The day under way and as many whole ones as the window touches.
      days_kept_(static_cast<std::int32_t>(std::chrono::ceil<std::chrono::days>(keep).count())),
      tail_(std::make_unique<Tail>()),
      insert_tail_(connection, "INSERT INTO dedup_tail VALUES(?, ?, ?)"),
      delete_tail_(connection, "DELETE FROM dedup_tail WHERE id <= ?") {}

Dedup::~Dedup() = default;

Result<void> Dedup::open() {
  sqlite::Statement tables(connection_,
                           "SELECT substr(name, 7) FROM sqlite_schema WHERE type = 'table' AND "
                           "name GLOB 'dedup_[0-9]*'");
  auto listed = tables.each([&]() -> Result<void> {
    const std::string_view text = tables.text(0);
    std::int32_t number = 0;
    const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault == std::errc{} && stop == text.data() + text.size()) {
      days_[number] = std::make_unique<Day>(connection_, number);
    }
    return {};
  });
  if (!listed) return listed;
  sqlite::Statement rows(connection_, "SELECT id, day, keys FROM dedup_tail ORDER BY id");
  return rows.each([&]() -> Result<void> {
    const std::string_view keys = rows.blob(2);
    next_row_ = rows.integer(0) + 1;
    for (std::size_t at = 0; at + sizeof(DedupKey) <= keys.size(); at += sizeof(DedupKey)) {
      DedupKey key{};
      std::memcpy(key.data(), keys.data() + at, key.size());
      tail_->entries.push_back({rows.integer(0), static_cast<std::int32_t>(rows.integer(1)), key});
      tail_->keys.insert(key);
    }
    return {};
  });
}

Result<bool> Dedup::ask(Day& day, const DedupKey& key) {
  if (day.is_filtered && !day.filter.may_hold(key)) return false;
  auto row = day.find.bind(sqlite::Blob{view({&key, 1})}).step();
  day.find.reset();
  return row;
}

Result<std::vector<bool>> Dedup::known(std::span<const DedupKey> keys) {
  std::vector<bool> answer(keys.size());
  boost::unordered_flat_set<DedupKey, HashOfKey> seen;
  if (keys.size() > 1) seen.reserve(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    bool found = tail_->keys.contains(keys[i]) || (keys.size() > 1 && !seen.insert(keys[i]).second);
    for (auto day = days_.rbegin(); !found && day != days_.rend(); ++day) {
      auto held = ask(*day->second, keys[i]);
      if (!held) return base::fail(std::move(held.error()));
      found = *held;
    }
    answer[i] = found;
  }
  return answer;
}

Result<void> Dedup::write(std::span<const DedupKey> keys, Instant now) {
  if (keys.empty()) return {};
  const std::int32_t day = day_of(now);
  auto done = insert_tail_.bind(next_row_, day, sqlite::Blob{view(keys)}).run();
  if (!done) return done;
  for (const DedupKey& key : keys) tail_->entries.push_back({next_row_, day, key});
  tail_->uncommitted += keys.size();
  ++next_row_;
  return {};
}

void Dedup::committed() {
  auto& entries = tail_->entries;
  for (std::size_t i = entries.size() - tail_->uncommitted; i < entries.size(); ++i) {
    tail_->keys.insert(entries[i].key);
  }
  tail_->uncommitted = 0;
}

void Dedup::rolled_back() {
  tail_->entries.resize(tail_->entries.size() - tail_->uncommitted);
  tail_->uncommitted = 0;
}

bool Dedup::is_overdue() const {
  return tail_->entries.size() > overdue_from;
}

Result<bool> Dedup::maintain(Instant now, std::size_t rows_max) {
  const std::int32_t today = day_of(now);
  const std::int32_t oldest = today - days_kept_;
  const auto& entries = tail_->entries;
  const bool has_former_day = !entries.empty() && entries.front().day < today;
  if (!merge_ && (entries.size() >= merge_from || has_former_day)) begin_merge();
  if (merge_) {
    if (auto done = merge_slice(oldest, rows_max); !done) return base::fail(done.error());
    return true;
  }
  if (!days_.empty() && days_.begin()->first < oldest) {
    if (auto done = forget_slice(*days_.begin()->second, rows_max); !done) {
      return base::fail(done.error());
    }
    return true;
  }
  for (auto& [number, day] : days_) {
    if (day->is_filtered) continue;
    if (auto done = read_into_filter(*day, rows_max * 10); !done) return base::fail(done.error());
    return true;
  }
  return false;
}

void Dedup::begin_merge() {
  merge_ = std::make_unique<Merge>();
  const auto& entries = tail_->entries;
  merge_->entries = entries.size();
  merge_->last_row = entries.back().row;
  merge_->sorted.reserve(entries.size());
  for (const auto& entry : entries) merge_->sorted.emplace_back(entry.day, entry.key);
  std::ranges::sort(merge_->sorted);
}

Result<void> Dedup::insert_keys(std::span<const std::pair<std::int32_t, DedupKey>> entries,
                                std::int32_t oldest, Days& fresh) {
  for (const auto& [number, key] : entries) {
    if (number < oldest) continue;
    if (!days_.contains(number) && !fresh.contains(number)) {
      auto made = connection_.execute("CREATE TABLE " + table_of(number) +
                                      "(key BLOB PRIMARY KEY) STRICT, WITHOUT ROWID");
      if (!made) return made;
      fresh[number] = std::make_unique<Day>(connection_, number);
      fresh[number]->is_filtered = true;  // an empty filter for an empty table
    }
    Day& day = fresh.contains(number) ? *fresh[number] : *days_[number];
    if (auto done = day.insert.bind(sqlite::Blob{view({&key, 1})}).run(); !done) return done;
  }
  return {};
}

// Keys stay in the tail until all of them are in their tables, so that a crash in between only
// repeats work.
Result<void> Dedup::merge_slice(std::int32_t oldest, std::size_t rows_max) {
  const std::size_t count = std::min(rows_max, merge_->sorted.size() - merge_->done);
  const auto slice = std::span(merge_->sorted).subspan(merge_->done, count);
  const bool is_last = merge_->done + count == merge_->sorted.size();
  auto transaction = sqlite::Transaction::begin(connection_, sqlite::Transaction::Kind::write);
  if (!transaction) return base::fail(std::move(transaction.error()));
  Days fresh;  // known only once their tables are
  if (auto done = insert_keys(slice, oldest, fresh); !done) return done;
  if (is_last) {
    if (auto done = delete_tail_.bind(merge_->last_row).run(); !done) return done;
  }
  if (auto done = transaction->commit(); !done) return done;

  days_.merge(fresh);
  for (const auto& [number, key] : slice) {
    if (const auto day = days_.find(number); day != days_.end()) day->second->filter.add(key);
  }
  merge_->done += count;
  if (!is_last) return {};
  auto& entries = tail_->entries;
  const auto end = entries.begin() + static_cast<std::ptrdiff_t>(merge_->entries);
  for (auto entry = entries.begin(); entry != end; ++entry) tail_->keys.erase(entry->key);
  entries.erase(entries.begin(), end);
  merge_.reset();
  return {};
}

Result<void> Dedup::read_into_filter(Day& day, std::size_t rows_max) {
  std::size_t count = 0;
  const std::string from = day.read_to;
  day.keys_after.bind(sqlite::Blob{from}, rows_max);
  auto done = day.keys_after.each([&]() -> Result<void> {
    const std::string_view bytes = day.keys_after.blob(0);
    DedupKey key{};
    std::memcpy(key.data(), bytes.data(), std::min(key.size(), bytes.size()));
    day.filter.add(key);
    day.read_to = bytes;
    ++count;
    return {};
  });
  if (done && count < rows_max) day.is_filtered = true;
  return done;
}

Result<void> Dedup::forget_slice(Day& day, std::size_t rows_max) {
  day.is_filtered = false;
  auto more = connection_.number("SELECT count(*) FROM (SELECT 1 FROM " + table_of(day.number) +
                                 " LIMIT " + std::to_string(rows_max + 1) + ")");
  if (!more) return base::fail(std::move(more.error()));
  if (*more > static_cast<std::int64_t>(rows_max)) return day.erase.bind(rows_max).run();
  const std::string table = table_of(day.number);
  // The day's statements hold the table open.
  days_.erase(day.number);
  auto dropped = connection_.execute("DROP TABLE IF EXISTS " + table);
  return dropped;
}

}  // namespace nurtured::store

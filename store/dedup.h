// Which messages were taken before. Keys are random, and a growing random index would cost more
// than all else of an event, so a commit only appends its keys to the row log `dedup_tail`; what is
// there is held in memory too. Once some thousands have gathered, maintain moves them, sorted, into
// the table of their day (dedup_DAY), and a day's tables are dropped whole when the day is past.
// A filter in memory answers for a day's table; until it has been read after a start, the table
// itself is asked, so a start reads the tail alone. Inside store/ only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "store/sqlite.h"
#include "store/types.h"

namespace nurtured::store {

// A set that may say yes for a key it does not hold (about 1 in 300), never no for one it does.
// Grows by doubling, 12 bits a key.
class KeyFilter {
 public:
  void add(const DedupKey& key);
  bool may_hold(const DedupKey& key) const;
  std::size_t bytes() const;

 private:
  struct Block {
    std::vector<std::uint64_t> words;
    std::size_t room = 0;  // keys that may still be added
  };
  std::vector<Block> blocks_;
};

class Dedup {
 public:
  Dedup(sqlite::Connection& connection, base::Milliseconds keep);
  ~Dedup();

  // Reads the tail and the names of the days' tables.
  base::Result<void> open();
  // In the order of `keys`; a key that repeats an earlier one of `keys` is known.
  base::Result<std::vector<bool>> known(std::span<const DedupKey> keys);

  // Inside the commit's transaction. Then one of the two.
  base::Result<void> write(std::span<const DedupKey> keys, Instant now);
  void committed();
  void rolled_back();

  // More keys than should be held in memory: maintain must not be put off any longer.
  bool is_overdue() const;
  // One slice in a transaction of its own, about `rows_max` keys. True when more is to be done.
  base::Result<bool> maintain(Instant now, std::size_t rows_max);

 private:
  struct Day;
  struct Tail;
  struct Merge;
  using Days = std::map<std::int32_t, std::unique_ptr<Day>>;  // by the day's number since 1970

  base::Result<bool> ask(Day& day, const DedupKey& key);
  void begin_merge();
  base::Result<void> merge_slice(std::int32_t oldest, std::size_t rows_max);
  base::Result<void> insert_keys(std::span<const std::pair<std::int32_t, DedupKey>> entries,
                                 std::int32_t oldest, Days& fresh);
  base::Result<void> read_into_filter(Day& day, std::size_t rows_max);
  base::Result<void> forget_slice(Day& day, std::size_t rows_max);

  sqlite::Connection& connection_;
  std::int32_t days_kept_;
  Days days_;
  std::unique_ptr<Tail> tail_;
  std::unique_ptr<Merge> merge_;  // while one is under way
  sqlite::Statement insert_tail_;
  sqlite::Statement delete_tail_;
  std::int64_t next_row_ = 1;
};

}  // namespace nurtured::store

// The per-contact index over the logs, and their end. Commits only append to events, decisions and
// deliveries; this finds each row's place in its contact's timeline later, many rows at once and
// sorted, so that no answer waits for it. What is not indexed yet is at the logs' ends and is found
// there by reading them (Queries::timeline). Inside store/ only.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/instant.h"
#include "base/result.h"
#include "store/names.h"
#include "store/sqlite.h"

namespace nurtured::store {

// Rows that may wait at a log's end before they are indexed, and how long.
inline constexpr std::int64_t unindexed_max = 5000;
inline constexpr base::Milliseconds unindexed_age_max = std::chrono::minutes{1};

struct LogTable {
  int source;  // its number in the table timeline; stored
  const char* name;
  const char* progress;  // its row in the table progress: the last id that is indexed
};
inline constexpr std::array<LogTable, 3> log_tables = {
    LogTable{1, "events", "indexed.events"},
    LogTable{2, "decisions", "indexed.decisions"},
    LogTable{3, "deliveries", "indexed.deliveries"},
};

// The hash under which an ended delivery's key is found. Stored.
std::int64_t delivery_hash(std::string_view key);

class TimelineIndex {
 public:
  TimelineIndex(sqlite::Connection& connection, NameTable& names, base::Milliseconds keep_events,
                base::Milliseconds keep_decisions)
      : connection_(connection),
        names_(names),
        keep_events_(keep_events),
        keep_decisions_(keep_decisions) {}

  // One slice each, in a transaction of its own. True when more is to be done.
  base::Result<bool> index(base::Instant now, std::size_t rows_max);
  base::Result<bool> expire(base::Instant now, std::size_t rows_max);

 private:
  base::Result<bool> index_log(const LogTable& log, base::Instant now, std::size_t rows_max);
  base::Result<bool> expire_log(const LogTable& log, base::Instant before, std::size_t rows_max);
  base::Result<bool> expire_notifications(base::Instant before, std::size_t rows_max);

  sqlite::Connection& connection_;
  NameTable& names_;
  base::Milliseconds keep_events_;
  base::Milliseconds keep_decisions_;
  base::Instant expire_next_;  // not looked at again before
};

}  // namespace nurtured::store

#include "store/timeline.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "base/digest.h"
#include "store/codec.h"

namespace nurtured::store {
namespace {

using base::Instant;
using base::Result;
using sqlite::Statement;
using sqlite::Transaction;

// How often the logs' beginnings are looked at for what is past its time.
constexpr base::Milliseconds expire_every = std::chrono::minutes{10};

struct Place {
  ContactId contact;
  Instant at;
  std::int64_t row = 0;
  auto operator<=>(const Place&) const = default;
};

struct KeyPlace {
  std::int64_t hash = 0;
  std::int64_t row = 0;
  auto operator<=>(const KeyPlace&) const = default;
};

// Rows of a log from the one after `after`, in the order of their ids.
Result<std::vector<Place>> rows_after(sqlite::Connection& connection, const LogTable& log,
                                      std::int64_t after, std::size_t rows_max) {
  Statement rows(connection, std::string("SELECT id, at, contact FROM ") + log.name +
                                 " WHERE id > ? ORDER BY id LIMIT ?");
  rows.bind(after, rows_max);
  std::vector<Place> places;
  auto done = rows.each([&]() -> Result<void> {
    places.push_back({rows.contact(2), rows.instant(1), rows.integer(0)});
    return {};
  });
  if (!done) return base::fail(std::move(done.error()));
  return places;
}

Result<std::int64_t> progress_of(sqlite::Connection& connection, const LogTable& log) {
  return connection.number(std::string("SELECT value FROM progress WHERE name = '") + log.progress +
                           "'");
}

Result<void> insert_places(sqlite::Connection& connection, const LogTable& log,
                           std::vector<Place> places) {
  std::ranges::sort(places);
  Statement insert(connection, "INSERT OR IGNORE INTO timeline VALUES(?, ?, ?, ?)");
  for (const Place& place : places) {
    if (!place.contact) continue;  // an event that nobody could be given
    auto done = insert.bind(place.contact, place.at, log.source, place.row).run();
    if (!done) return done;
  }
  return {};
}

Result<void> insert_keys(sqlite::Connection& connection, Names& names, std::int64_t after,
                         std::int64_t last) {
  Statement rows(connection,
                 "SELECT id, at, contact, data FROM deliveries WHERE id > ? AND id <= ?");
  rows.bind(after, last);
  std::vector<KeyPlace> places;
  auto read = rows.each([&]() -> Result<void> {
    auto delivery = decode_delivery(rows.contact(2), rows.instant(1), rows.blob(3), &names);
    // A damaged row is shown as such where it is asked for; the others must not wait for it.
    if (delivery) places.push_back({delivery_hash(delivery->key), rows.integer(0)});
    return {};
  });
  if (!read) return read;
  std::ranges::sort(places);
  Statement insert(connection, "INSERT OR IGNORE INTO delivery_keys VALUES(?, ?)");
  for (const KeyPlace& place : places) {
    if (auto done = insert.bind(place.hash, place.row).run(); !done) return done;
  }
  return {};
}

}  // namespace

std::int64_t delivery_hash(std::string_view key) {
  const base::Sha256 digest = base::sha256(key);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizeof bits; ++i) bits = bits << 8U | digest[i];
  return std::bit_cast<std::int64_t>(bits);
}

Result<bool> TimelineIndex::index(Instant now, std::size_t rows_max) {
  for (const LogTable& log : log_tables) {
    auto more = index_log(log, now, rows_max);
    if (!more || *more) return more;
  }
  return false;
}

Result<bool> TimelineIndex::index_log(const LogTable& log, Instant now, std::size_t rows_max) {
  auto after = progress_of(connection_, log);
  if (!after) return base::fail(std::move(after.error()));
  auto last = connection_.number(std::string("SELECT max(id) FROM ") + log.name);
  if (!last) return base::fail(std::move(last.error()));
  if (*last <= *after) return false;
  if (*last - *after < unindexed_max) {
    // Few and fresh ones wait, so that quiet hours do not cost a commit for each event.
    auto first = rows_after(connection_, log, *after, 1);
    if (!first) return base::fail(std::move(first.error()));
    if (!first->empty() && first->front().at > now - unindexed_age_max) return false;
  }
  auto places = rows_after(connection_, log, *after, rows_max);
  if (!places) return base::fail(std::move(places.error()));
  if (places->empty()) return false;
  const std::int64_t reached = places->back().row;

  auto transaction = Transaction::begin(connection_, Transaction::Kind::write);
  if (!transaction) return base::fail(std::move(transaction.error()));
  auto done = insert_places(connection_, log, std::move(*places));
  if (done && log.source == 3) done = insert_keys(connection_, names_.names(), *after, reached);
  if (done) {
    Statement mark(connection_, "INSERT OR REPLACE INTO progress VALUES(?, ?)");
    done = mark.bind(std::string_view(log.progress), reached).run();
  }
  if (done) done = transaction->commit();
  if (!done) return base::fail(std::move(done.error()));
  return true;
}

Result<bool> TimelineIndex::expire(Instant now, std::size_t rows_max) {
  if (now < expire_next_) return false;
  auto more = expire_log(log_tables[0], now - keep_events_, rows_max);
  if (more && !*more) more = expire_log(log_tables[1], now - keep_decisions_, rows_max);
  if (more && !*more) more = expire_notifications(now - keep_decisions_, rows_max);
  if (more && !*more) expire_next_ = now + expire_every;
  return more;
}

// From the log's beginning up to the first row that is to stay, and never a row that is not indexed
// yet: its place in the timeline would be left behind.
Result<bool> TimelineIndex::expire_log(const LogTable& log, Instant before, std::size_t rows_max) {
  auto indexed = progress_of(connection_, log);
  if (!indexed) return base::fail(std::move(indexed.error()));
  auto places = rows_after(connection_, log, 0, rows_max);
  if (!places) return base::fail(std::move(places.error()));
  const auto stays = std::ranges::find_if(
      *places, [&](const Place& place) { return place.at >= before || place.row > *indexed; });
  if (stays == places->begin()) return false;
  places->erase(stays, places->end());
  const std::int64_t last = places->back().row;
  std::ranges::sort(*places);

  auto transaction = Transaction::begin(connection_, Transaction::Kind::write);
  if (!transaction) return base::fail(std::move(transaction.error()));
  Statement forget(connection_,
                   "DELETE FROM timeline WHERE contact = ? AND at = ? AND source = ? AND row = ?");
  for (const Place& place : *places) {
    auto done = forget.bind(place.contact, place.at, log.source, place.row).run();
    if (!done) return base::fail(std::move(done.error()));
  }
  Statement erase(connection_, std::string("DELETE FROM ") + log.name + " WHERE id <= ?");
  auto done = erase.bind(last).run();
  if (done) done = transaction->commit();
  if (!done) return base::fail(std::move(done.error()));
  return true;
}

Result<bool> TimelineIndex::expire_notifications(Instant before, std::size_t rows_max) {
  Statement last(connection_,
                 "SELECT max(id) FROM (SELECT id, at FROM notifications ORDER BY id LIMIT ?) "
                 "WHERE at < ?");
  auto found = last.bind(rows_max, before).step();
  if (!found) return base::fail(std::move(found.error()));
  if (!*found || last.is_null(0)) return false;
  const std::int64_t id = last.integer(0);
  last.reset();
  Statement erase(connection_, "DELETE FROM notifications WHERE id <= ?");
  if (auto done = erase.bind(id).run(); !done) return base::fail(std::move(done.error()));
  return true;
}

}  // namespace nurtured::store

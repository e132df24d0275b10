#include "store/schema.h"

#include <array>

namespace nurtured::store {
namespace {

using base::Result;
using sqlite::Connection;

// Moments are milliseconds UTC. What grows with every event (events, decisions, deliveries,
// dedup_tail) is written at its end alone; its place in timelines and the dedup tables is found
// later, by maintain. No foreign keys are declared: each would cost a look-up for every row
// written, and the one writer is the one owner of both ends.
constexpr std::string_view first = R"sql(
-- One row a contact: what the rules know of a person (codec.cpp), and when its timer goes off.
CREATE TABLE contacts(id INTEGER PRIMARY KEY, wake INTEGER, state BLOB NOT NULL) STRICT;
CREATE TABLE identities(kind INTEGER NOT NULL, value TEXT NOT NULL, contact INTEGER NOT NULL,
  PRIMARY KEY(kind, value)) STRICT, WITHOUT ROWID;
CREATE TABLE addresses(key TEXT PRIMARY KEY, state BLOB NOT NULL) STRICT, WITHOUT ROWID;
-- Contacts that are no more, and who they are now.
CREATE TABLE merges(source INTEGER PRIMARY KEY, target INTEGER NOT NULL) STRICT;
CREATE INDEX merges_by_target ON merges(target);
-- Clustered by the moment: what falls due together lies together.
CREATE TABLE timers(due INTEGER NOT NULL, contact INTEGER NOT NULL,
  PRIMARY KEY(due, contact)) STRICT, WITHOUT ROWID;

-- What records name by number (names.h), from 0.
CREATE TABLE names(number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;

-- Rows of several events or decisions that one contact had in one batch.
CREATE TABLE events(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, contact INTEGER NOT NULL,
  data BLOB NOT NULL) STRICT;
CREATE TABLE decisions(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, contact INTEGER NOT NULL,
  data BLOB NOT NULL) STRICT;
-- Deliveries under way (ready, committing, uncertain), and those that have ended.
CREATE TABLE outbox(key TEXT PRIMARY KEY, at INTEGER NOT NULL, contact INTEGER NOT NULL,
  change INTEGER NOT NULL, data BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE deliveries(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, contact INTEGER NOT NULL,
  change INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
CREATE TABLE notifications(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, data BLOB NOT NULL) STRICT;

-- source: 1 events, 2 decisions, 3 deliveries; row: its id there.
CREATE TABLE timeline(contact INTEGER NOT NULL, at INTEGER NOT NULL, source INTEGER NOT NULL,
  row INTEGER NOT NULL, PRIMARY KEY(contact, at, source, row)) STRICT, WITHOUT ROWID;
CREATE TABLE delivery_keys(hash INTEGER NOT NULL, row INTEGER NOT NULL,
  PRIMARY KEY(hash, row)) STRICT, WITHOUT ROWID;
-- Keys of repeated messages, many a row; then in tables dedup_DAY of their own.
CREATE TABLE dedup_tail(id INTEGER PRIMARY KEY, day INTEGER NOT NULL, keys BLOB NOT NULL) STRICT;
-- How far numbering and indexing have come.
CREATE TABLE progress(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE standing(playbook TEXT NOT NULL, version TEXT NOT NULL, step INTEGER NOT NULL,
  count INTEGER NOT NULL, PRIMARY KEY(playbook, version, step)) STRICT, WITHOUT ROWID;
CREATE TABLE counters(name TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE books(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, files BLOB NOT NULL) STRICT;
CREATE TABLE playbook_sources(playbook TEXT NOT NULL, version TEXT NOT NULL, path TEXT NOT NULL,
  source BLOB NOT NULL, PRIMARY KEY(playbook, version)) STRICT;
)sql";

// Inputs that the process ended at (types.h, SetAside).
constexpr std::string_view set_aside = R"sql(
CREATE TABLE set_aside(number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,
  fingerprint BLOB NOT NULL UNIQUE, data BLOB NOT NULL) STRICT;
)sql";

constexpr std::array<Migration, 2> all = {Migration{first}, Migration{set_aside}};

Result<std::int64_t> pragma(Connection& connection, const char* name) {
  return connection.number(std::string("PRAGMA ") + name);
}

tl::unexpected<base::Error> too_new(std::int64_t version, std::size_t known) {
  return base::fail("the store was written by a newer release (its version is " +
                        std::to_string(version) + ", this program knows " + std::to_string(known) +
                        ")",
                    "install that release, or restore a backup made before");
}

// VACUUM INTO, because it takes one snapshot and leaves no deleted row in the copy.
Result<void> copy_to(Connection& connection, const std::string& path) {
  sqlite::Statement copy(connection, "VACUUM INTO ?");
  return copy.bind(path).run();
}

Result<void> run_missing(Connection& connection, std::span<const Migration> missing,
                         std::size_t version) {
  auto transaction = sqlite::Transaction::begin(connection, sqlite::Transaction::Kind::write);
  if (!transaction) return base::fail(std::move(transaction.error()));
  for (const Migration& step : missing) {
    if (auto done = connection.execute(std::string(step.sql)); !done) return done;
  }
  const std::string marks = "PRAGMA application_id = " + std::to_string(application_id) +
                            "; PRAGMA user_version = " + std::to_string(version) +
                            "; INSERT OR REPLACE INTO progress VALUES('usable_from', " +
                            std::to_string(usable_from) + ")";
  if (auto done = connection.execute(marks); !done) return done;
  return transaction->commit();
}

}  // namespace

std::span<const Migration> migrations() {
  return all;
}

Result<std::int64_t> usable_version(Connection& connection, std::size_t known) {
  auto id = pragma(connection, "application_id");
  if (!id) return id;
  auto tables = connection.number("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables;
  if (*id != application_id && (*id != 0 || *tables != 0)) {
    return base::fail("this database was not made by nurtured", "name another file in `store`");
  }
  auto version = pragma(connection, "user_version");
  if (!version || *version <= static_cast<std::int64_t>(known)) return version;
  auto from = connection.number("SELECT value FROM progress WHERE name = 'usable_from'");
  if (!from) return from;
  if (*from == 0 || *from > static_cast<std::int64_t>(known)) return too_new(*version, known);
  return version;
}

Result<void> migrate(Connection& connection, std::span<const Migration> steps,
                     const std::string& copy_path) {
  auto version = usable_version(connection, steps.size());
  if (!version) return base::fail(std::move(version.error()));
  if (*version >= static_cast<std::int64_t>(steps.size())) return {};
  if (*version > 0 && !copy_path.empty()) {
    if (auto done = copy_to(connection, copy_path); !done) return done;
  }
  return run_missing(connection, steps.subspan(static_cast<std::size_t>(*version)), steps.size());
}

}  // namespace nurtured::store

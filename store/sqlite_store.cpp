#include "store/sqlite_store.h"

#include <algorithm>

#include <sqlite3.h>

namespace nurtured::store {
namespace {

using sqlite::Transaction;

// Pages of 4 KiB. From the first on, maintain moves the WAL into the file, a few milliseconds'
// worth; at the second, 64 MB, a commit no longer leaves it to maintain; at the third, 256 MB,
// readers are waited for.
constexpr int checkpoint_from = 1000;
constexpr int checkpoint_at_commit = 16'000;
constexpr int checkpoint_wait = 64'000;
// A little longer than a reader may take (reader_time_max).
constexpr int reader_wait_ms = 5500;

template <class T>
void sort_unique(std::vector<T>& items) {
  std::ranges::sort(items);
  items.erase(std::unique(items.begin(), items.end()), items.end());
}

}  // namespace

SqliteStore::SqliteStore(Parts parts, const Options& options)
    : lock_(std::move(parts.lock)),
      journal_(std::move(parts.journal)),
      connection_(std::move(parts.connection)),
      names_(connection_),
      queries_(connection_, names_),
      writer_(connection_, names_),
      dedup_(connection_, options.dedup),
      timeline_(connection_, names_, options.keep_events, options.keep_decisions),
      due_(connection_,
           "SELECT due, contact FROM timers WHERE due <= ? ORDER BY due, contact LIMIT ?"),
      next_due_(connection_, "SELECT due FROM timers ORDER BY due, contact LIMIT 1") {
  sqlite3_wal_hook(
      connection_.handle(),
      [](void* context, sqlite3*, const char*, int pages) {
        auto& wal = *static_cast<Wal*>(context);
        // Fewer than before: all of it had been moved, and it was begun anew.
        if (pages < wal.pages) wal = {};
        wal.pages = pages;
        return SQLITE_OK;
      },
      &wal_);
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::make(Parts parts, const Options& options) {
  std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(parts), options));
  auto done = store->names_.open();
  if (done) done = store->writer_.open();
  if (done) done = store->dedup_.open();
  if (!done) return base::fail(std::move(done.error()));
  return store;
}

// ---- load

Result<Loaded> SqliteStore::load(const LoadRequest& request) {
  // One transaction for all of it: each statement on its own would take and give back the file's
  // lock.
  auto transaction = Transaction::begin(connection_, Transaction::Kind::read);
  if (!transaction) return base::fail(std::move(transaction.error()));
  Loaded loaded;
  auto known = dedup_.known(request.message_ids);
  if (!known) return base::fail(std::move(known.error()));
  loaded.known = std::move(*known);
  auto done = load_identities(request, loaded);
  if (done) {
    std::vector<ContactId> ids = request.contacts;
    for (const auto& id : loaded.identities) {
      if (id) ids.push_back(*id);
    }
    done = load_contacts(std::move(ids), loaded);
  }
  if (done) done = load_addresses(request, loaded);
  if (done) done = transaction->commit();
  if (!done) return base::fail(std::move(done.error()));
  return loaded;
}

Result<void> SqliteStore::load_identities(const LoadRequest& request, Loaded& loaded) {
  loaded.identities.resize(request.identities.size());
  std::vector<std::size_t> order(request.identities.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](std::size_t i) -> auto& { return request.identities[i]; });
  for (std::size_t i = 0; i < order.size(); ++i) {
    const IdentityKey& key = request.identities[order[i]];
    if (i > 0 && key == request.identities[order[i - 1]]) {
      loaded.identities[order[i]] = loaded.identities[order[i - 1]];
      continue;
    }
    auto id = queries_.find(key);
    if (!id) return base::fail(std::move(id.error()));
    loaded.identities[order[i]] = *id;
  }
  return {};
}

Result<void> SqliteStore::load_contacts(std::vector<ContactId> ids, Loaded& loaded) {
  sort_unique(ids);
  std::vector<ContactId> targets;  // of the merged ones, unless they were asked for as well
  const auto load_one = [&](ContactId id, bool may_be_merged) -> Result<void> {
    auto stored = queries_.stored_contact(id);
    if (!stored && stored.error().kind == base::ErrorKind::invalid) {
      loaded.damaged.push_back(id);
      return {};
    }
    if (!stored) return base::fail(std::move(stored.error()));
    if (*stored) {
      loaded.contacts.push_back(std::move(**stored));
      return {};
    }
    auto target = may_be_merged ? queries_.merged_into(id) : Result<ContactId>(id);
    if (!target) return base::fail(std::move(target.error()));
    if (*target == id) return {};
    loaded.merged.push_back({.from = id, .into = *target});
    if (!std::ranges::binary_search(ids, *target)) targets.push_back(*target);
    return {};
  };
  for (const ContactId id : ids) {
    if (auto done = load_one(id, true); !done) return done;
  }
  if (targets.empty()) return {};
  sort_unique(targets);
  for (const ContactId id : targets) {
    if (auto done = load_one(id, false); !done) return done;
  }
  std::ranges::sort(loaded.contacts, {}, [](const StoredContact& c) { return c.contact.id; });
  return {};
}

Result<void> SqliteStore::load_addresses(const LoadRequest& request, Loaded& loaded) {
  std::vector<std::string> keys;
  for (const StoredContact& stored : loaded.contacts) append_address_keys(stored.contact, keys);
  for (const rules::Address& address : request.addresses) keys.push_back(rules::to_key(address));
  sort_unique(keys);
  for (const std::string& key : keys) {
    auto state = queries_.address(key);
    if (!state) return base::fail(std::move(state.error()));
    if (*state) loaded.addresses.push_back(std::move(**state));
  }
  return {};
}

// ---- commit

Result<void> SqliteStore::commit(const Batch& batch) {
  auto done = write_all(batch);
  if (!done) {
    dedup_.rolled_back();
    writer_.rolled_back();
    return done;
  }
  dedup_.committed();
  writer_.committed();
  if (done = bound_wal(); !done && is_fatal(done.error())) return done;
  // What else may fail there is only put off: the batch is on disk.
  return {};
}

Result<void> SqliteStore::write_all(const Batch& batch) {
  auto transaction = Transaction::begin(connection_, Transaction::Kind::write);
  if (!transaction) return base::fail(std::move(transaction.error()));
  if (auto done = writer_.write(batch); !done) return done;
  if (auto done = dedup_.write(batch.message_ids, batch.now); !done) return done;
  const bool has_journal = journal_.has_value() && !batch.journal.empty();
  // Before the commit: a departure too many after a restore holds a message back, one too few would
  // send it twice.
  if (has_journal) {
    if (auto done = journal_->append(batch.journal); !done) return done;
  }
  auto done = transaction->commit();
  if (!done && has_journal && !is_fatal(done.error())) {
    if (auto undone = journal_->undo(); !undone)
      done.error().message += ", and " + undone.error().message;
  }
  return done;
}

// A store whose maintain is never called stays bounded all the same.
Result<void> SqliteStore::bound_wal() {
  if (wal_.pages - wal_.moved_at >= checkpoint_at_commit) {
    if (auto done = checkpoint(SQLITE_CHECKPOINT_PASSIVE); !done) return done;
  }
  if (wal_.pages < checkpoint_wait || wal_.pages - wal_.waited_at < checkpoint_at_commit) return {};
  wal_.waited_at = wal_.pages;
  sqlite3_busy_timeout(connection_.handle(), reader_wait_ms);
  auto done = checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
  sqlite3_busy_timeout(connection_.handle(), sqlite::lock_wait_ms);
  return done;
}

Result<void> SqliteStore::checkpoint(int mode) {
  wal_.moved_at = wal_.pages;
  const int code = sqlite3_wal_checkpoint_v2(connection_.handle(), nullptr, mode, nullptr, nullptr);
  // Readers in the way leave part of it for the next time.
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return {};
  return base::fail(connection_.error());
}

// ---- timers

Result<std::vector<Due>> SqliteStore::due(Instant until, std::size_t max) {
  std::vector<Due> found;
  due_.bind(until, max);
  auto done = due_.each([&]() -> Result<void> {
    found.push_back({.due = due_.instant(0), .contact = due_.contact(1)});
    return {};
  });
  if (!done) return base::fail(std::move(done.error()));
  return found;
}

Result<std::optional<Instant>> SqliteStore::next_due() {
  auto row = next_due_.step();
  if (!row) return base::fail(std::move(row.error()));
  if (!*row) return std::nullopt;
  const Instant due = next_due_.instant(0);
  next_due_.reset();
  return due;
}

// ---- maintain

Result<bool> SqliteStore::maintain(Instant now, const MaintainLimits& limits) {
  if (wal_.pages - wal_.moved_at >= checkpoint_from) {
    auto done = checkpoint(SQLITE_CHECKPOINT_PASSIVE);
    if (!done) return base::fail(std::move(done.error()));
    return true;
  }
  if (journal_) {
    if (auto done = journal_->sync_by(now); !done) return base::fail(std::move(done.error()));
  }
  auto more = dedup_.maintain(now, limits.rows_max);
  if (more && !*more) more = timeline_.index(now, limits.rows_max);
  if (more && !*more) more = timeline_.expire(now, limits.rows_max);
  if (more && !*more && journal_ && journal_->wants_compaction()) {
    auto done = journal_->compact(now);
    if (!done) return base::fail(std::move(done.error()));
  }
  return more;
}

}  // namespace nurtured::store

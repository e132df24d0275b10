// What the engine needs of a store, in calls that take and give whole batches: the number of round
// trips does not grow with the batch, so that a store behind a network costs no more per contact.
// SQLite is the implementation (store/sqlite_store.cpp); the calls name nothing of it.
//
// Errors of all calls:
//   disk         full, read-only or failing to read and write. Nothing of the call happened; the
//                store stays usable and the next call may succeed when there is room.
//   internal     an fsync failed or the file is damaged: what is on the disk is no longer known.
//                The process must end and start anew (is_fatal).
//   unavailable  another connection held a lock for too long, or a reader ran out of its time.
//   too_large    a contact beyond contact_bytes_max; the message names it. Nothing happened.
//   conflict, invalid, denied, not_found  from opening: see there.
//
//   auto store = store::open("sqlite:nurtured.db", {});
//   auto loaded = (*store)->load(request);
//   ... advance ...
//   auto done = (*store)->commit(batch);  // on disk when it returns
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "store/types.h"

namespace nurtured::store {

using base::Result;

// A contact's document, encoded. What a person's history and attributes need stays far below.
inline constexpr std::size_t contact_bytes_max = 4 << 20;

// True when the process must end: see `internal` above.
inline bool is_fatal(const base::Error& error) {
  return error.kind == base::ErrorKind::internal;
}

// The questions that people ask through the CLI, the API and reports. A Reader belongs to one
// thread at a time.
class Reader {
 public:
  virtual ~Reader() = default;

  virtual Result<std::optional<ContactId>> find(const IdentityKey& identity) = 0;
  // Who holds an address, in no particular order.
  virtual Result<std::vector<ContactId>> holders(const rules::Address& address) = 0;
  // With the states of its addresses; follows merges. nullopt when there is no such contact.
  virtual Result<std::optional<rules::Snapshot>> contact(ContactId id) = 0;
  // In the order of their ids, from the one after `after`: to walk through all.
  virtual Result<std::vector<rules::Contact>> contacts_after(ContactId after,
                                                             std::size_t limit) = 0;
  // Newest first, with what contacts merged into this one had.
  virtual Result<std::vector<TimelineEntry>> timeline(ContactId contact, std::size_t limit) = 0;

  // The log of events after that row, as long as it is kept; 0 begins it. At most `limit` rows,
  // each of which may hold several events of one contact.
  virtual Result<EventPage> events_after(std::int64_t row, std::size_t limit) = 0;
  // The same backwards, the newest row first, from the one before that row; its greatest value
  // begins with the newest.
  virtual Result<EventPage> events_before(std::int64_t row, std::size_t limit) = 0;

  virtual Result<std::vector<StoredDelivery>> deliveries(const DeliveryQuery& query) = 0;
  virtual Result<std::optional<rules::Delivery>> delivery(std::string_view key) = 0;
  // Newest first.
  virtual Result<std::vector<rules::Notification>> notifications(std::size_t limit) = 0;

  // Steps at which anybody stands, by playbook, version and step.
  virtual Result<std::vector<Standing>> standing() = 0;
  virtual Result<std::vector<Counter>> counters() = 0;  // by name
  virtual Result<std::int64_t> waiting() = 0;           // contacts with a timer; counts them
  virtual Result<std::optional<std::string>> meta(std::string_view key) = 0;
  virtual Result<std::optional<AppliedBook>> applied_book() = 0;  // the latest
  virtual Result<std::vector<PlaybookSource>> playbook_sources() = 0;
  // By number, from the one after `after`. One that cannot be read is given as `other`.
  virtual Result<std::vector<SetAside>> set_aside(std::int64_t after, std::size_t limit) = 0;
};

struct MaintainLimits {
  std::size_t rows_max = 2000;  // indexed, merged or removed by one call: a few milliseconds
};

// What the engine itself asks and writes. All calls on the engine's thread. Beside a Store there is
// one for simulations (store/memory_store.h).
class EngineStore {
 public:
  virtual ~EngineStore() = default;

  virtual Result<Loaded> load(const LoadRequest& request) = 0;

  // On disk when it returns; after an error nothing of it happened, unless the error is fatal.
  virtual Result<void> commit(const Batch& batch) = 0;
  // The same of a batch that nobody needs any more: what is kept as it was given need not be
  // copied.
  virtual Result<void> commit_last(Batch&& batch) { return commit(batch); }

  // An id that no contact has or had. It is taken for good by the commit that writes the contact.
  virtual ContactId allocate() = 0;

  // Timers due at `until` or before, ascending by (due, contact), at most `max`.
  virtual Result<std::vector<Due>> due(Instant until, std::size_t max) = 0;
  virtual Result<std::optional<Instant>> next_due() = 0;

  virtual Result<std::optional<rules::Delivery>> delivery(std::string_view key) = 0;

  // One slice of the work that nobody waits for: timelines, the dedup index, what is past its time,
  // checkpoints. True when more is to be done. To be called when the inbox is empty, and now and
  // then when it never is. Never changes what a query answers, but for what retention removes.
  virtual Result<bool> maintain(Instant now, const MaintainLimits& limits = {}) = 0;
};

// The one writer.
class Store : public Reader, public EngineStore {
 public:
  // Of both.
  Result<std::optional<rules::Delivery>> delivery(std::string_view key) override = 0;
};

enum class Durability {
  full,    // a commit survives a power cut
  normal,  // the last commits before a power cut may be lost; a crash of the process loses nothing
};

struct Options {
  Durability durability = Durability::full;
  std::size_t cache_bytes = 32U << 20;  // pages held in memory
  base::Milliseconds keep_events = std::chrono::days{400};
  base::Milliseconds keep_decisions = std::chrono::days{90};  // and notifications
  base::Milliseconds dedup = std::chrono::days{7};
  std::string vfs;  // SQLite's name of the file layer; empty: the default. Tests inject faults here
};

// `location` is nurtured.yaml's `store`: "sqlite:PATH" (created when absent, mode 0600) or
// "sqlite::memory:". Takes the store's lock (PATH.lock) and keeps the journal PATH.journal beside
// it. A database of an older version is migrated, after a copy to PATH.vN.bak.
//   conflict     another process has the store; the message names its pid
//   invalid      no such form of location; not a database of ours; made by a newer release
//   denied, disk, not_found   the file cannot be opened, read or made
Result<std::unique_ptr<Store>> open(std::string_view location, const Options& options = {});

// A read-only connection beside a running daemon; takes no lock and sees the last commit at each
// question. A question that takes longer than `reader_time_max` ends as `unavailable`. `clock` must
// outlive it. Not for "sqlite::memory:": ask the Store itself.
inline constexpr base::Milliseconds reader_time_max = std::chrono::seconds{5};
Result<std::unique_ptr<Reader>> open_reader(std::string_view location, const base::Clock& clock);

// Copies a running or resting store to the file `target`, from one snapshot, without what was
// deleted. Any thread, beside the daemon. `conflict` when `target` exists.
Result<void> backup(std::string_view location, const std::string& target);

// Every fault that a look at the whole file finds, in words; empty when it is sound. Takes seconds
// for a large store. Any thread.
Result<std::vector<std::string>> check(std::string_view location);

}  // namespace nurtured::store

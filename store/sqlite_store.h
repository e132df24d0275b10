// The store on SQLite: one file in WAL mode, one writing connection. Inside store/ only; it is made
// by store::open.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/batch_writer.h"
#include "store/dedup.h"
#include "store/journal_file.h"
#include "store/lock.h"
#include "store/names.h"
#include "store/queries.h"
#include "store/sqlite.h"
#include "store/store.h"
#include "store/timeline.h"

namespace nurtured::store {

class SqliteStore final : public Answering<Store> {
 public:
  // What has been opened so far; a store in memory has neither lock nor journal.
  struct Parts {
    File lock;
    std::optional<JournalFile> journal;
    sqlite::Connection connection;
  };
  static Result<std::unique_ptr<SqliteStore>> make(Parts parts, const Options& options);

  Result<Loaded> load(const LoadRequest& request) override;
  Result<void> commit(const Batch& batch) override;
  ContactId allocate() override { return writer_.allocate(); }
  Result<std::vector<Due>> due(Instant until, std::size_t max) override;
  Result<std::optional<Instant>> next_due() override;
  Result<bool> maintain(Instant now, const MaintainLimits& limits) override;

 protected:
  Queries& ask() override { return queries_; }

 private:
  SqliteStore(Parts parts, const Options& options);

  Result<void> load_identities(const LoadRequest& request, Loaded& loaded);
  Result<void> load_contacts(std::vector<ContactId> ids, Loaded& loaded);
  Result<void> load_addresses(const LoadRequest& request, Loaded& loaded);
  Result<void> write_all(const Batch& batch);
  Result<void> bound_wal();
  Result<void> checkpoint(int mode);

  // The WAL, in pages. SQLite keeps its address, and the parts below that of the connection, so a
  // SqliteStore never moves.
  struct Wal {
    int pages = 0;      // after the last commit
    int moved_at = 0;   // what `pages` was at the last checkpoint
    int waited_at = 0;  // and when readers were last waited for
  };

  File lock_;  // released last
  std::optional<JournalFile> journal_;
  Wal wal_;
  sqlite::Connection connection_;
  NameTable names_;
  Queries queries_;
  BatchWriter writer_;
  Dedup dedup_;
  TimelineIndex timeline_;
  sqlite::Statement due_;
  sqlite::Statement next_due_;
};

}  // namespace nurtured::store

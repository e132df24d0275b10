// Writes one Batch inside a transaction that its caller has begun. What goes into a clustered table
// is sorted by its key first: neighbours share a page, and a page is then written once. Inside
// store/ only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/names.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace nurtured::store {

class BatchWriter {
 public:
  BatchWriter(sqlite::Connection& connection, NameTable& names);

  // Where numbering goes on.
  base::Result<void> open();
  // All but the dedup keys and the journal.
  base::Result<void> write(const Batch& batch);
  // Whether the transaction of the last write() came about.
  void committed() { names_.committed(); }
  void rolled_back() { stored_next_contact_ = 0; }

  ContactId allocate() { return ContactId{next_contact_++}; }

 private:
  struct Log {
    sqlite::Statement insert;
    std::int64_t next = 1;
  };

  base::Result<void> write_contacts(const Batch& batch);
  base::Result<void> write_timers(const Batch& batch);
  base::Result<void> write_merges(const Batch& batch);
  base::Result<void> write_identities(const Batch& batch);
  base::Result<void> write_addresses(const Batch& batch);
  base::Result<void> write_deliveries(const Batch& batch);
  base::Result<void> write_delivery(const rules::Delivery& delivery);
  base::Result<void> write_notifications(const Batch& batch);
  base::Result<void> write_counts(const Batch& batch);
  base::Result<void> write_book(const Batch& batch);
  base::Result<void> write_set_aside(const Batch& batch);
  base::Result<void> write_numbering();
  // Items of one contact, in their order, share rows.
  template <class Record, class Item>
  base::Result<void> write_log(Log& log, const std::vector<Record>& records, Item Record::* item,
                               Instant Item::* at);

  sqlite::Connection& connection_;
  NameTable& names_;
  sqlite::Statement put_contact_;
  sqlite::Statement delete_contact_;
  sqlite::Statement insert_timer_;
  sqlite::Statement delete_timer_;
  sqlite::Statement put_identity_;
  sqlite::Statement put_address_;
  sqlite::Statement put_open_;
  sqlite::Statement delete_open_;
  sqlite::Statement insert_ended_;
  sqlite::Statement insert_notification_;
  sqlite::Statement add_standing_;
  sqlite::Statement add_counter_;
  sqlite::Statement put_meta_;
  sqlite::Statement delete_meta_;
  sqlite::Statement put_progress_;
  Log events_;
  Log decisions_;
  std::int64_t next_delivery_ = 1;
  std::int64_t next_notification_ = 1;
  std::int64_t next_contact_ = 1;
  std::int64_t stored_next_contact_ = 1;  // as the file has it
  std::string buffer_;                    // one encoded record; kept for its memory
};

}  // namespace nurtured::store

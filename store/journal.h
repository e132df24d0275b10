// The small journal beside the store: departures, unsubscribes, withdrawn consents and erasures,
// one line each, so that a restore from an older backup neither repeats a message nor forgets a
// refusal. Written by Store::commit before the commit itself; only batches with such records touch
// it.
//
// A line is `SUM KIND MILLIS JSON`: eight hexadecimal digits (the first four bytes of SHA-256 over
// the rest of the line), d, s, c or e, the moment, the record. Stored: must never change.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "store/types.h"

namespace nurtured::store {

struct JournalContents {
  std::vector<JournalRecord> records;  // in the order in which they were written
  std::size_t damaged = 0;             // lines left out: a torn last one, or worse
};

// Records at `after` or later of the journal of a store's file ("nurtured.db" has
// "nurtured.db.journal"). None at all when there is no such file. `disk` when it cannot be read.
base::Result<JournalContents> read_journal(const std::string& store_path, base::Instant after);

}  // namespace nurtured::store

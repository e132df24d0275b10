// Copies of the store and the way back. A backup knows its moment; restoring one replays what the
// journal beside the store has since then, so that nothing is sent twice and no refusal is
// forgotten, and leaves everything paused until an operator has looked (DESIGN section 5).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "daemon/book_keeper.h"
#include "rules/book.h"
#include "store/store.h"

namespace nurtured::daemon {

// The moment at which a backup was taken, in the store's meta table. Stored: must never change.
inline constexpr std::string_view backup_at_key = "backup_at";

// The entry that a store is to hold before it is copied.
store::MetaEntry backup_mark(base::Instant now);

struct RestoreReport {
  std::optional<base::Instant>
      taken_at;                  // none: the backup does not say, all of the journal counts
  std::size_t departures = 0;    // messages that had left since then
  std::size_t suppressions = 0;  // and withdrawn consents
  std::size_t damaged = 0;       // lines of the journal that could not be read
  std::string former;            // where the replaced store was put; empty when there was none
};

// Puts the backup `file` in the place of the store at `location`. Nothing is changed unless all of
// it succeeds. `conflict` while a daemon runs, `not_found` and `invalid` for a file that is no
// sound store of ours, `disk`.
base::Result<RestoreReport> restore(const std::string& file, const std::string& location,
                                    BookKeeper& keeper, const base::Clock& clock);

// Brings a store up to what the journal says happened after its backup: a departure is led through
// the rules themselves, so that ledgers, histories and the enrollment that sent it stand where they
// stood; a suppression holds again, a consent is withdrawn again, an erasure becomes a suppression.
// What concerns contacts that the backup does not know counts for their addresses, and their ids
// are not given to others. Departures that the store knows are passed over.
base::Result<void> replay(store::Store& store, std::shared_ptr<const rules::Book> book,
                          const std::vector<store::JournalRecord>& records, RestoreReport& report);

}  // namespace nurtured::daemon

// The writing end of the journal (store/journal.h says what it is). Inside store/ only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "store/lock.h"
#include "store/types.h"

namespace nurtured::store {

std::string journal_path(const std::string& store_path);

class JournalFile {
 public:
  // Past this it is written anew without departures older than departures_kept; refusals and
  // erasures stay for ever.
  static constexpr std::uint64_t compact_at_bytes = 64U << 20;
  static constexpr base::Milliseconds departures_kept = std::chrono::days{35};
  static constexpr base::Milliseconds sync_every = std::chrono::seconds{1};

  // Opens or makes it, and cuts off a torn last line.
  static base::Result<JournalFile> open(const std::string& store_path);

  // Written when it returns, and on the disk unless all of it are departures: those may wait for
  // sync_by(), since the store itself has them and the journal is read when that file is lost.
  // After an error the file is as it was; `internal` when fsync failed.
  base::Result<void> append(std::span<const JournalRecord> records);
  // Brings what waits to the disk once it has waited for sync_every.
  base::Result<void> sync_by(Instant now);
  // Takes back the last append: its transaction did not come about.
  base::Result<void> undo();

  bool wants_compaction() const { return size_ > compact_at_; }
  // Reads and writes the file once, by lines; about a tenth of a second for the 64 MB.
  base::Result<void> compact(Instant now);

 private:
  JournalFile(std::string path, File file, std::uint64_t size)
      : path_(std::move(path)), file_(std::move(file)), size_(size), size_before_(size) {}

  std::string path_;
  File file_;
  std::uint64_t size_;
  std::uint64_t size_before_;  // before the last append
  std::uint64_t compact_at_ = compact_at_bytes;
  std::optional<Instant> waiting_since_;  // departures that are written and not synced
};

}  // namespace nurtured::store

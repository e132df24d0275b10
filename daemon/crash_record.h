// A small file beside the store that outlives the process: whether the daemon ended cleanly, and
// what was under way when it did not. After an unclean start the engine takes inputs one by one,
// each marked here first (daemon/one_by_one.h), so that one that ends the process at every try is
// known and set aside (daemon/set_aside.h).
//
// The file is mapped and never synced: it has to survive the process, not the power. After a power
// cut it may tell of an earlier moment than the store, so marks of another boot of the machine are
// not believed. It is preallocated, so that a full disk cannot end the process at a write.
//
// The engine's thread marks inputs, the dispatcher's marks renderings; neither touches what the
// other writes. All else is called before they start, or after they ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/instant.h"
#include "base/result.h"
#include "store/types.h"

namespace nurtured::daemon {

// What was under way when the process died, and how often in a row the process died of it.
struct Suspect {
  store::DedupKey fingerprint{};
  std::string payload;  // as it was given to mark()
  std::uint32_t deaths = 0;
};

// One thing under way at a time. A part of the file; made by CrashRecord.
class CrashMark {
 public:
  struct Head;

  CrashMark(Head& head, std::span<char> room) : head_(head), room_(room) {}

  // `payload` is cut to the room there is.
  void mark(const store::DedupKey& fingerprint, std::string_view payload);
  // It is over and the process lives: what it was suspected of is forgotten.
  void clear();
  std::size_t payload_bytes_max() const { return room_.size(); }

 private:
  friend class CrashRecord;
  std::optional<Suspect> take_death();

  Head& head_;
  std::span<char> room_;
};

class CrashRecord {
 public:
  // A repeat of an ingested message is far smaller (ingest_message_bytes_max).
  static constexpr std::size_t input_bytes_max = std::size_t{512} << 10;
  static constexpr std::size_t rendering_bytes_max = 1024;
  // Deaths with the same mark after which it is to blame. A SIGKILL that comes from outside meets
  // an input by chance, and may meet it again when its sender repeats it at once: with two, one in
  // a hundred kills under full load would blame an innocent one; with three, one in ten thousand.
  static constexpr std::uint32_t deaths_max = 3;
  // How long inputs are taken one by one after an unclean start: doubled with each in a row.
  static constexpr base::Milliseconds one_by_one_min = std::chrono::minutes{1};
  static constexpr base::Milliseconds one_by_one_max = std::chrono::hours{1};
  // After that without a death the next unclean start counts as the first.
  static constexpr base::Milliseconds quiet_after = std::chrono::hours{1};

  // What the former run left behind.
  struct Found {
    bool is_unclean = false;
    std::optional<Suspect> input;
    std::optional<Suspect> rendering;
  };

  // Makes the file where there is none; one that is damaged, or of another release, is begun anew.
  // `boot_id` names this boot of the machine; with an empty one no mark is believed. The marks are
  // read once: they are counted, and gone from the file. `disk` or `denied` where it cannot be
  // kept.
  static base::Result<std::unique_ptr<CrashRecord>> open(const std::string& path,
                                                         std::string_view boot_id);
  ~CrashRecord();
  CrashRecord(const CrashRecord&) = delete;
  CrashRecord& operator=(const CrashRecord&) = delete;

  const Found& found() const { return found_; }

  // The daemon runs from now on: an end without end() is unclean.
  void begin(base::Instant now);
  void end();

  // Whether inputs are to be taken one by one. The engine's thread.
  bool is_one_by_one(base::Instant now);
  base::Instant one_by_one_until() const { return until_; }

  CrashMark& input() { return *input_; }          // the engine's thread
  CrashMark& rendering() { return *rendering_; }  // the dispatcher's thread

 private:
  struct Layout;
  explicit CrashRecord(Layout& layout);

  Layout& layout_;  // mapped; of the whole process, hence owned here alone
  std::optional<CrashMark> input_;
  std::optional<CrashMark> rendering_;
  Found found_;
  base::Instant until_{};
};

// "nurtured.db" has "nurtured.db.running". Empty for a store in memory, which has no file.
std::string crash_record_path(const std::string& store_file);

}  // namespace nurtured::daemon

#include "daemon/backup.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/pauses.h"
#include "store/journal.h"
#include "store/lock.h"

namespace nurtured::daemon {
namespace {

using base::ErrorKind;
using base::Instant;
using base::Result;

// The journal's moments are those at which inputs arrived, a little before they were committed.
constexpr base::Milliseconds mark_slack = std::chrono::minutes{1};
// Files that may lie beside a store's file and belong to it.
constexpr std::array<std::string_view, 4> side_files = {"-wal", "-shm", ".lock", ".journal"};

void remove_with_side_files(const std::string& path) {
  // What is not there need not be removed.
  ::unlink(path.c_str());
  for (const auto suffix : side_files) ::unlink((path + std::string(suffix)).c_str());
}

// A working copy that removes itself unless it has been renamed away.
class WorkingCopy {
 public:
  explicit WorkingCopy(std::string path) : path_(std::move(path)) { remove_with_side_files(path_); }
  ~WorkingCopy() { remove_with_side_files(path_); }
  WorkingCopy(const WorkingCopy&) = delete;
  WorkingCopy& operator=(const WorkingCopy&) = delete;

  const std::string& path() const { return path_; }
  std::string location() const { return "sqlite:" + path_; }

 private:
  std::string path_;
};

Result<void> check_backup(const std::string& file) {
  if (!std::filesystem::exists(file)) {
    return base::fail(ErrorKind::not_found, "there is no file " + file);
  }
  const auto faults = store::check("sqlite:" + file);
  if (!faults) return base::fail(faults.error());
  if (faults->empty()) return {};
  return base::fail(file + " is damaged: " + faults->front(), "take another backup");
}

Result<std::optional<Instant>> moment_of(store::Reader& reader) {
  const auto text = reader.meta(backup_at_key);
  if (!text) return base::fail(text.error());
  if (!*text) return std::optional<Instant>();
  const auto at = base::parse_instant(**text);
  if (!at) return base::fail(ErrorKind::internal, "the backup's moment cannot be read");
  return std::optional(*at);
}

// The copy keeps the owner and the mode of what it replaces, or those of the folder's owner: an
// operator restores as root, and the daemon must be able to open it.
Result<void> hand_over(const std::string& copy, const std::string& former) {
  struct stat status{};
  const bool replaces = ::stat(former.c_str(), &status) == 0;
  if (!replaces) {
    const std::string folder = std::filesystem::path(former).parent_path().string();
    if (::stat(folder.empty() ? "." : folder.c_str(), &status) != 0) {
      return base::fail(store::system_error(errno, "cannot look at the folder", folder));
    }
  }
  if (::geteuid() == 0 && ::chown(copy.c_str(), status.st_uid, status.st_gid) != 0) {
    return base::fail(store::system_error(errno, "cannot give the store its owner", copy));
  }
  return {};
}

Result<void> sync(const std::string& path, int flags) {
  const auto file = store::open_file(path, flags);
  if (!file) return base::fail(file.error());
  if (::fsync(file->descriptor()) == 0) return {};
  return base::fail(store::system_error(errno, "cannot write", path));
}

// Brings the copy up to date and leaves everything paused.
Result<void> bring_up(const WorkingCopy& copy, const std::string& target, BookKeeper& keeper,
                      const base::Clock& clock, RestoreReport& report) {
  // Nothing depends on the copy before it is renamed: it is synced once, at the end.
  auto opened = store::open(copy.location(), {.durability = store::Durability::normal});
  if (!opened) return base::fail(opened.error());
  store::Store& store = **opened;
  const auto taken_at = moment_of(store);
  if (!taken_at) return base::fail(taken_at.error());
  report.taken_at = *taken_at;
  const Instant after = *taken_at ? **taken_at - mark_slack : base::instant_min;
  const auto journal = store::read_journal(target, after);
  if (!journal) return base::fail(journal.error());
  report.damaged = journal->damaged;
  const auto config = keeper.adopt(keeper.read(), store);
  if (!config) return base::fail(config.error());
  auto replayed = replay(store, (*config)->book, journal->records, report);
  if (!replayed) return replayed;
  store::Batch batch;
  batch.now = clock.now();
  batch.meta.push_back(to_entry(rules::Pauses{.all = true}));
  return store.commit(batch);
}

// The last commits of the store that is replaced, out of its WAL and into its file. One that cannot
// be opened is replaced as it is.
Result<void> settle_former(const std::string& location) {
  const auto store = store::open(location);
  if (!store && store.error().kind == ErrorKind::conflict) return base::fail(store.error());
  return {};
}

Result<void> put_in_place(const WorkingCopy& copy, const std::string& target,
                          RestoreReport& report) {
  const auto lock = store::lock_store(target + ".lock");
  if (!lock) return base::fail(lock.error());
  if (auto owner = hand_over(copy.path(), target); !owner) return owner;
  if (auto synced = sync(copy.path(), O_RDWR); !synced) return synced;
  if (std::filesystem::exists(target)) {
    const std::string former = target + ".before-restore";
    remove_with_side_files(former);
    if (::link(target.c_str(), former.c_str()) != 0) {
      return base::fail(store::system_error(errno, "cannot keep the former store", former));
    }
    // A WAL of the former file must never be read into the new one. Where the former could not be
    // opened, its WAL goes with it.
    for (const std::string_view suffix : {"-wal", "-shm"}) {
      const std::string side = target + std::string(suffix);
      if (!std::filesystem::exists(side)) continue;
      if (::rename(side.c_str(), (former + std::string(suffix)).c_str()) != 0) {
        return base::fail(store::system_error(errno, "cannot move the file", side));
      }
    }
    report.former = former;
  }
  if (::rename(copy.path().c_str(), target.c_str()) != 0) {
    return base::fail(store::system_error(errno, "cannot put the backup in place", target));
  }
  const std::string folder = std::filesystem::path(target).parent_path().string();
  return sync(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
}

}  // namespace

store::MetaEntry backup_mark(Instant now) {
  return {std::string(backup_at_key), base::to_rfc3339(now)};
}

Result<RestoreReport> restore(const std::string& file, const std::string& location,
                              BookKeeper& keeper, const base::Clock& clock) {
  const std::string target = store_file(location);
  if (target.empty()) return base::fail("a store in memory cannot be restored");
  if (auto sound = check_backup(file); !sound) return base::fail(sound.error());
  if (auto settled = settle_former(location); !settled) return base::fail(settled.error());
  const WorkingCopy copy(target + ".restoring");
  // Through the store, which reads a snapshot: the file may be one that is in use.
  if (auto copied = store::backup("sqlite:" + file, copy.path()); !copied) {
    return base::fail(copied.error());
  }
  RestoreReport report;
  if (auto done = bring_up(copy, target, keeper, clock, report); !done) {
    return base::fail(done.error());
  }
  if (auto done = put_in_place(copy, target, report); !done) return base::fail(done.error());
  return report;
}

}  // namespace nurtured::daemon

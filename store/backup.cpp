#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

#include "store/location.h"
#include "store/lock.h"
#include "store/store.h"

namespace nurtured::store {
namespace {

using sqlite::Connection;
using sqlite::Statement;

Result<void> sync_file(const std::string& path, int flags) {
  auto file = open_file(path, flags);
  if (!file) return base::fail(std::move(file.error()));
  if (::fsync(file->descriptor()) == 0) return {};
  return base::fail(system_error(errno, "cannot write the backup", path));
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

// VACUUM INTO reads one snapshot, beside the writer, and leaves deleted rows behind.
Result<void> copy_into(Connection& connection, const std::string& path) {
  // Made empty first, for the mode 0600; an empty target is the one that VACUUM INTO takes.
  if (auto made = open_file(path, O_RDWR | O_CREAT | O_EXCL); !made) {
    return base::fail(std::move(made.error()));
  }
  Statement copy(connection, "VACUUM INTO ?");
  if (auto done = copy.bind(path).run(); !done) return done;
  return sync_file(path, O_RDONLY);
}

}  // namespace

Result<void> backup(std::string_view location, const std::string& target) {
  const auto path = file_in(location);
  if (!path) return base::fail(path.error());
  auto connection = open_to_read(*path);
  if (!connection) return base::fail(std::move(connection.error()));
  // Under the final name there is nothing or a whole backup, never half of one.
  const std::string partial = target + ".partial";
  auto done = copy_into(*connection, partial);
  if (done && ::link(partial.c_str(), target.c_str()) != 0) {
    done = base::fail(system_error(errno, "cannot write the backup", target));
  }
  const bool is_ours =
      done || done.error().kind != base::ErrorKind::conflict || done.error().place.path == target;
  if (is_ours && ::unlink(partial.c_str()) != 0 && done) {
    done = base::fail(system_error(errno, "cannot finish the backup", partial));
  }
  if (done) done = sync_file(folder_of(target), O_RDONLY | O_DIRECTORY);
  return done;
}

Result<std::vector<std::string>> check(std::string_view location) {
  const auto path = file_in(location);
  if (!path) return base::fail(path.error());
  auto connection = open_to_read(*path);
  if (!connection) return base::fail(std::move(connection.error()));
  std::vector<std::string> faults;
  Statement pages(*connection, "PRAGMA integrity_check");
  auto done = pages.each([&]() -> Result<void> {
    if (pages.text(0) != "ok") faults.emplace_back(pages.text(0));
    return {};
  });
  Statement timers(*connection,
                   "SELECT 'contact ' || id || ' has no timer' FROM contacts WHERE wake IS NOT "
                   "NULL AND NOT EXISTS(SELECT 1 FROM timers WHERE due = wake AND contact = id) "
                   "UNION ALL SELECT 'the timer of contact ' || contact || ' is not its own' FROM "
                   "timers WHERE NOT EXISTS(SELECT 1 FROM contacts WHERE id = contact AND wake = "
                   "due)");
  if (done) {
    done = timers.each([&]() -> Result<void> {
      faults.emplace_back(timers.text(0));
      return {};
    });
  }
  if (!done) return base::fail(std::move(done.error()));
  return faults;
}

}  // namespace nurtured::store

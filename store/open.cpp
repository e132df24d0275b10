#include <fcntl.h>

#include "store/location.h"
#include "store/schema.h"
#include "store/sqlite_store.h"

namespace nurtured::store {
namespace {

using sqlite::Connection;

Result<void> expect(Connection& connection, const std::string& pragma, const std::string& value) {
  auto found = connection.text("PRAGMA " + pragma);
  if (!found) return base::fail(std::move(found.error()));
  if (*found == value) return {};
  return base::fail(base::ErrorKind::disk,
                    "SQLite keeps " + pragma + " at " + *found + " instead of " + value,
                    "put the store on a local file system");
}

std::string cache_pragma(std::size_t bytes) {
  return "PRAGMA cache_size = -" + std::to_string(bytes / 1024) + ";";
}

// WAL with FULL loses nothing in a power cut, every other pairing
// may, and SQLite falls back to others without an error. So both are set and then asked for.
Result<void> configure_file(Connection& connection, const Options& options) {
  const bool full = options.durability == Durability::full;
  const std::string settings =
      "PRAGMA journal_mode = WAL;"
      "PRAGMA wal_autocheckpoint = 0;"
      "PRAGMA journal_size_limit = 67108864;"
      "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;" +
      cache_pragma(options.cache_bytes) + "PRAGMA synchronous = " + (full ? "FULL" : "NORMAL");
  if (auto done = connection.execute(settings); !done) return done;
  if (auto done = expect(connection, "journal_mode", "wal"); !done) return done;
  if (auto done = expect(connection, "synchronous", full ? "2" : "1"); !done) return done;
  return expect(connection, "secure_delete", "1");
}

Result<std::unique_ptr<Store>> finish(SqliteStore::Parts parts, const Options& options,
                                      const std::string& copy_path) {
  auto ready = migrate(parts.connection, migrations(), copy_path);
  if (!ready) return base::fail(std::move(ready.error()));
  auto store = SqliteStore::make(std::move(parts), options);
  if (!store) return base::fail(std::move(store.error()));
  return std::move(*store);
}

Result<std::unique_ptr<Store>> open_memory(const Options& options) {
  auto connection =
      Connection::open(std::string(memory_path), Connection::Mode::read_write, options.vfs);
  if (!connection) return base::fail(std::move(connection.error()));
  auto done = connection->execute("PRAGMA foreign_keys = ON; PRAGMA secure_delete = OFF;" +
                                  cache_pragma(options.cache_bytes));
  if (!done) return base::fail(std::move(done.error()));
  return finish({.connection = std::move(*connection)}, options, {});
}

Result<std::unique_ptr<Store>> open_database(const std::string& path, const Options& options) {
  auto lock = lock_store(path + ".lock");
  if (!lock) return base::fail(std::move(lock.error()));
  // Made here and not by SQLite, for the mode 0600, which the WAL then takes over. Closed again
  // before SQLite opens it: closing any descriptor of a file gives up the process's locks on it.
  if (auto made = open_file(path, O_RDWR | O_CREAT); !made) {
    return base::fail(std::move(made.error()));
  }
  auto connection = Connection::open(path, Connection::Mode::read_write, options.vfs);
  if (!connection) return base::fail(std::move(connection.error()));
  // Looked at before anything is changed: it may be another program's.
  auto version = usable_version(*connection, migrations().size());
  if (!version) return base::fail(std::move(version.error()));
  auto ready = configure_file(*connection, options);
  if (!ready) return base::fail(std::move(ready.error()));
  auto journal = JournalFile::open(path);
  if (!journal) return base::fail(std::move(journal.error()));
  return finish({.lock = std::move(*lock),
                 .journal = std::move(*journal),
                 .connection = std::move(*connection)},
                options, path + ".v" + std::to_string(*version) + ".bak");
}

}  // namespace

Result<std::unique_ptr<Store>> open(std::string_view location, const Options& options) {
  auto path = path_in(location);
  if (!path) return base::fail(std::move(path.error()));
  return *path == memory_path ? open_memory(options) : open_database(*path, options);
}

}  // namespace nurtured::store

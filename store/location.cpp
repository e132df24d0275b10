#include "store/location.h"

#include <cerrno>

#include <unistd.h>

#include "store/lock.h"
#include "store/schema.h"

namespace nurtured::store {

using base::Result;
using sqlite::Connection;

Result<std::string> path_in(std::string_view location) {
  constexpr std::string_view scheme = "sqlite:";
  if (!location.starts_with(scheme) || location.size() == scheme.size()) {
    // Not its whole text: a URL of another sort may hold a password.
    return base::fail("\"" + std::string(location.substr(0, location.find(':'))) +
                          "\" is no kind of store that this build has",
                      "write sqlite:FILE or sqlite::memory:");
  }
  return std::string(location.substr(scheme.size()));
}

Result<std::string> file_in(std::string_view location) {
  auto path = path_in(location);
  if (path && *path == memory_path) {
    return base::fail("a store in memory is seen by its own process alone",
                      "name a file in `store`");
  }
  return path;
}

Result<Connection> open_to_read(const std::string& path) {
  // SQLite tells nothing of why a file cannot be opened. Not by opening it here: closing it would
  // give up the locks that this process may have on it.
  if (::access(path.c_str(), R_OK) != 0) {
    return base::fail(system_error(errno, "cannot open the store", path));
  }
  auto connection = Connection::open(path, Connection::Mode::read_only);
  if (!connection) return connection;
  auto version = usable_version(*connection, migrations().size());
  if (!version) return base::fail(std::move(version.error()));
  if (*version < static_cast<std::int64_t>(migrations().size())) {
    return base::fail("the store is of an older release, or empty",
                      "start the daemon once to migrate it");
  }
  return connection;
}

}  // namespace nurtured::store

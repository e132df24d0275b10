#include <sqlite3.h>

#include "store/location.h"
#include "store/names.h"
#include "store/queries.h"
#include "store/store.h"

namespace nurtured::store {
namespace {

// Instructions of SQLite's machine between two looks at the clock: well under a millisecond.
constexpr int instructions_between_looks = 10'000;
// Readers are many and their pages are the system's cache's too.
constexpr int cache_kib = 2048;

class SqliteReader final : public Answering<Reader> {
 public:
  SqliteReader(sqlite::Connection connection, const base::Clock& clock)
      : connection_(std::move(connection)),
        names_(connection_),
        queries_(connection_, names_),
        clock_(clock) {
    sqlite3_progress_handler(
        connection_.handle(), instructions_between_looks,
        [](void* context) {
          const auto& reader = *static_cast<SqliteReader*>(context);
          return reader.clock_.now() > reader.ends_ ? 1 : 0;
        },
        this);
  }

 protected:
  Queries& ask() override {
    ends_ = clock_.now() + reader_time_max;
    return queries_;
  }

 private:
  sqlite::Connection connection_;
  NameTable names_;
  Queries queries_;
  const base::Clock& clock_;
  Instant ends_;  // of the question under way
};

}  // namespace

Result<std::unique_ptr<Reader>> open_reader(std::string_view location, const base::Clock& clock) {
  const auto path = file_in(location);
  if (!path) return base::fail(path.error());
  auto connection = open_to_read(*path);
  if (!connection) return base::fail(std::move(connection.error()));
  auto ready = connection->execute("PRAGMA query_only = ON; PRAGMA cache_size = -" +
                                   std::to_string(cache_kib));
  if (!ready) return base::fail(std::move(ready.error()));
  return std::make_unique<SqliteReader>(std::move(*connection), clock);
}

}  // namespace nurtured::store

#include "store/schema.h"

#include <fstream>

#include "tests/catch.h"
#include "tests/store/scratch.h"

using namespace nurtured;
using namespace nurtured::store;
using namespace nurtured::store::testing;
using sqlite::Connection;

namespace {

// A history of releases: the real first one, and two made up.
const std::array<Migration, 3> releases = {
    migrations()[0],
    Migration{"ALTER TABLE counters ADD COLUMN unit TEXT; UPDATE counters SET unit = 'old';"},
    Migration{"CREATE TABLE more(id INTEGER PRIMARY KEY) STRICT;"}};

Connection fresh(const Scratch& scratch) {
  std::ofstream(scratch.path(), std::ios::app);
  return need(Connection::open(scratch.path(), Connection::Mode::read_write));
}

}  // namespace

TEST_CASE("an empty file gets all migrations and no copy") {
  const Scratch scratch;
  auto connection = fresh(scratch);
  need(migrate(connection, releases, scratch.path("copy")));
  CHECK(need(connection.number("PRAGMA user_version")) == 3);
  CHECK(need(connection.number("PRAGMA application_id")) == application_id);
  CHECK_FALSE(std::filesystem::exists(scratch.path("copy")));
}

TEST_CASE("an older file is copied, then migrated with what it holds") {
  const Scratch scratch;
  auto connection = fresh(scratch);
  need(migrate(connection, std::span(releases).first(1), {}));
  need(connection.execute("INSERT INTO counters VALUES('sent', 7)"));
  need(migrate(connection, releases, scratch.path("copy")));
  CHECK(need(connection.number("PRAGMA user_version")) == 3);
  CHECK(need(connection.text("SELECT unit FROM counters")) == "old");
  auto copy = need(Connection::open(scratch.path("copy"), Connection::Mode::read_only));
  CHECK(need(copy.number("PRAGMA user_version")) == 1);
  CHECK(need(copy.number("SELECT count FROM counters")) == 7);
  need(migrate(connection, releases, scratch.path("never")));
  CHECK_FALSE(std::filesystem::exists(scratch.path("never")));
}

TEST_CASE("a migration that fails leaves the file as it was") {
  const Scratch scratch;
  auto connection = fresh(scratch);
  need(migrate(connection, std::span(releases).first(1), {}));
  const std::array broken = {releases[0], releases[1], Migration{"CREATE TABLE more(x; nonsense"}};
  CHECK_FALSE(migrate(connection, broken, scratch.path("copy")));
  CHECK(need(connection.number("PRAGMA user_version")) == 1);
  CHECK_FALSE(connection.number("SELECT count(unit) FROM counters").has_value());
}

TEST_CASE("a newer file is refused unless it says that this release may use it") {
  const Scratch scratch;
  {
    auto connection = fresh(scratch);
    need(migrate(connection, releases, {}));
  }
  const auto set = [&](int usable) {
    auto connection = fresh(scratch);
    need(connection.execute("UPDATE progress SET value = " + std::to_string(usable) +
                            " WHERE name = 'usable_from'"));
  };
  set(static_cast<int>(migrations().size()) + 1);
  const auto refused = open(scratch.location());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == base::ErrorKind::invalid);
  CHECK(refused.error().message.find("newer release") != std::string::npos);
  set(1);
  CHECK(open(scratch.location()));
}

TEST_CASE("what is no database of ours is refused and left alone") {
  const Scratch scratch;
  SECTION("another program's") {
    auto connection = fresh(scratch);
    need(connection.execute("CREATE TABLE theirs(x); PRAGMA user_version = 1"));
  }
  SECTION("another program's that has a mark") {
    auto connection = fresh(scratch);
    need(connection.execute("PRAGMA application_id = 7"));
  }
  SECTION("no database at all") {
    std::ofstream(scratch.path()) << std::string(5000, 'x');
  }
  SECTION("a text") {
    std::ofstream(scratch.path()) << "store: sqlite:nurtured.db\n";
  }
  std::ifstream in(scratch.path(), std::ios::binary);
  const std::string before{std::istreambuf_iterator<char>(in), {}};
  const auto refused = open(scratch.location());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == base::ErrorKind::invalid);
  std::ifstream again(scratch.path(), std::ios::binary);
  CHECK(std::string{std::istreambuf_iterator<char>(again), {}} == before);
}

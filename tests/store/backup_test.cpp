#include <fstream>

#include "store/sqlite.h"
#include "tests/catch.h"
#include "tests/store/samples.h"
#include "tests/store/scratch.h"

using namespace nurtured;
using namespace nurtured::store;
using namespace nurtured::store::testing;

namespace {

void fill(Store& store, std::int64_t from, std::int64_t to) {
  Batch batch;
  for (std::int64_t id = from; id <= to; ++id) add_arrival(batch, ContactId{id}, sample_time);
  need(store.commit(batch));
}

}  // namespace

TEST_CASE("a backup of a running store is a store") {
  const Scratch scratch;
  const auto store = opened(scratch.location());
  fill(*store, 1, 200);
  need(backup(scratch.location(), scratch.path("copy.db")));
  fill(*store, 201, 300);
  const auto copy = opened(scratch.location("copy.db"));
  CHECK(need(copy->waiting()) == 200);
  CHECK(need(copy->contact(ContactId{7}))->contact == waiting_contact(ContactId{7}));
  CHECK(need(check(scratch.location("copy.db"))).empty());
  CHECK_FALSE(std::filesystem::exists(scratch.path("copy.db.partial")));
}

TEST_CASE("a backup overwrites nothing") {
  const Scratch scratch;
  const auto store = opened(scratch.location());
  std::ofstream(scratch.path("taken")) << "mine";
  const auto refused = backup(scratch.location(), scratch.path("taken"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == base::ErrorKind::conflict);
  CHECK(std::filesystem::file_size(scratch.path("taken")) == 4);
  CHECK_FALSE(std::filesystem::exists(scratch.path("taken.partial")));
  CHECK_FALSE(backup(scratch.location(), scratch.path("no/folder")));
  CHECK_FALSE(backup(scratch.location("none.db"), scratch.path("copy")));
  CHECK_FALSE(backup("sqlite::memory:", scratch.path("copy")));
}

TEST_CASE("a check tells of timers that are not their contact's") {
  const Scratch scratch;
  {
    const auto store = opened(scratch.location());
    fill(*store, 1, 3);
  }
  CHECK(need(check(scratch.location())).empty());
  auto connection =
      need(sqlite::Connection::open(scratch.path(), sqlite::Connection::Mode::read_write));
  need(connection.execute("UPDATE timers SET due = due + 1 WHERE contact = 2"));
  CHECK(need(check(scratch.location())).size() == 2);
}

TEST_CASE("a damaged contact is named, a damaged address is sent nothing, the others are loaded") {
  const Scratch scratch;
  fill(*opened(scratch.location()), 1, 3);
  {
    auto connection =
        need(sqlite::Connection::open(scratch.path(), sqlite::Connection::Mode::read_write));
    need(
        connection.execute("UPDATE contacts SET state = x'ffff' WHERE id = 2;"
                           "UPDATE addresses SET state = x'ffff' WHERE key LIKE '%user-3@%'"));
  }
  const auto store = opened(scratch.location());
  LoadRequest request;
  request.contacts = {ContactId{1}, ContactId{2}, ContactId{3}};
  const Loaded loaded = need(store->load(request));
  CHECK(loaded.contacts.size() == 2);
  CHECK(loaded.damaged == std::vector{ContactId{2}});
  REQUIRE(loaded.addresses.size() == 2);
  CHECK_FALSE(loaded.addresses[0].suppression.has_value());
  CHECK(loaded.addresses[1].suppression->scope == rules::SuppressionScope::all);
  const auto alone = store->contact(ContactId{2});
  REQUIRE_FALSE(alone);
  CHECK(alone.error().kind == base::ErrorKind::invalid);
}

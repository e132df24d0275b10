#include "store/lock.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tests/catch.h"
#include "tests/store/scratch.h"

using namespace nurtured;
using namespace nurtured::store;
using namespace nurtured::store::testing;

TEST_CASE("two never have one store, and the second is told who has it") {
  const Scratch scratch;
  auto first = opened(scratch.location());
  const auto second = open(scratch.location());
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == base::ErrorKind::conflict);
  CHECK(second.error().message.find("process " + std::to_string(::getpid())) != std::string::npos);
  first.reset();
  CHECK(open(scratch.location()));
}

TEST_CASE("stores in memory are as many as are opened") {
  const auto first = opened("sqlite::memory:");
  const auto second = opened("sqlite::memory:");
  Batch batch;
  batch.meta = {{"a", "b"}};
  need(first->commit(batch));
  CHECK_FALSE(need(second->meta("a")).has_value());
}

TEST_CASE("locations that name no store are refused, and no password is repeated") {
  const auto location = GENERATE(as<std::string>(), "", "sqlite", "sqlite:", "nurtured.db",
                                 "postgresql://u:secret@host/db", "SQLITE:x",
                                 ":memory:", "sqlite//x", " sqlite:x", "file:x");
  const auto store = open(location);
  REQUIRE_FALSE(store);
  CHECK(store.error().kind == base::ErrorKind::invalid);
  CHECK(store.error().message.find("secret") == std::string::npos);
}

TEST_CASE("a folder that is not there, and one that may not be written, are told apart") {
  const Scratch scratch;
  const auto missing = open(scratch.location("none/nurtured.db"));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == base::ErrorKind::not_found);
  REQUIRE(::mkdir(scratch.path("folder.db").c_str(), 0700) == 0);
  const auto folder = open(scratch.location("folder.db"));
  REQUIRE_FALSE(folder);
  CHECK(folder.error().kind == base::ErrorKind::disk);
}

TEST_CASE("the store's files are their owner's alone") {
  const Scratch scratch;
  const auto store = opened(scratch.location());
  Batch batch;
  batch.meta = {{"a", "b"}};
  need(store->commit(batch));
  for (const char* name :
       {"nurtured.db", "nurtured.db-wal", "nurtured.db.lock", "nurtured.db.journal"}) {
    struct stat status{};
    INFO(name);
    REQUIRE(::stat(scratch.path(name).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
}

#include "store/journal.h"
#include "tests/catch.h"
#include "tests/store/faulty_vfs.h"
#include "tests/store/samples.h"
#include "tests/store/scratch.h"

using namespace nurtured;
using namespace nurtured::store;
using namespace nurtured::store::testing;
using std::chrono::days;
using std::chrono::hours;

namespace {

constexpr std::int64_t before = 20;
constexpr std::int64_t after = 60;

// All that a batch can hold: more contacts, one merged away, one whose timer moves.
Batch second_batch() {
  Batch batch;
  for (std::int64_t id = before + 1; id <= after; ++id) {
    add_arrival(batch, ContactId{id}, sample_time + hours{1});
  }
  batch.contacts.push_back({.contact = waiting_contact(ContactId{1}),
                            .wake_before = sample_time + days{2},
                            .wake = sample_time + days{9}});
  batch.merges.emplace_back(Merge{ContactId{2}, ContactId{1}}, sample_time + days{2});
  batch.deliveries = {delivery_of(ContactId{1}, "1.1.1.0.email", rules::DeliveryChange::departed)};
  batch.counters = {{"sent", 1}};
  batch.meta = {{"state", "after"}};
  batch.journal = {DepartureRecord{.at = sample_time,
                                   .contact = ContactId{1},
                                   .to = {"email", "user-1@example.org"},
                                   .delivery = "1.1.1.0.email"}};
  return batch;
}

void make_first(Store& store) {
  Batch batch;
  for (std::int64_t id = 1; id <= before; ++id) add_arrival(batch, ContactId{id}, sample_time);
  batch.meta = {{"state", "before"}};
  need(store.commit(batch));
}

// Everything of the second batch is there, or nothing; tells which.
bool is_after(Store& store) {
  const bool done = need(store.meta("state")) == "after";
  CHECK(need(store.waiting()) == (done ? after - 1 : before));
  CHECK(need(store.counters()).size() == (done ? 1 : 0));
  CHECK(need(store.delivery("1.1.1.0.email")).has_value() == done);
  LoadRequest request;
  for (std::int64_t id = 1; id <= after; ++id) {
    request.contacts.push_back(ContactId{id});
    request.message_ids.push_back(dedup_key("key", "user-" + std::to_string(id)));
  }
  const Loaded loaded = need(store.load(request));
  CHECK(loaded.contacts.size() == (done ? after - 1 : before));
  CHECK(loaded.merged.size() == (done ? 1 : 0));
  CHECK(std::ranges::count(loaded.known, true) == (done ? after : before));
  CHECK(loaded.contacts[0].wake == sample_time + days{done ? 9 : 2});
  return done;
}

struct Fixture {
  Scratch scratch;
  FaultyVfs vfs;
  std::unique_ptr<Store> store;

  Fixture() {
    make_first(*opened(scratch.location()));
    store = opened(scratch.location(), {.vfs = vfs.name()});
  }
};

}  // namespace

TEST_CASE("a full disk at any write undoes the batch, and the store goes on when there is room") {
  const bool lasting = GENERATE(false, true);
  int failed = 0;
  for (int n = 1;; ++n) {
    REQUIRE(n < 1000);
    Fixture fixture;
    fixture.vfs.faults().clear();
    fixture.vfs.faults().fail_write = n;
    fixture.vfs.faults().lasting = lasting;
    const auto done = fixture.store->commit(second_batch());
    if (fixture.vfs.faults().failed == 0) {
      need(done);
      break;
    }
    ++failed;
    INFO("write " << n);
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == base::ErrorKind::disk);
    CHECK_FALSE(is_fatal(done.error()));
    CHECK_FALSE(is_after(*fixture.store));
    CHECK(need(read_journal(fixture.scratch.path(), base::instant_min)).records.empty());
    fixture.vfs.faults().clear();
    need(fixture.store->commit(second_batch()));
    CHECK(is_after(*fixture.store));
    fixture.store.reset();
    fixture.store = opened(fixture.scratch.location());
    CHECK(is_after(*fixture.store));
    CHECK(need(check(fixture.scratch.location())).empty());
  }
  CHECK(failed > 5);
}

TEST_CASE("a failed fsync is told as fatal, and reopening shows all of the batch or nothing") {
  int failed = 0;
  for (int n = 1;; ++n) {
    REQUIRE(n < 100);
    Fixture fixture;
    fixture.vfs.faults().clear();
    fixture.vfs.faults().fail_sync = n;
    const auto done = fixture.store->commit(second_batch());
    if (fixture.vfs.faults().failed == 0) break;
    ++failed;
    INFO("sync " << n);
    REQUIRE_FALSE(done);
    CHECK(is_fatal(done.error()));
    fixture.vfs.faults().clear();
    fixture.store.reset();
    fixture.store = opened(fixture.scratch.location());
    is_after(*fixture.store);
    CHECK(need(check(fixture.scratch.location())).empty());
  }
  CHECK(failed > 0);
}

TEST_CASE("faults in what maintain does are told, and lose nothing") {
  const bool sync = GENERATE(false, true);
  for (int n = 1;; n += 3) {
    REQUIRE(n < 2000);
    Fixture fixture;
    need(fixture.store->commit(second_batch()));
    Batch large;  // enough for a checkpoint
    large.meta = {{"large", std::string(5U << 20, 'x')}};
    need(fixture.store->commit(large));
    fixture.vfs.faults().clear();
    (sync ? fixture.vfs.faults().fail_sync : fixture.vfs.faults().fail_write) = n;
    bool told = false;
    for (base::Result<bool> more = true; more.value_or(false);) {
      more = fixture.store->maintain(sample_time + days{1});
      if (!more) {
        told = true;
        CHECK(is_fatal(more.error()) == sync);
      }
    }
    if (fixture.vfs.faults().failed == 0) break;
    INFO("fault " << n);
    CHECK(told);
    fixture.vfs.faults().clear();
    if (sync) {
      fixture.store.reset();
      fixture.store = opened(fixture.scratch.location());
    }
    maintain_all(*fixture.store, sample_time + days{1});
    CHECK(is_after(*fixture.store));
    CHECK(need(fixture.store->timeline(ContactId{1}, 100)).size() == 9);
    fixture.store.reset();
    CHECK(need(check(fixture.scratch.location())).empty());
    if (n > 30 && !sync) n += 60;  // a checkpoint's pages are all alike
  }
}

TEST_CASE("killed after any write, a store comes back with all of the batch or nothing") {
  Fixture fixture;
  int copies = 0;
  int afters = 0;
  std::vector<std::string> names;
  fixture.vfs.faults().clear();
  fixture.vfs.faults().after_write = [&] {
    const std::string name = "copy" + std::to_string(++copies) + ".db";
    for (const char* suffix : {"", "-wal"}) {
      const std::string from = fixture.scratch.path("nurtured.db") + suffix;
      if (std::filesystem::exists(from)) {
        std::filesystem::copy_file(from, fixture.scratch.path(name) + suffix);
      }
    }
    names.push_back(name);
  };
  need(fixture.store->commit(second_batch()));
  fixture.vfs.faults().clear();
  REQUIRE(copies > 5);
  for (const std::string& name : names) {
    const auto store = opened(fixture.scratch.location(name));
    afters += is_after(*store) ? 1 : 0;
    CHECK(need(check(fixture.scratch.location(name))).empty());
  }
  CHECK(afters < copies);
  CHECK(is_after(*fixture.store));
}

#include "store/sqlite.h"
#include "tests/catch.h"
#include "tests/store/samples.h"
#include "tests/store/scratch.h"

using namespace nurtured;
using namespace nurtured::store;
using namespace nurtured::store::testing;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

std::int64_t rows(const Scratch& scratch, const std::string& table) {
  auto connection =
      need(sqlite::Connection::open(scratch.path(), sqlite::Connection::Mode::read_only));
  return need(connection.number("SELECT count(*) FROM " + table));
}

void commit_arrival(Store& store, std::int64_t id, Instant at) {
  Batch batch;
  add_arrival(batch, ContactId{id}, at);
  need(store.commit(batch));
}

}  // namespace

TEST_CASE("events, decisions and notifications go when their time is over, deliveries stay") {
  const Scratch scratch;
  const auto store =
      opened(scratch.location(), {.keep_events = days{10}, .keep_decisions = days{5}});
  Batch batch;
  for (int day = 0; day < 3; ++day) {
    commit_arrival(*store, 1 + day, sample_time + days{day});
    batch.notifications = {{.at = sample_time + days{day}, .text = "note"}};
    batch.deliveries = {delivery_of(ContactId{1}, std::to_string(day),
                                    rules::DeliveryChange::departed, sample_time + days{day})};
    need(store->commit(batch));
  }
  maintain_all(*store, sample_time + days{5});
  CHECK(rows(scratch, "timeline") == 9);
  maintain_all(*store, sample_time + days{6} + hours{1}, {.rows_max = 1});
  CHECK(rows(scratch, "decisions") == 1);
  CHECK(rows(scratch, "notifications") == 1);
  CHECK(rows(scratch, "events") == 3);
  CHECK(need(store->timeline(ContactId{1}, 100)).size() == 4);
  maintain_all(*store, sample_time + days{30});
  CHECK(rows(scratch, "decisions") == 0);
  CHECK(rows(scratch, "events") == 0);
  CHECK(rows(scratch, "deliveries") == 3);
  CHECK(rows(scratch, "timeline") == 3);
  CHECK(need(store->delivery("2")).has_value());
  CHECK(need(store->waiting()) == 3);
}

TEST_CASE("numbering goes on after all rows of a log have gone") {
  const Scratch scratch;
  {
    const auto store = opened(scratch.location(), {.keep_events = days{1}});
    commit_arrival(*store, 1, sample_time);
    maintain_all(*store, sample_time + days{2});
    CHECK(rows(scratch, "events") == 0);
  }
  const auto store = opened(scratch.location());
  commit_arrival(*store, 2, sample_time + days{2});
  maintain_all(*store, sample_time + days{3});
  const auto entries = need(store->timeline(ContactId{2}, 100));
  CHECK(std::ranges::count_if(entries, [](const auto& entry) {
          return std::holds_alternative<rules::Event>(entry.what);
        }) == 1);
}

TEST_CASE("few and fresh rows are left for later, many are indexed at once") {
  const Scratch scratch;
  const auto store = opened(scratch.location());
  commit_arrival(*store, 1, sample_time);
  CHECK_FALSE(need(store->maintain(sample_time)));
  CHECK(rows(scratch, "timeline") == 0);
  Batch batch;
  for (std::int64_t id = 2; id < 5100; ++id) {
    batch.events.push_back({ContactId{id}, checklist_event(sample_time)});
  }
  need(store->commit(batch));
  maintain_all(*store, sample_time, {.rows_max = 700});
  CHECK(rows(scratch, "timeline") == 700);  // few are left again
  maintain_all(*store, sample_time + minutes{2}, {.rows_max = 700});
  CHECK(rows(scratch, "timeline") == 5099 + 1);
}

TEST_CASE("the WAL is moved into the file and begun anew") {
  const Scratch scratch;
  const auto store = opened(scratch.location());
  const auto wal_bytes = [&] {
    return std::filesystem::file_size(scratch.path("nurtured.db-wal"));
  };
  std::uintmax_t most = 0;
  Batch batch;
  for (int round = 0; round < 40; ++round) {
    batch.meta = {{"large", std::string(1U << 20, static_cast<char>('a' + round % 26))}};
    need(store->commit(batch));
    maintain_all(*store, sample_time);
    most = std::max(most, wal_bytes());
  }
  CHECK(most < 8U << 20);
  CHECK(need(store->meta("large"))->size() == 1U << 20);
}

TEST_CASE("a store that is never maintained keeps its WAL bounded") {
  const Scratch scratch;
  const auto store = opened(scratch.location());
  Batch batch;
  std::uintmax_t most = 0;
  for (int round = 0; round < 60; ++round) {
    batch.meta = {{"large", std::string(4U << 20, static_cast<char>('a' + round % 26))}};
    need(store->commit(batch));
    most = std::max(most, std::filesystem::file_size(scratch.path("nurtured.db-wal")));
  }
  CHECK(most < 80U << 20);
}

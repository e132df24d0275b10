#include <thread>

#include "tests/catch.h"
#include "tests/store/samples.h"
#include "tests/store/scratch.h"

using namespace nurtured;
using namespace nurtured::store;
using namespace nurtured::store::testing;

namespace {

// Each look at it lets another second pass.
class HastyClock final : public base::Clock {
 public:
  Instant now() const override { return now_ += std::chrono::seconds{1}; }

 private:
  mutable Instant now_ = sample_time;
};

void fill(Store& store, std::int64_t from, std::int64_t to) {
  Batch batch;
  for (std::int64_t id = from; id <= to; ++id) add_arrival(batch, ContactId{id}, sample_time);
  need(store.commit(batch));
}

}  // namespace

TEST_CASE("a reader beside the writer sees each commit, and nothing of it before") {
  const Scratch scratch;
  const auto store = opened(scratch.location());
  fill(*store, 1, 1);
  const base::VirtualClock clock(sample_time);
  const auto reader = need(open_reader(scratch.location(), clock));
  CHECK(need(reader->waiting()) == 1);
  fill(*store, 2, 5);
  CHECK(need(reader->waiting()) == 5);
  CHECK(need(reader->contact(ContactId{3}))->contact == waiting_contact(ContactId{3}));
  CHECK(need(reader->timeline(ContactId{3}, 10)).size() == 4);
  CHECK(need(reader->find({IdentityKey::Kind::user, "user-4"})) == ContactId{4});
  CHECK(need(reader->standing()).size() == 1);
  CHECK_FALSE(need(reader->contact(ContactId{99})).has_value());
}

TEST_CASE("the log of events is read part by part, each event once, under who its contact is now") {
  const Scratch scratch;
  const auto store = opened(scratch.location());
  Batch batch;
  for (std::int64_t id = 1; id <= 25; ++id) {
    batch.events.push_back({ContactId{id},
                            {.name = "e" + std::to_string(id),
                             .occurred_at = sample_time,
                             .received_at = sample_time}});
  }
  need(store->commit(batch));
  Batch merge;
  merge.merges.push_back({{.from = ContactId{3}, .into = ContactId{1}}, std::nullopt});
  need(store->commit(merge));
  const base::VirtualClock clock(sample_time);
  const auto reader = need(open_reader(scratch.location(), clock));
  std::vector<EventRecord> events;
  std::int64_t row = 0;
  for (;;) {
    const EventPage page = need(reader->events_after(row, 10));
    CHECK(page.events.size() <= 10);
    if (page.last_row == row) break;
    row = page.last_row;
    events.insert(events.end(), page.events.begin(), page.events.end());
  }
  REQUIRE(events.size() == 25);
  CHECK(events[0].event.name == "e1");
  CHECK(events[2].contact == ContactId{1});
  CHECK(events[24].contact == ContactId{25});
}

TEST_CASE("the log of events is read backwards as well, the newest first") {
  const Scratch scratch;
  const auto store = opened(scratch.location());
  Batch batch;
  for (std::int64_t id = 1; id <= 25; ++id) {
    batch.events.push_back({ContactId{id},
                            {.name = "e" + std::to_string(id),
                             .occurred_at = sample_time,
                             .received_at = sample_time}});
  }
  need(store->commit(batch));
  const base::VirtualClock clock(sample_time);
  const auto reader = need(open_reader(scratch.location(), clock));
  std::vector<std::string> names;
  std::int64_t row = std::numeric_limits<std::int64_t>::max();
  for (;;) {
    const EventPage page = need(reader->events_before(row, 10));
    CHECK(page.events.size() <= 10);
    if (page.last_row == row) break;
    row = page.last_row;
    for (const EventRecord& record : page.events) names.push_back(record.event.name);
  }
  REQUIRE(names.size() == 25);
  CHECK(names.front() == "e25");
  CHECK(names.back() == "e1");
}

TEST_CASE("a reader works on a store that nobody has open") {
  const Scratch scratch;
  fill(*opened(scratch.location()), 1, 3);
  const base::VirtualClock clock(sample_time);
  CHECK(need(need(open_reader(scratch.location(), clock))->waiting()) == 3);
}

TEST_CASE("a question that takes too long ends as unavailable") {
  const Scratch scratch;
  const auto store = opened(scratch.location());
  fill(*store, 1, 20'000);
  const HastyClock clock;
  const auto reader = need(open_reader(scratch.location(), clock));
  const auto answer = reader->contacts_after(ContactId{}, 20'000);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == base::ErrorKind::unavailable);
  CHECK(need(reader->meta("none")) == std::nullopt);
}

TEST_CASE("readers of many threads go on while the writer commits") {
  const Scratch scratch;
  const auto store = opened(scratch.location());
  fill(*store, 1, 10);
  const base::VirtualClock clock(sample_time);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const auto reader = open_reader(scratch.location(), clock);
      std::int64_t before = 0;
      for (int round = 0; round < 100; ++round) {
        // Contacts and the count of their steps are written together and must be read so.
        const auto waiting = reader ? (*reader)->waiting() : base::Result<std::int64_t>(-1);
        if (!waiting || *waiting < before || *waiting % 10 != 0) ++wrong;
        before = waiting.value_or(0);
      }
    });
  }
  for (std::int64_t from = 11; from < 500; from += 10) {
    fill(*store, from, from + 9);
    maintain_all(*store, sample_time);
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("there is nothing to read where no store was made") {
  const Scratch scratch;
  const base::VirtualClock clock(sample_time);
  const auto missing = open_reader(scratch.location(), clock);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == base::ErrorKind::not_found);
  const auto memory = open_reader("sqlite::memory:", clock);
  REQUIRE_FALSE(memory);
  CHECK(memory.error().kind == base::ErrorKind::invalid);
}

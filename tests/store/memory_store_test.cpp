// What the engine asks, MemoryStore answers as SQLite does, whatever was written.
#include "store/memory_store.h"

#include <rapidcheck.h>

#include "base/random.h"
#include "tests/catch.h"
#include "tests/store/random_records.h"
#include "tests/store/samples.h"
#include "tests/store/scratch.h"

using namespace nurtured;
using namespace nurtured::store;
using namespace nurtured::store::testing;

namespace {

// Both stores, given the same batches.
struct Pair {
  std::unique_ptr<Store> sqlite = need(open("sqlite::memory:"));
  MemoryStore memory;

  void commit(const Batch& batch) {
    need(sqlite->commit(batch));
    need(memory.commit(batch));
  }
};

void check_same(const Loaded& left, const Loaded& right) {
  CHECK(left.identities == right.identities);
  CHECK(left.known == right.known);
  CHECK(left.contacts == right.contacts);
  CHECK(left.merged == right.merged);
  CHECK(left.addresses == right.addresses);
}

void check_same(Pair& pair, const LoadRequest& request) {
  check_same(need(pair.sqlite->load(request)), need(pair.memory.load(request)));
  CHECK(need(pair.sqlite->next_due()) == need(pair.memory.next_due()));
  for (const std::size_t max : {1U, 3U, 100U}) {
    for (const int hours : {-1, 0, 5, 1000}) {
      const Instant until = sample_time + std::chrono::hours{hours};
      CHECK(need(pair.sqlite->due(until, max)) == need(pair.memory.due(until, max)));
    }
  }
}

// A few contacts, identities and addresses that meet again and again.
constexpr std::int64_t contacts = 6;

ContactId some_contact(base::Random& random) {
  return {static_cast<std::int64_t>(random.below(contacts)) + 1};
}

IdentityKey some_identity(base::Random& random) {
  return {random.below(2) == 0 ? IdentityKey::Kind::user : IdentityKey::Kind::anonymous,
          "u" + std::to_string(random.below(5))};
}

DedupKey some_message(base::Random& random) {
  return dedup_key("key", std::to_string(random.below(8)));
}

LoadRequest some_request(base::Random& random) {
  LoadRequest request;
  for (std::size_t i = random.below(4); i > 0; --i) {
    request.contacts.push_back(some_contact(random));
    request.identities.push_back(some_identity(random));
    request.message_ids.push_back(some_message(random));
    request.addresses.push_back({"email", "a" + std::to_string(random.below(4)) + "@example.org"});
  }
  return request;
}

// One that an engine could write after it has loaded its contact.
Batch some_batch(base::Random& random, Pair& pair, int round) {
  Batch batch;
  batch.now = sample_time + std::chrono::minutes{round};
  const ContactId id = some_contact(random);
  LoadRequest request;
  request.contacts = {id};
  const Loaded loaded = need(pair.sqlite->load(request));
  if (!loaded.merged.empty()) return batch;
  const auto wake_before =
      loaded.contacts.empty() ? std::optional<Instant>() : loaded.contacts.front().wake;
  const ContactId other = some_contact(random);
  request.contacts = {other};
  const Loaded target = need(pair.sqlite->load(request));
  if (!loaded.contacts.empty() && other != id && target.merged.empty() &&
      !target.contacts.empty() && random.below(4) == 0) {
    batch.merges.push_back({{.from = id, .into = other}, wake_before});
    batch.identities.push_back({some_identity(random), other});
    return batch;
  }
  rules::Contact contact = waiting_contact(id, batch.now);
  contact.addresses["email"] = "a" + std::to_string(random.below(4)) + "@example.org";
  contact.score = static_cast<double>(random.below(100));
  const auto wake = random.below(3) == 0
                        ? std::optional<Instant>()
                        : sample_time + std::chrono::hours{static_cast<int>(random.below(10))};
  batch.addresses.push_back(address_of(contact));
  batch.contacts.push_back({std::move(contact), wake_before, wake});
  batch.identities.push_back({some_identity(random), id});
  batch.message_ids.push_back(some_message(random));
  return batch;
}

}  // namespace

TEST_CASE("a store in memory answers as SQLite does, whatever is written") {
  CHECK(rc::check([](std::uint64_t seed) {
    base::Random random(seed);
    Pair pair;
    for (int round = 0; round < 40; ++round) {
      pair.commit(some_batch(random, pair, round));
      check_same(pair, some_request(random));
    }
  }));
}

TEST_CASE("a store in memory forgets messages on the day on which SQLite does") {
  Pair pair;
  LoadRequest request;
  request.message_ids = {dedup_key("key", "message")};
  Batch batch;
  batch.now = sample_time;
  batch.message_ids = request.message_ids;
  pair.commit(batch);
  bool is_known = true;
  for (int day = 0; day < 10; ++day) {
    const Instant now = sample_time + std::chrono::days{day};
    while (need(pair.sqlite->maintain(now, {}))) {
    }
    need(pair.memory.maintain(now));
    is_known = need(pair.memory.load(request)).known.at(0);
    INFO(day);
    CHECK(is_known == need(pair.sqlite->load(request)).known.at(0));
    CHECK(is_known == (day <= 7));
  }
}

TEST_CASE("a store in memory gives numbers that no contact has") {
  MemoryStore store;
  const ContactId first = store.allocate();
  CHECK(first);
  CHECK(store.allocate() != first);
}

TEST_CASE("a store in memory knows the last change of a delivery") {
  Pair pair;
  const auto states = [&](const std::string& key) {
    const auto kept = need(pair.sqlite->delivery(key));
    const auto known = need(pair.memory.delivery(key));
    REQUIRE(kept.has_value() == known.has_value());
    if (!kept) return;
    CHECK(kept->change == known->change);
    CHECK(kept->contact == known->contact);
    CHECK(kept->at == known->at);
  };
  for (const auto change : {rules::DeliveryChange::ready, rules::DeliveryChange::committing,
                            rules::DeliveryChange::uncertain, rules::DeliveryChange::departed}) {
    Batch batch;
    batch.now = sample_time;
    batch.deliveries.push_back(delivery_of({1}, "1.1.1.1.email", change));
    pair.commit(batch);
    states("1.1.1.1.email");
    states("none");
  }
  Batch returned;
  returned.now = sample_time;
  returned.deliveries.push_back(delivery_of({2}, "2.1.1.1.email", rules::DeliveryChange::ready));
  pair.commit(returned);
  returned.deliveries.front().change = rules::DeliveryChange::returned;
  pair.commit(returned);
  states("2.1.1.1.email");
}

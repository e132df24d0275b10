// How deliveries are kept, found and listed.
#include "tests/catch.h"
#include "tests/store/both.h"

using namespace nurtured;
using namespace nurtured::store;
using namespace nurtured::store::testing;
using std::chrono::hours;

TEST_CASE_METHOD(Both, "a delivery is open until it has ended, and found by its key in both") {
  using enum rules::DeliveryChange;
  const auto write = [&](rules::DeliveryChange change, const std::string& key = "1.1.1.0.email") {
    Batch batch;
    batch.deliveries = {delivery_of(ContactId{1}, key, change)};
    need(store->commit(batch));
  };
  const auto count = [&](std::optional<rules::DeliveryChange> state) {
    return need(store->deliveries({.state = state})).size();
  };
  write(ready);
  write(ready);
  CHECK(count(ready) == 1);
  write(committing);
  CHECK(count(ready) == 0);
  CHECK(count(committing) == 1);
  write(uncertain);
  CHECK(need(store->delivery("1.1.1.0.email"))->change == uncertain);
  write(departed);
  CHECK(count(uncertain) == 0);
  CHECK(count(departed) == 1);
  write(ready, "2");
  write(returned, "2");
  write(ready, "3");
  write(refused, "3");
  CHECK(count(std::nullopt) == 2);
  CHECK(need(store->deliveries({.limit = 1})).size() == 1);
  const auto find_all = [&] {
    CHECK(need(store->delivery("1.1.1.0.email"))->change == departed);
    CHECK(need(store->delivery("3"))->change == refused);
    CHECK_FALSE(need(store->delivery("2")).has_value());
    CHECK(need(store->delivery("1.1.1.0.email"))->to ==
          rules::Address{"email", "user-1@example.org"});
  };
  find_all();
  maintain_all(*store, sample_time + hours{1});
  find_all();
}

TEST_CASE_METHOD(Both, "a delivery that came back is listed once, as it stands") {
  using enum rules::DeliveryChange;
  const auto write = [&](rules::DeliveryChange change, const std::string& key) {
    Batch batch;
    batch.deliveries = {delivery_of(ContactId{1}, key, change)};
    need(store->commit(batch));
  };
  const auto keys = [&](std::optional<rules::DeliveryChange> state) {
    std::vector<std::string> found;
    for (const auto& delivery : need(store->deliveries({.state = state}))) {
      found.push_back(delivery.key);
    }
    return found;
  };
  write(departed, "a");
  write(departed, "b");
  write(refused, "a");
  write(departed, "c");
  write(ready, "c");
  const auto look = [&] {
    CHECK(keys(departed) == std::vector<std::string>{"b"});
    CHECK(keys(refused) == std::vector<std::string>{"a"});
    CHECK(keys(std::nullopt).size() == 3);
  };
  look();
  maintain_all(*store, sample_time + hours{1});
  look();
  write(refused, "b");
  CHECK(keys(departed).empty());
}

TEST_CASE_METHOD(Both, "pages of deliveries have each once, whatever is between them") {
  using enum rules::DeliveryChange;
  Batch batch;
  for (int i = 0; i < 40; ++i) {
    // Some share a moment, and some that have ended are older than others that ended before.
    const Instant at = sample_time + std::chrono::seconds{(i * 7) % 10};
    const auto change = i % 3 == 0 ? ready : i % 3 == 1 ? departed : refused;
    batch.deliveries.push_back(delivery_of(ContactId{1}, std::to_string(i), change, at));
  }
  need(store->commit(batch));
  const auto state = GENERATE(std::optional<rules::DeliveryChange>(), std::optional(ready),
                              std::optional(departed));
  const auto page = GENERATE(values<std::size_t>({1, 3, 7, 40, 100}));
  const auto all = need(store->deliveries({.state = state}));
  std::vector<std::string> read;
  DeliveryQuery query{.state = state, .limit = page};
  for (auto found = need(store->deliveries(query)); !found.empty();
       found = need(store->deliveries(query))) {
    for (const auto& delivery : found) {
      read.push_back(delivery.key);
      query.after = after(query.after, delivery);
    }
  }
  std::vector<std::string> expected;
  for (const auto& delivery : all) expected.push_back(delivery.key);
  CHECK(read == expected);
  CHECK(expected.size() == (state ? (state == ready ? 14 : 13) : 40));
}

TEST_CASE_METHOD(Both, "of several changes to one delivery in a batch the last counts") {
  using enum rules::DeliveryChange;
  Batch batch;
  batch.deliveries = {delivery_of(ContactId{1}, "a", ready), delivery_of(ContactId{1}, "b", ready),
                      delivery_of(ContactId{1}, "a", returned),
                      delivery_of(ContactId{1}, "b", committing)};
  need(store->commit(batch));
  const auto open = need(store->deliveries({}));
  REQUIRE(open.size() == 1);
  CHECK(open[0].key == "b");
  CHECK(open[0].change == committing);
}

#include "store/dedup.h"

#include <set>

#include "base/random.h"
#include "tests/catch.h"
#include "tests/store/samples.h"
#include "tests/store/scratch.h"

using namespace nurtured;
using namespace nurtured::store;
using namespace nurtured::store::testing;
using std::chrono::days;
using std::chrono::hours;

namespace {

std::vector<DedupKey> keys_of(const std::string& name, int count) {
  std::vector<DedupKey> keys;
  for (int i = 0; i < count; ++i) keys.push_back(dedup_key(name, std::to_string(i)));
  return keys;
}

void remember(Store& store, const std::vector<DedupKey>& keys, Instant now) {
  Batch batch;
  batch.now = now;
  batch.message_ids = keys;
  need(store.commit(batch));
}

std::size_t known(Store& store, const std::vector<DedupKey>& keys) {
  LoadRequest request;
  request.message_ids = keys;
  const auto answer = need(store.load(request)).known;
  return static_cast<std::size_t>(std::ranges::count(answer, true));
}

}  // namespace

TEST_CASE("write key and message id do not run together") {
  CHECK(dedup_key("ab", "c") != dedup_key("a", "bc"));
  CHECK(dedup_key("", "1:a") != dedup_key("1", "a"));
  CHECK(dedup_key("a", "b") == dedup_key("a", "b"));
}

TEST_CASE("a key is known once it was committed, and within one request after its first place") {
  const auto store = opened("sqlite::memory:");
  LoadRequest request;
  const auto keys = keys_of("k", 3);
  request.message_ids = {keys[0], keys[1], keys[0], keys[1], keys[2]};
  CHECK(need(store->load(request)).known == std::vector{false, false, true, true, false});
  remember(*store, {keys[1]}, sample_time);
  CHECK(need(store->load(request)).known == std::vector{false, true, true, true, false});
}

TEST_CASE("keys are remembered through merges, restarts and half-done merges") {
  const Scratch scratch;
  const auto many = keys_of("many", 30'000);
  const auto few = keys_of("few", 10);
  const auto never = keys_of("never", 3000);
  {
    const auto store = opened(scratch.location());
    remember(*store, many, sample_time);
    CHECK(known(*store, many) == many.size());
    CHECK(need(store->maintain(sample_time)));  // a slice alone
    remember(*store, few, sample_time);
    CHECK(known(*store, many) == many.size());
  }
  auto store = opened(scratch.location());
  CHECK(known(*store, many) == many.size());
  maintain_all(*store, sample_time);
  CHECK(known(*store, many) == many.size());
  CHECK(known(*store, few) == few.size());
  CHECK(known(*store, never) == 0);
  store.reset();
  store = opened(scratch.location());
  // The filters are not there yet; the tables answer.
  CHECK(known(*store, many) == many.size());
  CHECK(known(*store, never) == 0);
  maintain_all(*store, sample_time);
  CHECK(known(*store, many) == many.size());
  CHECK(known(*store, never) == 0);
}

TEST_CASE("a key lasts its days over midnight, and is forgotten after them") {
  const auto store = opened("sqlite::memory:", {.dedup = days{2}});
  const Instant midnight = std::chrono::floor<days>(sample_time);
  const auto late = keys_of("late", 5);
  const auto early = keys_of("early", 5);
  remember(*store, late, midnight - std::chrono::milliseconds{1});
  remember(*store, early, midnight);
  maintain_all(*store, midnight + hours{1});
  CHECK(known(*store, late) == 5);
  CHECK(known(*store, early) == 5);
  maintain_all(*store, midnight + days{1} + hours{23});
  CHECK(known(*store, late) == 5);
  maintain_all(*store, midnight + days{2});
  CHECK(known(*store, late) == 0);
  CHECK(known(*store, early) == 5);
  maintain_all(*store, midnight + days{3});
  CHECK(known(*store, early) == 0);
  remember(*store, late, midnight + days{3});
  CHECK(known(*store, late) == 5);
}

TEST_CASE("a day with more keys than a slice is forgotten in slices") {
  const auto store = opened("sqlite::memory:", {.dedup = days{1}});
  const auto keys = keys_of("k", 21'000);
  remember(*store, keys, sample_time);
  maintain_all(*store, sample_time);
  maintain_all(*store, sample_time + days{3}, {.rows_max = 500});
  CHECK(known(*store, keys) == 0);
}

TEST_CASE("a filter knows all it holds and few others") {
  KeyFilter filter;
  const auto held = keys_of("held", 50'000);
  for (const auto& key : held) filter.add(key);
  CHECK(std::ranges::all_of(held, [&](const auto& key) { return filter.may_hold(key); }));
  const auto others = keys_of("others", 50'000);
  const auto wrong =
      std::ranges::count_if(others, [&](const auto& key) { return filter.may_hold(key); });
  CHECK(wrong < 1000);
  CHECK(filter.bytes() < 50'000U * 6);
}

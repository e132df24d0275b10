#include "store/store.h"

#include <rapidcheck.h>

#include "tests/catch.h"
#include "tests/store/both.h"
#include "tests/store/random_records.h"
#include "tests/store/samples.h"

using namespace nurtured;
using namespace nurtured::store;
using namespace nurtured::store::testing;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

StoredContact loaded_one(Store& store, ContactId id) {
  LoadRequest request;
  request.contacts = {id};
  auto loaded = need(store.load(request));
  REQUIRE(loaded.contacts.size() == 1);
  return std::move(loaded.contacts.front());
}

Batch arrival(ContactId id, Instant at = sample_time) {
  Batch batch;
  add_arrival(batch, id, at);
  return batch;
}

template <class T>
std::vector<T> of_type(const std::vector<TimelineEntry>& entries) {
  std::vector<T> found;
  for (const auto& entry : entries) {
    if (const auto* what = std::get_if<T>(&entry.what)) found.push_back(*what);
  }
  return found;
}

}  // namespace

TEST_CASE_METHOD(Both, "a contact is found by its identity, with its timer and addresses") {
  const ContactId id = store->allocate();
  need(store->commit(arrival(id)));
  LoadRequest request;
  const IdentityKey user{IdentityKey::Kind::user, "user-" + std::to_string(id.value)};
  request.identities = {
      {IdentityKey::Kind::user, "nobody"}, user, {IdentityKey::Kind::anonymous, user.value}, user};
  const Loaded loaded = need(store->load(request));
  CHECK(loaded.identities == std::vector<std::optional<ContactId>>{{}, id, {}, id});
  REQUIRE(loaded.contacts.size() == 1);
  CHECK(loaded.contacts[0].contact == waiting_contact(id));
  CHECK(loaded.contacts[0].wake == sample_time + days{2});
  CHECK(loaded.addresses == std::vector{address_of(waiting_contact(id))});
  CHECK(loaded.merged.empty());
  CHECK(need(store->find(user)) == id);
  CHECK(need(store->holders({"email", "USER-" + std::to_string(id.value) + "@example.org"})) ==
        std::vector{id});
}

TEST_CASE_METHOD(Both,
                 "contacts come ascending and once, addresses once, unknown ones not at all") {
  Batch batch;
  for (const std::int64_t id : {5, 3, 9}) add_arrival(batch, ContactId{id}, sample_time);
  for (auto& write : batch.contacts) write.contact.addresses["sms"] = "+100";
  batch.addresses.push_back(
      {.address = {"sms", "+100"}, .holders = {ContactId{3}, ContactId{5}, ContactId{9}}});
  need(store->commit(batch));
  LoadRequest request;
  request.contacts = {ContactId{9}, ContactId{4}, ContactId{3}, ContactId{9}};
  request.addresses = {{"sms", "+100"}, {"sms", "+200"}, {"email", "USER-5@example.org"}};
  const Loaded loaded = need(store->load(request));
  REQUIRE(loaded.contacts.size() == 2);
  CHECK(loaded.contacts[0].contact.id == ContactId{3});
  CHECK(loaded.contacts[1].contact.id == ContactId{9});
  std::vector<std::string> keys;
  for (const auto& state : loaded.addresses) keys.push_back(rules::to_key(state.address));
  CHECK(keys == std::vector<std::string>{"email:user-3@example.org", "email:user-5@example.org",
                                         "email:user-9@example.org", "sms:+100"});
}

TEST_CASE_METHOD(Both, "a pending target's address is loaded with the contact") {
  Batch batch = arrival(ContactId{1});
  rules::Pending pending{.message = "m"};
  pending.targets.push_back({.address = {"telegram", "77"}});
  batch.contacts[0].contact.pending.push_back(pending);
  batch.addresses.push_back({.address = {"telegram", "77"}, .holders = {ContactId{1}}});
  need(store->commit(batch));
  LoadRequest request;
  request.contacts = {ContactId{1}};
  const Loaded loaded = need(store->load(request));
  REQUIRE(loaded.addresses.size() == 2);
  CHECK(loaded.addresses[1].address == rules::Address{"telegram", "77"});
  CHECK(need(store->contact(ContactId{1}))->addresses == loaded.addresses);
}

TEST_CASE("random contacts and addresses read back as written", "[property]") {
  CHECK(rc::check([](std::uint64_t seed) {
    base::Random random(seed);
    const auto store = opened("sqlite::memory:");
    Batch batch;
    for (std::int64_t id = 1; id < 10; ++id) {
      batch.contacts.push_back({.contact = random_contact(random, ContactId{id})});
      batch.contacts.back().wake = base::from_millis(static_cast<std::int64_t>(random.below(50)));
    }
    std::map<std::string, rules::AddressState> states;
    for (int i = 0; i < 10; ++i) {
      auto state = random_address_state(random);
      states.insert_or_assign(rules::to_key(state.address), std::move(state));
    }
    for (const auto& [key, state] : states) batch.addresses.push_back(state);
    need(store->commit(batch));
    LoadRequest request;
    for (const auto& write : batch.contacts) request.contacts.push_back(write.contact.id);
    for (const auto& state : batch.addresses) request.addresses.push_back(state.address);
    const Loaded loaded = need(store->load(request));
    RC_ASSERT(loaded.contacts.size() == batch.contacts.size());
    for (std::size_t i = 0; i < loaded.contacts.size(); ++i) {
      RC_ASSERT(loaded.contacts[i].contact == batch.contacts[i].contact);
      RC_ASSERT(loaded.contacts[i].wake == batch.contacts[i].wake);
    }
    for (const auto& state : batch.addresses) {
      RC_ASSERT(std::ranges::count(loaded.addresses, state) == 1);
    }
  }));
}

TEST_CASE_METHOD(Both, "timers come in the order of their deadline, then of the contact") {
  Batch batch;
  for (const std::int64_t id : {4, 2, 3, 1}) {
    add_arrival(batch, ContactId{id}, sample_time);
    batch.contacts.back().wake = sample_time + minutes{id == 3 ? 1 : 5};
  }
  need(store->commit(batch));
  CHECK(need(store->next_due()) == sample_time + minutes{1});
  CHECK(need(store->due(sample_time, 10)).empty());
  const std::vector<Due> all = {{sample_time + minutes{1}, ContactId{3}},
                                {sample_time + minutes{5}, ContactId{1}},
                                {sample_time + minutes{5}, ContactId{2}},
                                {sample_time + minutes{5}, ContactId{4}}};
  CHECK(need(store->due(sample_time + minutes{5}, 10)) == all);
  CHECK(need(store->due(sample_time + minutes{5}, 2)) == std::vector(all.begin(), all.begin() + 2));
  CHECK(need(store->due(sample_time + minutes{2}, 10)) == std::vector{all[0]});
  CHECK(need(store->waiting()) == 4);
}

TEST_CASE_METHOD(Both, "a contact has one timer: set, moved, kept and removed") {
  need(store->commit(arrival(ContactId{1})));
  StoredContact stored = loaded_one(*store, ContactId{1});
  const auto write = [&](std::optional<Instant> wake) {
    Batch batch;
    batch.contacts.push_back({.contact = stored.contact, .wake_before = stored.wake, .wake = wake});
    need(store->commit(batch));
    stored = loaded_one(*store, ContactId{1});
    CHECK(stored.wake == wake);
    return need(store->due(base::instant_max, 10));
  };
  CHECK(write(sample_time) == std::vector{Due{sample_time, ContactId{1}}});
  CHECK(write(sample_time) == std::vector{Due{sample_time, ContactId{1}}});
  CHECK(write(sample_time - days{40'000}).size() == 1);  // before 1970
  CHECK(write(std::nullopt).empty());
  CHECK_FALSE(need(store->next_due()).has_value());
  CHECK(write(sample_time).size() == 1);
  Batch batch;
  batch.timers_removed = {{sample_time, ContactId{1}}};
  need(store->commit(batch));
  CHECK(need(store->due(base::instant_max, 10)).empty());
}

TEST_CASE_METHOD(Both, "ids are never given twice, not even those of contacts merged away") {
  const ContactId first = store->allocate();
  const ContactId second = store->allocate();
  CHECK(first < second);
  Batch batch;
  add_arrival(batch, first, sample_time);
  add_arrival(batch, second, sample_time);
  need(store->commit(batch));
  Batch merge;
  merge.merges.emplace_back(Merge{.from = second, .into = first}, sample_time + days{2});
  need(store->commit(merge));
  if (location != "sqlite::memory:") {
    store.reset();
    store = opened(location);
  }
  CHECK(store->allocate() > second);
}

TEST_CASE_METHOD(Both, "a merged contact is found under the one it became, however often") {
  Batch batch;
  for (const std::int64_t id : {1, 2, 3}) add_arrival(batch, ContactId{id}, sample_time);
  need(store->commit(batch));
  const auto merge = [&](std::int64_t from, std::int64_t into) {
    Batch change;
    change.merges.emplace_back(Merge{ContactId{from}, ContactId{into}},
                               loaded_one(*store, ContactId{from}).wake);
    change.identities = {
        {{IdentityKey::Kind::user, "user-" + std::to_string(from)}, ContactId{into}}};
    need(store->commit(change));
  };
  merge(3, 2);
  merge(2, 1);
  LoadRequest request;
  request.contacts = {ContactId{2}, ContactId{3}};
  request.identities = {{IdentityKey::Kind::user, "user-2"}};
  const Loaded loaded = need(store->load(request));
  REQUIRE(loaded.contacts.size() == 1);
  CHECK(loaded.contacts[0].contact.id == ContactId{1});
  CHECK(loaded.merged ==
        std::vector<Merge>{{ContactId{2}, ContactId{1}}, {ContactId{3}, ContactId{1}}});
  CHECK(loaded.identities[0] == ContactId{1});
  CHECK(need(store->waiting()) == 1);
  CHECK(need(store->contact(ContactId{3}))->contact.id == ContactId{1});
  CHECK(of_type<rules::Event>(need(store->timeline(ContactId{1}, 100))).size() == 3);
  maintain_all(*store, sample_time + hours{1});
  CHECK(of_type<rules::Event>(need(store->timeline(ContactId{2}, 100))).size() == 3);
}

TEST_CASE_METHOD(Both, "a timeline is the same before and after it is indexed") {
  Batch batch;
  add_arrival(batch, ContactId{1}, sample_time);
  add_arrival(batch, ContactId{2}, sample_time);
  need(store->commit(batch));
  Batch later;
  later.events.push_back({ContactId{1}, checklist_event(sample_time + minutes{3})});
  later.events.push_back({ContactId{}, checklist_event(sample_time + minutes{3})});
  later.deliveries.push_back(delivery_of(
      ContactId{1}, "1.1.1.0.email", rules::DeliveryChange::departed, sample_time + minutes{4}));
  need(store->commit(later));
  const auto look = [&] {
    const auto entries = need(store->timeline(ContactId{1}, 100));
    REQUIRE(entries.size() == 6);
    CHECK(std::get<rules::Delivery>(entries[0].what).key == "1.1.1.0.email");
    CHECK(std::get<rules::Event>(entries[1].what).received_at == sample_time + minutes{3});
    CHECK(std::get<rules::Decision>(entries[2].what).action == "wait");
    CHECK(std::get<rules::Decision>(entries[4].what).action == "start");
    CHECK(std::get<rules::Event>(entries[5].what).properties.find("checklist")->as_string() ==
          "launch");
    CHECK(need(store->timeline(ContactId{1}, 2)).size() == 2);
    CHECK(need(store->timeline(ContactId{3}, 2)).empty());
  };
  look();
  maintain_all(*store, sample_time + hours{1});
  look();
}

TEST_CASE_METHOD(Both, "what is set aside is kept once, with all it takes, until it is taken") {
  SetAside event{.at = sample_time,
                 .fingerprint = dedup_key("key", "one"),
                 .kind = SetAside::Kind::event,
                 .text = "event checklist.downloaded of u1",
                 .user_id = "u1",
                 .anonymous_id = "device",
                 .previous_id = "before",
                 .address = rules::Address{"email", "u1@example.org"},
                 .message_id = dedup_key("key", "one"),
                 .event = checklist_event(sample_time)};
  const SetAside timer{.at = sample_time,
                       .fingerprint = dedup_key("timer", "two"),
                       .kind = SetAside::Kind::timer,
                       .text = "timer",
                       .contact = ContactId{7},
                       .due = sample_time + hours{1}};
  Batch batch;
  batch.set_aside = {event, timer};
  need(store->commit(batch));
  event.text = "another";
  batch.set_aside = {event};
  need(store->commit(batch));
  const auto kept = need(store->set_aside(0, 10));
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].text == "event checklist.downloaded of u1");
  CHECK(kept[0].fingerprint == event.fingerprint);
  CHECK(kept[0].at == sample_time);
  CHECK(kept[0].user_id == "u1");
  CHECK(kept[0].anonymous_id == "device");
  CHECK(kept[0].previous_id == "before");
  CHECK(kept[0].address == event.address);
  CHECK(kept[0].message_id == event.message_id);
  CHECK(kept[0].event.name == event.event.name);
  CHECK(kept[0].event.properties == event.event.properties);
  CHECK(kept[0].event.occurred_at == event.event.occurred_at);
  CHECK(kept[0].event.received_at == event.event.received_at);
  CHECK(kept[1].kind == SetAside::Kind::timer);
  CHECK(kept[1].contact == timer.contact);
  CHECK(kept[1].due == timer.due);
  CHECK(need(store->set_aside(kept[0].number, 10)).size() == 1);
  CHECK(need(store->set_aside(0, 1)).size() == 1);
  Batch done;
  done.set_aside_done = {kept[0].number};
  need(store->commit(done));
  CHECK(need(store->set_aside(0, 10)).size() == 1);
  // A number is never given twice.
  batch.set_aside = {event};
  need(store->commit(batch));
  CHECK(need(store->set_aside(0, 10)).back().number > kept[1].number);
}

TEST_CASE("a batch is empty until it holds anything") {
  Batch batch;
  batch.now = sample_time;
  CHECK(is_empty(batch));
  Batch with_book = batch;
  with_book.book.emplace();
  CHECK_FALSE(is_empty(with_book));
  batch.set_aside_done.push_back(1);
  CHECK_FALSE(is_empty(batch));
}

TEST_CASE_METHOD(Both, "figures add up, and steps where nobody stands are left out") {
  Batch batch;
  batch.standing = {{"p", "v", 1, 2}, {"p", "v", 1, 1}, {"p", "v", 2, 1}, {"a", "v", 0, 1}};
  batch.counters = {{"events", 5}, {"sent", 1}, {"events", 2}};
  need(store->commit(batch));
  Batch less;
  less.standing = {{"p", "v", 2, -1}, {"p", "v", 1, -1}};
  less.counters = {{"events", 1}};
  need(store->commit(less));
  CHECK(need(store->standing()) == std::vector<Standing>{{"a", "v", 0, 1}, {"p", "v", 1, 2}});
  CHECK(need(store->counters()) == std::vector<Counter>{{"events", 8}, {"sent", 1}});
}

TEST_CASE_METHOD(Both, "settings, the book and its sources are kept") {
  CHECK_FALSE(need(store->applied_book()).has_value());
  Batch batch;
  batch.meta = {{"pauses", std::string("\0x", 2)}, {"gone", "soon"}};
  batch.book = AppliedBook{.at = sample_time, .files = {{"nurtured.yaml", "mix:"}}};
  batch.sources = {{"p", "v1", "playbooks/p.yaml", "one"}, {"p", "v2", "playbooks/p.yaml", "two"}};
  need(store->commit(batch));
  Batch more;
  more.meta = {{"gone", ""}};
  more.sources = {{"p", "v1", "elsewhere", "changed"}};
  for (int i = 1; i < 30; ++i) {
    more.book = AppliedBook{.at = sample_time + hours{i}, .files = {{"n", std::to_string(i)}}};
    need(store->commit(more));
  }
  CHECK(need(store->meta("pauses")) == std::string("\0x", 2));
  CHECK_FALSE(need(store->meta("gone")).has_value());
  CHECK(need(store->applied_book()) == more.book);
  CHECK(need(store->playbook_sources()) == batch.sources);
}

TEST_CASE_METHOD(Both, "notifications are kept, newest first") {
  Batch batch;
  batch.notifications = {{.at = sample_time, .playbook = "p", .step = "s", .text = "one"},
                         {.at = sample_time, .playbook = "p", .step = "s", .text = "two"}};
  need(store->commit(batch));
  const auto found = need(store->notifications(10));
  REQUIRE(found.size() == 2);
  CHECK(found[0].text == "two");
  CHECK(need(store->notifications(1)).size() == 1);
}

TEST_CASE_METHOD(Both, "contacts can be walked through in the order of their ids") {
  Batch batch;
  for (std::int64_t id = 1; id <= 5; ++id) add_arrival(batch, ContactId{id}, sample_time);
  need(store->commit(batch));
  std::vector<std::int64_t> seen;
  for (ContactId after{}; true;) {
    const auto contacts = need(store->contacts_after(after, 2));
    if (contacts.empty()) break;
    for (const auto& contact : contacts) seen.push_back(contact.id.value);
    after = contacts.back().id;
  }
  CHECK(seen == std::vector<std::int64_t>{1, 2, 3, 4, 5});
}

TEST_CASE_METHOD(Both, "a contact too large is refused by name, and its whole batch with it") {
  Batch batch = arrival(ContactId{1});
  add_arrival(batch, ContactId{2}, sample_time);
  batch.contacts[1].contact.attributes["essay"] = std::string(contact_bytes_max, 'x');
  const auto refused = store->commit(batch);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == base::ErrorKind::too_large);
  CHECK(refused.error().message.find("contact 2") != std::string::npos);
  LoadRequest request;
  request.contacts = {ContactId{1}, ContactId{2}};
  request.message_ids = {dedup_key("key", "user-1")};
  const Loaded loaded = need(store->load(request));
  CHECK(loaded.contacts.empty());
  CHECK(loaded.known == std::vector{false});
  CHECK(need(store->waiting()) == 0);
  batch.contacts[1].contact.attributes.erase("essay");
  need(store->commit(batch));
  CHECK(need(store->waiting()) == 2);
}

TEST_CASE_METHOD(Both, "texts of any bytes are kept as they are") {
  const std::string odd = GENERATE(as<std::string>(), "", "'; DROP TABLE contacts; --", "\xff\xfe",
                                   "a\nb", "\xd0\x90nna", "%_*?");
  Batch batch = arrival(ContactId{1});
  batch.contacts[0].contact.user_id = odd;
  batch.identities = {{{IdentityKey::Kind::anonymous, odd}, ContactId{1}}};
  batch.addresses[0].address.value = odd;
  need(store->commit(batch));
  CHECK(need(store->find({IdentityKey::Kind::anonymous, odd})) == ContactId{1});
  CHECK(need(store->holders({"email", odd})) == std::vector{ContactId{1}});
  CHECK(loaded_one(*store, ContactId{1}).contact.user_id == odd);
}

TEST_CASE("what was committed is there after reopening") {
  const Scratch scratch;
  {
    const auto store = opened(scratch.location());
    need(store->commit(arrival(store->allocate())));
  }
  const auto store = opened(scratch.location());
  CHECK(loaded_one(*store, ContactId{1}).contact == waiting_contact(ContactId{1}));
  CHECK(need(store->next_due()) == sample_time + days{2});
  CHECK(store->allocate() == ContactId{2});
  CHECK(need(check(scratch.location())).empty());
}

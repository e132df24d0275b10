#include "store/codec.h"

#include <rapidcheck.h>

#include "store/names.h"
#include "tests/catch.h"
#include "tests/store/random_records.h"
#include "tests/store/samples.h"

using namespace nurtured;
using namespace nurtured::store;
using namespace nurtured::store::testing;

namespace {

template <class T>
std::string encoded(const T& value) {
  std::string bytes;
  REQUIRE(encode(value, bytes));
  return bytes;
}

}  // namespace

TEST_CASE("what was encoded decodes to the same", "[property]") {
  CHECK(rc::check("values, to their kinds and the order of maps", [](std::uint64_t seed) {
    base::Random random(seed);
    const cel::Value value = random_value(random, 5);
    const auto back = decode_value(encoded(value));
    RC_ASSERT(back.has_value());
    RC_ASSERT(same(*back, value));
  }));
  CHECK(rc::check("contacts", [](std::uint64_t seed) {
    base::Random random(seed);
    const rules::Contact contact = random_contact(random, ContactId{7});
    const std::string bytes = encoded(contact);
    const auto back = decode_contact(ContactId{7}, bytes);
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == contact);
    RC_ASSERT(encoded(*back) == bytes);
  }));
  CHECK(rc::check("contacts, with names as numbers", [](std::uint64_t seed) {
    base::Random random(seed);
    Names names;
    for (std::int64_t id = 1; id < 4; ++id) {
      const rules::Contact contact = random_contact(random, ContactId{id});
      std::string bytes;
      RC_ASSERT(encode(contact, bytes, &names).has_value());
      const auto back = decode_contact(ContactId{id}, bytes, &names);
      RC_ASSERT(back.has_value());
      RC_ASSERT(*back == contact);
    }
  }));
  CHECK(rc::check("address states, but for the case that the key folds", [](std::uint64_t seed) {
    base::Random random(seed);
    const rules::AddressState state = random_address_state(random);
    const std::string key = rules::to_key(state.address);
    const std::size_t colon = key.find(':');
    const auto back = decode_address({key.substr(0, colon), key.substr(colon + 1)}, encoded(state));
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == state);
  }));
  CHECK(rc::check("deliveries", [](std::uint64_t seed) {
    base::Random random(seed);
    const rules::Delivery delivery = random_delivery(random);
    const std::string bytes = encoded(delivery);
    const auto back = decode_delivery(delivery.contact, delivery.at, bytes);
    RC_ASSERT(back.has_value());
    RC_ASSERT(encoded(*back) == bytes);
    RC_ASSERT(back->key == delivery.key);
    RC_ASSERT(back->to == delivery.to);
  }));
  CHECK(rc::check("rows of events and decisions", [](std::uint64_t seed) {
    base::Random random(seed);
    const Instant row_at = base::from_millis(1'700'000'000'000);
    std::string events;
    std::string decisions;
    const rules::Event event = random_event(random);
    const rules::Decision decision = random_decision(random);
    for (int i = 0; i < 3; ++i) {
      RC_ASSERT(append(event, row_at, events).has_value());
      RC_ASSERT(append(decision, row_at, decisions).has_value());
    }
    const auto events_back = decode_events(row_at, events);
    RC_ASSERT(events_back.has_value());
    RC_ASSERT(events_back->size() == 3U);
    const rules::Event& last = events_back->back();
    RC_ASSERT(last.received_at == event.received_at);
    RC_ASSERT(last.occurred_at == event.occurred_at);
    RC_ASSERT(same(last.properties, event.properties));
    RC_ASSERT(last.change.attributes == event.change.attributes);
    RC_ASSERT(last.change.timezone == event.change.timezone);
    const auto decisions_back = decode_decisions(row_at, decisions);
    RC_ASSERT(decisions_back.has_value());
    RC_ASSERT(decisions_back->size() == 3U);
    RC_ASSERT(decisions_back->back().at == decision.at);
    RC_ASSERT(decisions_back->back().reason == decision.reason);
    RC_ASSERT(decisions_back->back().kind == decision.kind);
    RC_ASSERT(decisions_back->back().until == decision.until);
  }));
}

TEST_CASE("cut, changed and random bytes are refused or read, never more", "[property]") {
  CHECK(rc::check([](std::uint64_t seed) {
    base::Random random(seed);
    std::string bytes = encoded(random_contact(random, ContactId{1}));
    if (bytes.empty()) return;
    for (int i = 0; i < 20; ++i) {
      std::string harmed = bytes;
      harmed[random.below(harmed.size())] = static_cast<char>(random.below(256));
      if (random.below(4) == 0) harmed.resize(random.below(harmed.size()) + 1);
      const auto back = decode_contact(ContactId{1}, harmed);
      if (back) RC_ASSERT(encode(*back, bytes).has_value());
      RC_ASSERT(back.has_value() || back.error().kind == base::ErrorKind::invalid);
      bytes = encoded(random_contact(random, ContactId{1}));
      if (bytes.empty()) bytes = "x";
    }
  }));
}

TEST_CASE("of an input that was set aside harmed bytes are refused or read, never more") {
  const SetAside kept{.fingerprint = dedup_key("a", "b"),
                      .kind = SetAside::Kind::event,
                      .text = "event x of u1",
                      .user_id = "u1",
                      .message_id = dedup_key("a", "b"),
                      .event = checklist_event(sample_time)};
  const std::string bytes = encoded(kept);
  REQUIRE(decode_set_aside(bytes));
  CHECK_FALSE(decode_set_aside(std::string("\x06\x10x", 3)));  // a fingerprint of four bytes
  base::Random random(1);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    static_cast<void>(decode_set_aside(std::string_view(bytes).substr(0, i)));
    for (int draw = 0; draw < 20; ++draw) {
      std::string harmed = bytes;
      harmed[i] = static_cast<char>(random.below(256));
      const auto back = decode_set_aside(harmed);
      CHECK((back.has_value() || back.error().kind == base::ErrorKind::invalid));
    }
  }
}

TEST_CASE("bytes that no encoder wrote are refused as invalid") {
  const auto [what, bytes] = GENERATE(table<std::string, std::string>({
      {"a header without its payload", "\x0a"},
      {"a text longer than the record", "\x0a\xff\x01"},
      {"a number of eleven bytes", "\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
      {"a number with more than 64 bits", "\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"},
      {"an unended number", "\x04\xff\xff"},
      {"the wrong form for its tag", "\x08\x01"},
      {"a word that the dictionary does not have", "\x0a\xfd\x0f"},
      {"a name where there are none", "\x0a\x03"},
      {"a block longer than the record", "\x13\x7f"},
      {"an enumerator of no release", "\x23\x02\x04\x63"},
      {"seven of eight bytes", std::string("\x31\0\0\0\0\0\0\0", 8)},
      {"a value of no kind", "\x13\x04\x04\x61\x01\x63"},
      {"an unknown field cut short", "\xfb\x01\x05x"},
      {"a list item cut short", "\x0f\x02\x40\x40"},
  }));
  INFO(what);
  const auto contact = decode_contact(ContactId{1}, bytes);
  REQUIRE_FALSE(contact);
  CHECK(contact.error().kind == base::ErrorKind::invalid);
}

TEST_CASE("values that would cost more than they hold are refused") {
  // Maps whose keys repeat, or are none; counts far beyond the bytes; nesting without end.
  const std::string deep(1000, '\x0a');
  std::string nested;
  for (int i = 0; i < 1000; ++i) nested += "\x0a\x01";
  const auto bytes = GENERATE_REF(values<std::string>({
      std::string("\x0b\x02\x02\x02\x00\x02\x02\x00", 8),
      std::string("\x0b\x01\x04\0\0\0\0\0\0\0\0\x00", 12),
      "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
      "\x0b\xff\xff\xff\xff\x0f",
      deep,
      nested,
      std::string("\x00\x00", 2),
      "",
      "\x07\x00",
      "\x09\x0d",
  }));
  CHECK_FALSE(decode_value(bytes));
}

TEST_CASE("a value nested too deeply is refused when written") {
  cel::Value value;
  for (std::size_t i = 0; i < value_depth_max; ++i) value = cel::List{value};
  std::string bytes;
  CHECK(encode(value, bytes));
  CHECK(decode_value(bytes));
  const auto refused = encode(cel::Value(cel::List{value}), bytes);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == base::ErrorKind::too_large);
}

TEST_CASE("fields of a later release are passed over") {
  const rules::Contact contact = waiting_contact(ContactId{1});
  std::string bytes = encoded(contact);
  bytes += std::string("\xf0\x01\x05", 3);                   // tag 60, a number
  bytes += std::string("\xf5\x01\0\0\0\0\0\0\0\x01", 10);    // tag 61, eight bytes
  bytes += std::string("\xfa\x01\x0c", 3) + "abc";           // tag 62, a text
  bytes += std::string("\xff\x01\x03", 3) + "\xff\xff\xff";  // tag 63, a block
  const auto back = decode_contact(ContactId{1}, bytes);
  REQUIRE(back);
  CHECK(*back == contact);
}

TEST_CASE("a book's files come back as they were") {
  const std::vector<BookFile> files = {
      {"nurtured.yaml", "store: sqlite::memory:\n"},
      {"content/\xd0\xbf.md", std::string("\0\xff", 2)},
      {"empty", ""},
      {"", ""},
  };
  CHECK(decode_files(encoded(files)) == files);
  CHECK_FALSE(decode_files("\x07\x7f"));
}

TEST_CASE("a contact that waits takes about 250 bytes") {
  Names names;
  std::string bytes;
  for (int round = 0; round < 2; ++round) {
    bytes.clear();
    REQUIRE(encode(waiting_contact(ContactId{123'456}), bytes, &names));
  }
  INFO(bytes.size());
  CHECK(bytes.size() <= 250);
}

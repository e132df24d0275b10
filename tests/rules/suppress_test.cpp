// Suppressions that come from outside: an unsubscribe names a channel, a bounce an address, an
// operator the person.
#include <algorithm>

#include "rules/advance.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::rules;

namespace {

const Instant start = *base::parse_instant("2026-03-02T12:00:00Z");
const Address email{"email", "u1@example.org"};
const Suppress unsubscribe{.reason = "unsubscribed", .channel = "email"};

Snapshot contact_with(ContactId id, std::vector<AddressState> addresses) {
  Snapshot snapshot;
  snapshot.contact.id = id;
  for (const auto& state : addresses) {
    snapshot.contact.addresses[state.address.channel] = state.address.value;
  }
  snapshot.addresses = std::move(addresses);
  return snapshot;
}

Transition after(Snapshot snapshot, const Suppress& command, Instant now = start) {
  const Book book(BookParts{});
  return advance(book, {}, std::move(snapshot), command, now);
}

std::size_t told(const Transition& transition) {
  return transition.emitted.size();
}

}  // namespace

TEST_CASE("a channel stands for the address that the contact has there") {
  const auto done =
      after(contact_with({1}, {{.address = email, .holders = {{1}, {2}}}}), unsubscribe);
  REQUIRE(done.next.addresses.size() == 1);
  REQUIRE(done.next.addresses[0].suppression);
  CHECK(done.next.addresses[0].suppression->scope == SuppressionScope::marketing);
  CHECK_FALSE(done.next.contact.suppression);
  CHECK(done.rejudge == std::vector<ContactId>{{2}});
  REQUIRE(told(done) == 1);
  CHECK(done.emitted[0].name == "message.unsubscribed");
  CHECK(done.emitted[0].properties.find("channel")->as_string() == "email");
}

TEST_CASE("a channel without an address stands for the person") {
  const auto done = after(contact_with({1}, {{.address = {"vk", "7"}}}), unsubscribe);
  REQUIRE(done.next.contact.suppression);
  CHECK(done.next.contact.suppression->reason == "unsubscribed");
  CHECK_FALSE(done.next.addresses[0].suppression);
  CHECK(done.emitted.at(0).properties.find("channel")->as_string() == "email");
}

TEST_CASE("a hundred replays of an unsubscribe are one") {
  auto transition = after(contact_with({1}, {{.address = email}}), unsubscribe);
  const Snapshot once = transition.next;
  for (int i = 1; i <= 100; ++i) {
    transition = after(transition.next, unsubscribe, start + std::chrono::hours{i});
    CHECK(told(transition) == 0);
    CHECK(transition.decisions.empty());
    CHECK(transition.next == once);
  }
}

TEST_CASE("the other holder of an address is told as well") {
  auto first = after(contact_with({1}, {{.address = email, .holders = {{1}, {2}}}}), unsubscribe);
  const auto state = first.next.addresses[0];
  const Suppress by_address{.reason = "unsubscribed", .address = email};
  const auto second = after(contact_with({2}, {state}), by_address);
  CHECK(told(second) == 1);
  CHECK(second.next.addresses[0].suppression == state.suppression);
}

TEST_CASE("what is known already stays or gives way") {
  struct Case {
    Suppression known;
    Suppress command;
    SuppressionScope scope;
    std::string reason;
  };
  const Instant before = start - std::chrono::hours{1};
  using enum SuppressionScope;
  const auto c = GENERATE_COPY(values<Case>({
      {{all, before, "bounced"}, unsubscribe, all, "bounced"},
      {{marketing, before, "complained"}, unsubscribe, marketing, "unsubscribed"},
      {{marketing, before, "unsubscribed"},
       {.scope = all, .reason = "manual", .channel = "email"},
       all,
       "manual"},
      {{all, before, "manual"},
       {.scope = all, .reason = "bounced", .address = email},
       all,
       "manual"},
  }));
  auto snapshot = contact_with({1}, {{.address = email, .suppression = c.known}});
  const auto done = after(std::move(snapshot), c.command);
  REQUIRE(done.next.addresses[0].suppression);
  CHECK(done.next.addresses[0].suppression->scope == c.scope);
  CHECK(done.next.addresses[0].suppression->reason == c.reason);
}

TEST_CASE("an unsubscribe after consent was restored is a new one") {
  auto transition = after(contact_with({1}, {{.address = email}}), unsubscribe);
  transition.next.addresses[0].suppression.reset();
  const Instant later = start + std::chrono::hours{24};
  const auto again = after(transition.next, unsubscribe, later);
  CHECK(told(again) == 1);
  CHECK(again.next.addresses[0].suppression->at == later);
}

TEST_CASE("the link in a message stands for the address that the message went to") {
  Snapshot snapshot = contact_with({1}, {{.address = {"email", "new@example.org"}}});
  Suppress command = unsubscribe;
  command.message = Delivery{.key = "1.1.0.0.email",
                             .playbook = "p",
                             .message = "m",
                             .kind = Kind::offer,
                             .to = {"email", "old@example.org"}};
  const auto done = after(std::move(snapshot), command);
  const auto old =
      std::ranges::find(done.next.addresses, command.message->to, &AddressState::address);
  REQUIRE(old != done.next.addresses.end());
  CHECK(old->suppression);
  const cel::Value& told_of = done.emitted.at(0).properties;
  CHECK(told_of.find("message")->as_string() == "m");
  CHECK(told_of.find("kind")->as_string() == "offer");
  CHECK(told_of.find("playbook")->as_string() == "p");
  CHECK(told_of.find("channel")->as_string() == "email");
}

TEST_CASE("an unsubscribe holds for the channel's next address, whatever a sender says") {
  const auto done = after(contact_with({1}, {{.address = email}}), unsubscribe);
  const Book book(BookParts{});
  Event event{.name = "contact.identified", .occurred_at = start, .received_at = start};
  event.change.addresses = {{"email", "next@example.org"}};
  event.change.consents = {{.channel = "email", .given = true, .source = "sdk"}};
  const auto later = advance(book, {}, done.next, event, start);
  CHECK_FALSE(later.next.contact.consents.at("email").given);

  event.change.consents = {
      {.channel = "email", .given = true, .source = "operator", .restores = true}};
  const auto restored = advance(book, {}, later.next, event, start);
  CHECK(restored.next.contact.consents.at("email").given);
}

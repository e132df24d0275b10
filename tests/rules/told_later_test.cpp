// What an import tells of the past: consents and refusals with moments of their own, and events
// that start nothing.
#include "rules/advance.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::rules;

namespace {

const Instant now = *base::parse_instant("2026-03-02T12:00:00Z");
const Instant earlier = now - std::chrono::days{30};
const Address email{"email", "u1@example.org"};

Snapshot contact_with(std::optional<Consent> consent = {}) {
  Snapshot snapshot;
  snapshot.contact.id = {1};
  snapshot.contact.addresses["email"] = email.value;
  snapshot.addresses = {{.address = email, .holders = {{1}, {2}}}};
  if (consent) snapshot.contact.consents["email"] = *consent;
  return snapshot;
}

Transition told(Snapshot snapshot, ContactChange change) {
  const Book book(BookParts{});
  Event event{.name = "contact.identified", .occurred_at = now, .received_at = now};
  event.change = std::move(change);
  event.is_history = true;
  return advance(book, {}, std::move(snapshot), event, now);
}

ContactChange consent_at(bool given, Instant at) {
  return {.consents = {{.channel = "email", .given = given, .source = "import", .at = at}}};
}

ContactChange refusal(SuppressionScope scope, std::string reason, std::optional<Instant> at = {}) {
  return {.suppressions = {
              {.channel = "email", .scope = scope, .reason = std::move(reason), .at = at}}};
}

}  // namespace

TEST_CASE("a consent keeps its own date, which is never newer than now") {
  CHECK(told(contact_with(), consent_at(true, earlier)).next.contact.consents.at("email").at ==
        earlier);
  CHECK(told(contact_with(), consent_at(true, now + std::chrono::days{1}))
            .next.contact.consents.at("email")
            .at == now);
}

TEST_CASE("an older word does not undo a newer one") {
  const Consent yes{.given = true, .at = now - std::chrono::days{1}, .source = "sdk"};
  const Consent no{.given = false, .at = now - std::chrono::days{1}, .source = "sdk"};
  CHECK(
      told(contact_with(yes), consent_at(false, earlier)).next.contact.consents.at("email").given);
  CHECK_FALSE(
      told(contact_with(no), consent_at(true, earlier)).next.contact.consents.at("email").given);
  CHECK(told(contact_with(no), consent_at(true, now)).next.contact.consents.at("email").given);
}

TEST_CASE("a refusal that another system knows of is a suppression without events") {
  const auto done =
      told(contact_with(), refusal(SuppressionScope::marketing, "unsubscribed", earlier));
  REQUIRE(done.next.addresses.at(0).suppression);
  CHECK(done.next.addresses[0].suppression->at == earlier);
  CHECK(is_unsubscribed(done.next.contact.consents.at("email")));
  CHECK(done.emitted.empty());
  CHECK(done.rejudge == std::vector<ContactId>{{2}});
  const auto again = told(done.next, refusal(SuppressionScope::marketing, "unsubscribed", now));
  CHECK(again.next.addresses == done.next.addresses);
  const auto wider = told(done.next, refusal(SuppressionScope::all, "bounced"));
  CHECK(wider.next.addresses.at(0).suppression->scope == SuppressionScope::all);
  const auto narrower = told(wider.next, refusal(SuppressionScope::marketing, "complained"));
  CHECK(narrower.next.addresses.at(0).suppression->scope == SuppressionScope::all);
}

TEST_CASE("consent of the same row comes after the refusal, which bars it") {
  auto change = refusal(SuppressionScope::marketing, "unsubscribed");
  change.consents = consent_at(true, now).consents;
  const auto done = told(contact_with(), std::move(change));
  CHECK_FALSE(done.next.contact.consents.at("email").given);
}

TEST_CASE("who has come back by their own act since is not refused for an older word") {
  const Consent back{.given = true, .at = now - std::chrono::days{1}, .source = "double-opt-in"};
  const auto done =
      told(contact_with(back), refusal(SuppressionScope::marketing, "unsubscribed", earlier));
  CHECK(done.next.contact.consents.at("email").given);
  CHECK_FALSE(done.next.addresses.at(0).suppression);
  const auto bounced = told(contact_with(back), refusal(SuppressionScope::all, "bounced", earlier));
  CHECK(bounced.next.addresses.at(0).suppression);
}

TEST_CASE("a refusal of a channel without an address is the person's") {
  Snapshot snapshot;
  snapshot.contact.id = {1};
  const auto done = told(std::move(snapshot), refusal(SuppressionScope::all, "manual"));
  CHECK(done.next.contact.suppression);
}

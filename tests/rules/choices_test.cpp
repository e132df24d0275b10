// What people choose on our pages, and what it brings back or ends.
#include "rules/advance.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::rules;
using namespace std::chrono_literals;

namespace {

const Instant start = *base::parse_instant("2026-03-02T12:00:00Z");
const Address email{"email", "u1@example.org"};

Book book_with_channels() {
  Settings settings;
  settings.channels = {{"email", {.connector = "c"}}, {"telegram", {.connector = "c"}}};
  return Book(BookParts{.settings = std::move(settings)});
}

Snapshot subscriber() {
  Snapshot snapshot;
  snapshot.contact.id = {1};
  snapshot.contact.addresses["email"] = email.value;
  snapshot.addresses = {{.address = email, .holders = {{1}, {2}}}};
  return snapshot;
}

Transition after(Snapshot snapshot, const Input& input, Instant now = start) {
  return advance(book_with_channels(), {}, std::move(snapshot), input, now);
}

Choice confirmation(Instant asked) {
  return {.source = std::string(double_opt_in),
          .delivery = "1.1.0.0.email",
          .channels = {{"email", true}},
          .wording = "I agree",
          .from = "203.0.113.7",
          .message = Delivery{.key = "1.1.0.0.email", .to = email, .at = asked}};
}

const Suppress unsubscribe{.reason = "unsubscribed", .channel = "email"};

}  // namespace

TEST_CASE("a confirmation is consent with its evidence") {
  const auto done = after(subscriber(), confirmation(start - 1h));
  const Consent& consent = done.next.contact.consents.at("email");
  CHECK(consent == Consent{.given = true,
                           .at = start,
                           .source = "double-opt-in",
                           .wording = "I agree",
                           .from = "203.0.113.7"});
  REQUIRE(done.emitted.size() == 1);
  CHECK(done.emitted[0].name == "consent.given");
  CHECK(done.rejudge == std::vector<ContactId>{{2}});
}

TEST_CASE("a hundred repeats of a confirmation are one") {
  auto done = after(subscriber(), confirmation(start - 1h));
  const Snapshot once = done.next;
  for (int i = 0; i < 100; ++i) {
    done = after(done.next, confirmation(start - 1h), start + 1h * i);
    CHECK(done.emitted.empty());
    CHECK(done.next == once);
  }
}

TEST_CASE("only a confirmation that was asked for after an unsubscribe undoes it") {
  const auto gone = after(subscriber(), unsubscribe, start);
  REQUIRE(is_unsubscribed(gone.next.contact.consents.at("email")));
  const auto stale = after(gone.next, confirmation(start - 1h), start + 1h);
  CHECK(is_unsubscribed(stale.next.contact.consents.at("email")));
  CHECK(stale.next.addresses == gone.next.addresses);
  Choice unknown = confirmation(start + 1h);
  unknown.message.reset();
  CHECK(is_unsubscribed(after(gone.next, unknown, start + 2h).next.contact.consents.at("email")));
  const auto fresh = after(gone.next, confirmation(start + 1h), start + 2h);
  CHECK(fresh.next.contact.consents.at("email").given);
  CHECK_FALSE(fresh.next.addresses.at(0).suppression);
}

TEST_CASE("the preference page brings a channel back and takes it away") {
  const auto gone = after(subscriber(), unsubscribe, start);
  const Choice wanted{.source = std::string(preferences), .channels = {{"email", true}}};
  const auto back = after(gone.next, wanted, start + 1h);
  CHECK(back.next.contact.consents.at("email").given);
  CHECK(back.next.contact.consents.at("email").source == "preferences");
  const Choice unwanted{.source = std::string(preferences), .channels = {{"email", false}}};
  const auto again = after(back.next, unwanted, start + 2h);
  CHECK(is_unsubscribed(again.next.contact.consents.at("email")));
  REQUIRE(again.emitted.size() == 1);
  CHECK(again.emitted[0].name == "message.unsubscribed");
  CHECK(again.next.addresses.at(0).suppression->scope == SuppressionScope::marketing);
}

TEST_CASE("a box that was left ticked leaves the evidence of the consent alone") {
  const auto confirmed = after(subscriber(), confirmation(start - 1h));
  const Choice same{.source = std::string(preferences), .channels = {{"email", true}}};
  const auto saved = after(confirmed.next, same, start + 1h);
  CHECK(saved.next == confirmed.next);
  CHECK(saved.emitted.empty());
}

TEST_CASE("what is not wanted and never was changes nothing") {
  const auto before = subscriber();
  const Choice unwanted{.source = std::string(preferences),
                        .channels = {{"email", false}, {"telegram", false}},
                        .topics = {{"webinars", true}}};
  const auto done = after(before, unwanted);
  CHECK(done.next == before);
  CHECK(done.emitted.empty());
}

TEST_CASE("an address that bounced stays barred whatever is chosen") {
  auto bounced = subscriber();
  bounced.addresses.at(0).suppression =
      Suppression{.scope = SuppressionScope::all, .at = start, .reason = "bounced"};
  const auto done = after(bounced, confirmation(start + 1h), start + 2h);
  CHECK(done.next.addresses.at(0).suppression == bounced.addresses.at(0).suppression);
}

TEST_CASE("a topic is left and joined again, and each is told once") {
  const Choice leave{.source = std::string(preferences), .topics = {{"webinars", false}}};
  const Choice join{.source = std::string(preferences), .topics = {{"webinars", true}}};
  const auto left = after(subscriber(), leave);
  CHECK(left.next.contact.topics_declined == std::vector<std::string>{"webinars"});
  REQUIRE(left.emitted.size() == 1);
  CHECK(left.emitted[0].name == "preferences.changed");
  CHECK(after(left.next, leave).emitted.empty());
  const auto joined = after(left.next, join);
  CHECK(joined.next.contact.topics_declined.empty());
  CHECK(after(joined.next, join).emitted.empty());
}

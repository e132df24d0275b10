// What comes back of a delivery: whom it suppresses, what it tells, and what doubt it ends.
#include <algorithm>

#include "rules/advance.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::rules;

namespace {

const Instant start = *base::parse_instant("2026-03-02T12:00:00Z");
const Address email{"email", "u1@example.org"};
constexpr base::Milliseconds day = std::chrono::hours{24};

Delivery delivery_that(DeliveryChange change) {
  return {.key = "1.1.0.0.email",
          .contact = {1},
          .enrollment = 1,
          .playbook = "p",
          .step = "send:m1",
          .message = "m1",
          .kind = Kind::value,
          .to = email,
          .attempt = 1,
          .change = change,
          .at = start};
}

Feedback feedback(FeedbackKind kind, DeliveryChange change = DeliveryChange::departed) {
  return {.delivery = "1.1.0.0.email", .kind = kind, .message = delivery_that(change)};
}

Feedback bounce(BounceClass bounce_class, DeliveryChange change = DeliveryChange::departed) {
  Feedback told = feedback(FeedbackKind::bounced, change);
  told.bounce = bounce_class;
  told.reason = "550 5.1.1 no such user";
  return told;
}

Snapshot anna() {
  Snapshot snapshot;
  snapshot.contact.id = {1};
  snapshot.contact.addresses["email"] = email.value;
  snapshot.addresses.push_back({.address = email, .holders = {{1}, {2}}});
  return snapshot;
}

Transition after(Snapshot snapshot, const Feedback& told, Instant now = start) {
  const Book book(BookParts{});
  return advance(book, {}, std::move(snapshot), told, now);
}

std::vector<std::string> events_of(const Transition& transition) {
  std::vector<std::string> names;
  for (const Event& event : transition.emitted) names.push_back(event.name);
  return names;
}

std::string property(const Transition& transition, std::string_view name) {
  const cel::Value* value = transition.emitted.at(0).properties.find(name);
  REQUIRE(value != nullptr);
  return value->as_string();
}

}  // namespace

TEST_CASE("only a hard bounce suppresses the address, and for everything") {
  const auto [bounce_class, hard] = GENERATE(table<BounceClass, bool>({
      {BounceClass::address, true},
      {BounceClass::mailbox, false},
      {BounceClass::content, false},
      {BounceClass::policy, false},
      {BounceClass::configuration, false},
  }));
  CAPTURE(to_string(bounce_class));
  const Transition done = after(anna(), bounce(bounce_class));
  const AddressState& state = done.next.addresses.at(0);
  CHECK(state.suppression.has_value() == hard);
  if (hard) {
    CHECK(state.suppression->scope == SuppressionScope::all);
    CHECK(state.suppression->reason == "bounced");
    CHECK(done.rejudge == std::vector<ContactId>{{2}});
  }
  REQUIRE(events_of(done) == std::vector<std::string>{"message.bounced"});
  CHECK(property(done, "class") == to_string(bounce_class));
  CHECK(property(done, "message") == "m1");
  CHECK(property(done, "kind") == "value");
  CHECK(property(done, "channel") == "email");
  CHECK(property(done, "playbook") == "p");
  CHECK(property(done, "reason") == "550 5.1.1 no such user");
  CHECK(done.emitted[0].properties.find("hard")->as_bool() == hard);
  REQUIRE(done.deliveries.size() == 1);
  CHECK(done.deliveries[0].change == DeliveryChange::refused);
}

TEST_CASE("soft bounces in a row wear an address out") {
  // Days between one bounce and the next; suppressed at the end?
  const auto [gaps, gone] = GENERATE(table<std::vector<int>, bool>({
      {std::vector<int>{}, false},
      {std::vector<int>{1, 1, 1}, false},
      {std::vector<int>{1, 1, 1, 1}, true},
      {std::vector<int>{7, 7, 7, 7}, true},
      {std::vector<int>{1, 1, 1, 8}, false},
      {std::vector<int>{0, 0, 0, 0, 0, 0}, false},
  }));
  Instant now = start;
  Transition done = after(anna(), bounce(BounceClass::mailbox), now);
  for (const int gap : gaps) {
    now += gap * day;
    done = after(std::move(done.next), bounce(BounceClass::mailbox), now);
  }
  CHECK(done.next.addresses.at(0).suppression.has_value() == gone);
}

TEST_CASE("a sign of life begins the row of soft bounces anew") {
  const auto kind = GENERATE(FeedbackKind::seen, FeedbackKind::delivered, FeedbackKind::replied,
                             FeedbackKind::answered_by_machine);
  Snapshot snapshot = anna();
  snapshot.addresses[0].soft_bounces = {start - 3 * day, start - 2 * day, start - day};
  CHECK(after(std::move(snapshot), feedback(kind)).next.addresses.at(0).soft_bounces.empty());
}

TEST_CASE("an answer is told with its words, a machine's is not told") {
  Feedback told = feedback(FeedbackKind::replied);
  told.subject = "Re: m1";
  told.text = "Yes";
  const Transition answered = after(anna(), told);
  REQUIRE(events_of(answered) == std::vector<std::string>{"message.replied"});
  CHECK(property(answered, "text") == "Yes");
  CHECK(property(answered, "subject") == "Re: m1");

  const Transition absent = after(anna(), feedback(FeedbackKind::answered_by_machine));
  CHECK(events_of(absent).empty());
  CHECK_FALSE(absent.next.contact.history.contains("message.replied"));
  REQUIRE(absent.decisions.size() == 1);
  CHECK(absent.decisions[0].action == "ignored");
}

TEST_CASE("a loop goes on by what people answer, not by what a provider tells") {
  const auto [kind, event, begins_anew] = GENERATE(table<FeedbackKind, std::string, bool>({
      {FeedbackKind::delivered, "message.delivered", false},
      {FeedbackKind::bounced, "message.bounced", false},
      {FeedbackKind::replied, "message.replied", true},
  }));
  auto playbook = std::make_shared<Playbook>();
  playbook->id = "p";
  playbook->version = "1";
  playbook->steps = {{.action = WaitFor{.events = {event}, .then = 1}},
                     {.action = Wait{.span = {.days = 1}}}};
  const Book book(BookParts{.current = {playbook}});
  Snapshot snapshot = anna();
  snapshot.contact.enrollments.push_back({.number = 1,
                                          .playbook = "p",
                                          .version = "1",
                                          .started = start,
                                          .state = EnrollmentState::expecting,
                                          .pace = 500,
                                          .pace_from = start});
  Feedback told = feedback(kind);
  told.text = "Yes";
  const Transition done = advance(book, {}, std::move(snapshot), told, start);
  const Enrollment& gone_on = done.next.contact.enrollments.at(0);
  REQUIRE(gone_on.step == 1);
  CHECK(gone_on.pace == (begins_anew ? 1 : 501));
}

TEST_CASE("an uncertain delivery is settled by what comes back") {
  using enum DeliveryChange;
  const auto [kind, change, touches] = GENERATE(table<FeedbackKind, DeliveryChange, int>({
      {FeedbackKind::seen, departed, 1},
      {FeedbackKind::delivered, departed, 1},
      {FeedbackKind::replied, departed, 1},
      {FeedbackKind::answered_by_machine, departed, 1},
      {FeedbackKind::bounced, refused, 0},
  }));
  const Transition done = after(anna(), feedback(kind, uncertain));
  REQUIRE(done.deliveries.size() == 1);
  CHECK(done.deliveries[0].change == change);
  CHECK(done.deliveries[0].key == "1.1.0.0.email");
  CHECK(done.next.contact.touches.count == touches);
  CHECK(done.next.contact.history.contains("message.sent") == (change == departed));
}

TEST_CASE("an uncertain delivery is settled by whoever follows its links") {
  const auto kind = GENERATE(VisitKind::click, VisitKind::open);
  const Book book(BookParts{});
  const Visit visit{.kind = kind,
                    .delivery = "1.1.0.0.email",
                    .link = "more",
                    .url = "https://example.org/",
                    .message = delivery_that(DeliveryChange::uncertain)};
  const Transition done = advance(book, {}, anna(), visit, start + day);
  REQUIRE(done.deliveries.size() == 1);
  CHECK(done.deliveries[0].change == DeliveryChange::departed);
  CHECK(done.next.contact.history.contains("message.sent"));
}

TEST_CASE("a bounce that was told before, or comes before the outcome, changes nothing") {
  using enum DeliveryChange;
  const auto change = GENERATE(refused, ready, committing, returned);
  Feedback told = bounce(BounceClass::address, change);
  if (change == refused) told.message->reason = told.reason;
  const Transition done = after(anna(), told);
  CHECK(done.emitted.empty());
  CHECK(done.deliveries.empty());
  CHECK_FALSE(done.next.addresses.at(0).suppression);
}

TEST_CASE("a hard bounce after a soft one of the same delivery suppresses the address") {
  Feedback hard = bounce(BounceClass::address, DeliveryChange::refused);
  hard.message->reason = "452 4.2.2 mailbox full";
  const Transition done = after(anna(), hard);
  REQUIRE(done.next.addresses.at(0).suppression);
  CHECK(done.next.addresses[0].suppression->scope == SuppressionScope::all);
  CHECK(events_of(done) == std::vector<std::string>{"message.bounced"});
  CHECK(done.deliveries.empty());
  CHECK(after(done.next, hard).emitted.empty());
  Feedback soft = bounce(BounceClass::mailbox, DeliveryChange::refused);
  soft.message->reason = "452 4.2.2 mailbox full";
  CHECK(after(anna(), soft).emitted.empty());
}

TEST_CASE("what names no delivery that is known changes nothing") {
  const auto kind = GENERATE(FeedbackKind::bounced, FeedbackKind::replied, FeedbackKind::delivered);
  const Snapshot before = anna();
  const Transition done = after(before, {.delivery = "1.1.0.0.email", .kind = kind});
  CHECK(done.next == before);
  CHECK(done.emitted.empty());
}

TEST_CASE("evidence takes back what an operator has asked to be sent again") {
  Transition asked;
  {
    const Book book(BookParts{.messages = {{.name = "m1", .kind = Kind::value}}});
    Snapshot snapshot = anna();
    asked = advance(book, {.all = true}, std::move(snapshot),
                    ResendDelivery{delivery_that(DeliveryChange::uncertain)}, start);
  }
  REQUIRE(asked.next.contact.pending.size() == 1);
  const Transition done =
      after(std::move(asked.next), feedback(FeedbackKind::seen, DeliveryChange::uncertain));
  CHECK(done.next.contact.pending.empty());
  CHECK(done.next.contact.ledger.departures.size() == 1);
}

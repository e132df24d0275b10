// Mail that comes back, from its bytes to what the store keeps: by a token that we made, and by
// nothing else.
#include "daemon/mail_feedback.h"

#include <algorithm>

#include "base/encoding.h"
#include "daemon/humans.h"
#include "daemon/mail_token.h"
#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;

namespace {

const config::Secret kept("kept");

std::string bounce_mail(const std::string& token, const std::string& status = "5.1.1",
                        const std::string& id = "b1") {
  return "From: MAILER-DAEMON@mx.example.org\nTo: bounces+" + token +
         "@example.org\nMessage-ID: <" + id +
         "@mx.example.org>\nSubject: Undelivered\nMIME-Version: 1.0\n"
         "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nNo.\n"
         "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n"
         "Final-Recipient: rfc822; anna@example.org\nAction: failed\nStatus: " +
         status + "\nDiagnostic-Code: smtp; 550 " + status + " no\n--b--\n";
}

std::string complaint_mail(const std::string& token) {
  return "From: fbl@provider.example\nMessage-ID: <c1@provider.example>\nMIME-Version: 1.0\n"
         "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\nNo.\n"
         "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n--b\n"
         "Content-Type: message/rfc822\n\nMessage-ID: <" +
         token + "@example.org>\n\nx\n--b--\n";
}

std::string reply_mail(const std::string& token, const std::string& headers = "") {
  return "From: anna@example.org\nMessage-ID: <r1@example.org>\nSubject: Re: x\nIn-Reply-To: <" +
         token + "@example.org>\n" + headers + "\nYes!\n\n> No?\n";
}

// A world in which m1 has just gone to anna.
class SentWorld {
 public:
  SentWorld() {
    world.start();
    world.ask("contact/add", cel::Map{{"contact", "anna"},
                                      {"addresses", cel::Map{{"email", "anna@example.org"}}}});
    world.event("anna", "hello");
    world.run_until(world.clock.now());
    const auto departed = world.store->deliveries({rules::DeliveryChange::departed});
    REQUIRE(departed->size() == 1);
    delivery = departed->front();
    token = daemon::mail_token(kept, delivery.key);
  }

  // What the mail changes; nullopt where it is none of ours.
  std::optional<daemon::BatchResult> take(const std::string& mail) {
    auto inputs = daemon::inputs_of_mail(kept, mail);
    if (!inputs) return std::nullopt;
    std::vector<daemon::Arrived> arrived;
    for (auto& input : *inputs) arrived.push_back({std::move(input), world.clock.now()});
    auto result = world.engine->process(arrived, world.clock.now());
    REQUIRE(result);
    return *std::move(result);
  }

  rules::Contact contact() { return world.store->contact(delivery.contact)->value().contact; }
  rules::AddressState address() {
    return world.store->contact(delivery.contact)->value().addresses.at(0);
  }
  std::int64_t count(const std::string& event) {
    const auto history = contact().history;
    const auto found = history.find(event);
    return found == history.end() ? 0 : found->second.count;
  }
  std::string state() { return std::string(world.ask("delivery/list").text); }

  tests::OperatorWorld world;
  rules::Delivery delivery;
  std::string token;
};

}  // namespace

TEST_CASE("a mail's token names its delivery, and only for the store that made it") {
  const auto* key = GENERATE("7.1.0.0.email", "1234567890.300.12.5.email", "0.0.0.0.e",
                             "9223372036854775807.1.2.3.newsletter");
  const std::string token = daemon::mail_token(kept, key);
  CHECK(token == daemon::mail_token(kept, key));
  CHECK(daemon::delivery_of_token(kept, token) == key);
  CHECK_FALSE(daemon::delivery_of_token(config::Secret("other"), token));
  std::string upper = token;
  for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  CHECK(daemon::delivery_of_token(kept, upper) == key);
}

TEST_CASE("an ordinary delivery's token leaves room in a local part") {
  CHECK(daemon::mail_token(kept, "123456789.1000.100.100.email").size() <= 48);
}

TEST_CASE("a token with any bit changed is none") {
  const auto bytes = *base::from_base32(daemon::mail_token(kept, "7.1.0.0.email"));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    CHECK_FALSE(daemon::delivery_of_token(kept, base::to_base32(changed)));
  }
}

TEST_CASE("what is no token is refused") {
  const auto* token = GENERATE("", "a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "!", "7777777777777777",
                               "mfrggzdfmztwq2lkmfrggzdfmztwq2lk");
  CHECK_FALSE(daemon::delivery_of_token(kept, token));
  CHECK_FALSE(daemon::delivery_of_token(kept, std::string(100'000, 'a')));
}

TEST_CASE("a notification's token names no delivery") {
  const std::string token = daemon::mail_token(kept, "notify.1234.p.step");
  CHECK(token.size() >= 16);
  CHECK_FALSE(daemon::delivery_of_token(kept, token));
}

TEST_CASE("a bounce suppresses the address that the mail went to, once") {
  SentWorld sent;
  REQUIRE(sent.take(bounce_mail(sent.token)).has_value());
  REQUIRE(sent.address().suppression);
  CHECK(sent.address().suppression->scope == rules::SuppressionScope::all);
  CHECK(sent.count("message.bounced") == 1);
  CHECK(sent.world.store->delivery(sent.delivery.key)->value().change ==
        rules::DeliveryChange::refused);

  const auto again = sent.take(bounce_mail(sent.token));
  REQUIRE(again.has_value());
  CHECK(again->duplicates == 1);
  REQUIRE(sent.take(bounce_mail(sent.token, "5.1.1", "another")).has_value());
  CHECK(sent.count("message.bounced") == 1);
}

TEST_CASE("two reports of one delivery in one batch are one bounce") {
  SentWorld sent;
  std::vector<daemon::Arrived> arrived;
  for (const auto* id : {"b1", "b2"}) {
    auto inputs = daemon::inputs_of_mail(kept, bounce_mail(sent.token, "5.1.1", id));
    REQUIRE(inputs.has_value());
    for (auto& input : *inputs) {
      arrived.push_back({std::move(input), sent.world.clock.now()});
    }
  }
  REQUIRE(sent.world.engine->process(arrived, sent.world.clock.now()));
  CHECK(sent.count("message.bounced") == 1);
}

TEST_CASE("a bounce for our standing or our message leaves the contact alone") {
  SentWorld sent;
  const auto* status = GENERATE("5.7.1", "5.6.1", "5.3.4", "5.2.2", "4.4.7");
  REQUIRE(sent.take(bounce_mail(sent.token, status)).has_value());
  CHECK(sent.count("message.bounced") == 1);
  CHECK_FALSE(sent.address().suppression);
}

TEST_CASE("a forged bounce, complaint or answer has no effect whatsoever") {
  SentWorld sent;
  const auto before = sent.world.store->contact(sent.delivery.contact)->value();
  std::string bent = sent.token;
  bent.back() = bent.back() == 'a' ? 'b' : 'a';
  const std::vector<std::string> tokens = {
      "",
      "anna",
      bent,
      sent.token.substr(1),
      daemon::mail_token(config::Secret("another store"), sent.delivery.key),
      daemon::mail_token(kept, "notify.1.p.s")};
  for (const std::string& token : tokens) {
    CAPTURE(token);
    CHECK_FALSE(sent.take(bounce_mail(token)).has_value());
    CHECK_FALSE(sent.take(complaint_mail(token)).has_value());
    CHECK_FALSE(sent.take(reply_mail(token)).has_value());
  }
  CHECK(sent.world.store->contact(sent.delivery.contact)->value() == before);
}

TEST_CASE("a token of a delivery that never was has no effect") {
  SentWorld sent;
  const auto before = sent.world.store->contact(sent.delivery.contact)->value();
  const std::string key = std::to_string(sent.delivery.contact.value) + ".77.0.0.email";
  REQUIRE(sent.take(bounce_mail(daemon::mail_token(kept, key))).has_value());
  CHECK(sent.world.store->contact(sent.delivery.contact)->value() == before);
}

TEST_CASE("a complaint ends marketing and is told once") {
  SentWorld sent;
  REQUIRE(sent.take(complaint_mail(sent.token)).has_value());
  REQUIRE(sent.take(complaint_mail(sent.token)).has_value());
  REQUIRE(sent.address().suppression);
  CHECK(sent.address().suppression->scope == rules::SuppressionScope::marketing);
  CHECK(sent.address().suppression->reason == "complained");
  CHECK(sent.count("message.complained") == 1);
}

TEST_CASE("an answer is an event, a machine's is not") {
  SentWorld sent;
  REQUIRE(sent.take(reply_mail(sent.token, "Auto-Submitted: auto-replied\n")).has_value());
  CHECK(sent.count("message.replied") == 0);
  REQUIRE(sent.take(reply_mail(sent.token, "X-Other: x\n")).has_value());
  // It bears the same Message-ID as the machine's, hence is a repeat.
  CHECK(sent.count("message.replied") == 0);
}

TEST_CASE("a person's answer is kept with what they wrote") {
  SentWorld sent;
  REQUIRE(sent.take(reply_mail(sent.token)).has_value());
  CHECK(sent.count("message.replied") == 1);
  const auto timeline = sent.world.store->timeline(sent.delivery.contact, 100);
  const auto replied = std::ranges::find_if(*timeline, [](const store::TimelineEntry& entry) {
    const auto* event = std::get_if<rules::Event>(&entry.what);
    return event != nullptr && event->name == "message.replied";
  });
  REQUIRE(replied != timeline->end());
  CHECK(std::get<rules::Event>(replied->what).properties.find("text")->as_string() == "Yes!");
}

TEST_CASE("a delayed report is ours and changes nothing") {
  SentWorld sent;
  std::string mail = bounce_mail(sent.token, "4.4.1");
  mail.replace(mail.find("failed"), 6, "delayed");
  REQUIRE(sent.take(mail).has_value());
  CHECK(sent.count("message.bounced") == 0);
}

TEST_CASE("a report of several addresses is a hard bounce only where none of them exists") {
  SentWorld sent;
  const auto [status, suppressed] =
      GENERATE(table<std::string, bool>({{"5.1.1", true}, {"5.2.2", false}, {"5.7.1", false}}));
  std::string mail = bounce_mail(sent.token);
  mail.insert(mail.find("--b--"),
              "\nFinal-Recipient: rfc822; bob@example.org\nAction: failed\n"
              "Status: " +
                  status + "\n");
  REQUIRE(sent.take(mail).has_value());
  CHECK(sent.address().suppression.has_value() == suppressed);
}

TEST_CASE("a human answers a contact by mail, and only a person's mail is an answer") {
  const rules::Notification told{.at = tests::at("2026-03-02T12:00:00Z"),
                                 .playbook = "p",
                                 .step = "s",
                                 .text = "Hello?",
                                 .contact = {57}};
  const std::string token = daemon::mail_token(kept, daemon::telling_key(told));
  CHECK(token.size() <= 64);
  const auto inputs = daemon::inputs_of_mail(kept, reply_mail(token));
  REQUIRE(inputs.has_value());
  REQUIRE(inputs->size() == 1);
  const auto& input = std::get<daemon::ContactInput>(inputs->front());
  CHECK(input.contact.value == 57);
  CHECK(std::get<rules::HumanMessage>(input.input).text == "Yes!");
  CHECK(input.message_id);

  const auto machine =
      daemon::inputs_of_mail(kept, reply_mail(token, "Auto-Submitted: auto-replied\n"));
  REQUIRE(machine.has_value());
  CHECK(machine->empty());
  CHECK(daemon::inputs_of_mail(kept, bounce_mail(token))->empty());
  const auto forged = daemon::inputs_of_mail(config::Secret("other"), reply_mail(token));
  CHECK_FALSE(forged.has_value());
}

TEST_CASE("what a human writes is an answer, or gives the contact back") {
  const auto [text, is_back] = GENERATE(table<std::string, bool>({
      {"/back", true},
      {" /back@anna_bot\n", true},
      {"/back thanks", true},
      {"/backwards", false},
      {"I will be back", false},
  }));
  CAPTURE(text);
  const auto input = daemon::human_input(text, "lena");
  REQUIRE(input.has_value());
  CHECK(std::holds_alternative<rules::HandBack>(*input) == is_back);
  const auto nothing = daemon::human_input(" \n", "lena");
  CHECK_FALSE(nothing.has_value());
}

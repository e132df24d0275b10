#include "daemon/operations.h"

#include <set>

#include "daemon/pauses.h"
#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;
using base::ErrorKind;
using cel::Map;

namespace {

std::string text_at(const cel::Value& value, std::string_view key) {
  const auto* found = value.find(key);
  return found != nullptr && found->is_string() ? found->as_string() : "(none)";
}

const cel::Value& first(const cel::Value& value, std::string_view key) {
  const auto* list = value.find(key);
  REQUIRE(list != nullptr);
  REQUIRE_FALSE(list->as_list().empty());
  return list->as_list().front();
}

}  // namespace

TEST_CASE("a request that is not as documented is refused in words") {
  tests::OperatorWorld world;
  world.start();
  world.event("u1", "other");
  struct Case {
    std::string operation;
    std::string request;
    ErrorKind kind;
  };
  const std::string long_text(5000, 'x');
  const std::vector<Case> cases = {
      {"", "{}", ErrorKind::not_found},
      {"../status", "{}", ErrorKind::not_found},
      {"status", "[]", ErrorKind::invalid},
      {"status", "{\"surplus\": 1}", ErrorKind::invalid},
      {"contact/show", "{}", ErrorKind::invalid},
      {"contact/show", "{\"contact\": \"\"}", ErrorKind::invalid},
      {"contact/show", "{\"contact\": 7}", ErrorKind::invalid},
      {"contact/show", "{\"contact\": \"" + long_text + "\"}", ErrorKind::invalid},
      {"contact/show", "{\"contact\": \"nobody\"}", ErrorKind::not_found},
      {"contact/show", "{\"contact\": \"email:' OR 1=1 --\"}", ErrorKind::not_found},
      {"contact/list", "{\"limit\": 100000000}", ErrorKind::invalid},
      {"contact/list", "{\"limit\": \"all\"}", ErrorKind::invalid},
      {"contact/set", "{\"contact\": \"u1\"}", ErrorKind::invalid},
      {"contact/set", "{\"contact\": \"u1\", \"attributes\": [1]}", ErrorKind::invalid},
      {"contact/set", "{\"contact\": \"u1\", \"attributes\": {\"\": 1}}", ErrorKind::invalid},
      {"contact/set", "{\"contact\": \"u1\", \"addresses\": {\"email\": \"no address\"}}",
       ErrorKind::invalid},
      {"contact/set", "{\"contact\": \"u1\", \"timezone\": \"Mars/Olympus\"}", ErrorKind::invalid},
      {"contact/set", "{\"contact\": \"u1\", \"tag\": \"vip\"}", ErrorKind::invalid},
      {"contact/add", "{\"contact\": \"u1\"}", ErrorKind::conflict},
      {"contact/consent", "{\"contact\": \"u1\", \"channel\": \"fax\"}", ErrorKind::not_found},
      {"contact/suppress", "{\"contact\": \"u1\", \"scope\": \"some\"}", ErrorKind::invalid},
      {"contact/suppress", "{\"contact\": \"u1\", \"channel\": \"sms\"}", ErrorKind::not_found},
      {"event/add", "{\"contact\": \"u1\", \"event\": \"" + std::string(300, 'e') + "\"}",
       ErrorKind::invalid},
      {"event/add", "{\"contact\": \"u1\", \"event\": \"e\", \"at\": \"tomorrow\"}",
       ErrorKind::invalid},
      {"event/add", "{\"contact\": \"u1\", \"event\": \"e\", \"at\": \"2030-01-01T00:00:00Z\"}",
       ErrorKind::invalid},
      {"touch/add", "{\"contact\": \"u1\", \"kind\": \"talk\", \"place\": \"moon\"}",
       ErrorKind::invalid},
      {"enrollment/stop", "{\"contact\": \"u1\"}", ErrorKind::invalid},
      {"enrollment/stop", "{\"contact\": \"u1\", \"enrollment\": 9}", ErrorKind::not_found},
      {"delivery/list", "{\"state\": \"lost\"}", ErrorKind::invalid},
      {"delivery/resend", "{\"delivery\": \"1.2.3.4.email\"}", ErrorKind::not_found},
      {"pause", "{\"what\": \"no-such-thing\"}", ErrorKind::not_found},
  };
  for (const auto& test : cases) {
    INFO(test.operation << " " << test.request.substr(0, 100));
    const auto request = cel::from_json(test.request);
    REQUIRE(request);
    const auto error = world.refuse(test.operation, *request);
    CHECK(error.kind == test.kind);
    CHECK_FALSE(error.message.empty());
  }
}

TEST_CASE("a contact is found by id, by address and by e-mail address in any case") {
  tests::OperatorWorld world;
  world.start();
  world.event("anna", "other");
  for (const char* name : {"anna", "email:anna@example.org", "Anna@Example.org"}) {
    INFO(name);
    CHECK(text_at(world.ask("contact/show", Map{{"contact", name}}).result, "id") == "anna");
  }
}

TEST_CASE("an address that several hold names nobody") {
  tests::OperatorWorld world;
  world.start();
  for (const char* id : {"a", "b"}) {
    world.ask("contact/add",
              Map{{"contact", id}, {"addresses", Map{{"email", "shared@example.org"}}}});
  }
  CHECK(world.refuse("contact/show", Map{{"contact", "shared@example.org"}}).kind ==
        ErrorKind::conflict);
}

TEST_CASE("an operator adds a contact and changes it") {
  tests::OperatorWorld world;
  world.start();
  world.ask("contact/add", Map{{"contact", "anna"},
                               {"attributes", Map{{"first_name", "Anna"}, {"seats", 5}}},
                               {"addresses", Map{{"email", " Anna@Example.org "}}},
                               {"timezone", "Europe/Paris"},
                               {"tag", cel::List{"vip", "trial"}}});
  world.ask("contact/set", Map{{"contact", "anna"},
                               {"attributes", Map{{"seats", nullptr}}},
                               {"untag", cel::List{"trial"}}});
  const auto shown = world.ask("contact/show", Map{{"contact", "anna"}});
  CHECK(cel::to_json(*shown.result.find("attributes")) == R"({"first_name":"Anna"})");
  CHECK(cel::to_json(*shown.result.find("tags")) == R"(["vip"])");
  CHECK(text_at(*shown.result.find("addresses"), "email") == "anna@example.org");
  CHECK(shown.text.find("Europe/Paris") != std::string::npos);
}

TEST_CASE("an operator's attributes are the traits that an SDK sends") {
  tests::OperatorWorld world;
  world.start();
  world.ask("contact/add", Map{{"contact", "ivan"},
                               {"attributes", Map{{"email", " Ivan@Example.org"},
                                                  {"firstName", "Ivan"},
                                                  {"timezone", "Europe/Moscow"},
                                                  {"channels", Map{{"telegram", 7}}}}}});
  const auto shown = world.ask("contact/show", Map{{"contact", "ivan"}}).result;
  CHECK(cel::to_json(*shown.find("addresses")) == R"({"email":"ivan@example.org","telegram":"7"})");
  CHECK(cel::to_json(*shown.find("attributes")) == R"({"first_name":"Ivan"})");
  CHECK(text_at(shown, "timezone") == "Europe/Moscow");

  const auto [name, remedy] = GENERATE(table<std::string, std::string>({
      {"score", "score"},
      {"stage", "move_to"},
      {"tags", "--tag"},
      {"consent", "contact consent"},
      {"consent.email", "contact consent"},
      {"id", "id"},
  }));
  INFO(name);
  const auto error =
      world.refuse("contact/set", Map{{"contact", "ivan"}, {"attributes", Map{{name, 50}}}});
  CHECK(error.remedy.find(remedy) != std::string::npos);
  CHECK(world
            .refuse("contact/set",
                    Map{{"contact", "ivan"}, {"attributes", Map{{"email", "nonsense"}}}})
            .kind == ErrorKind::invalid);
  CHECK(world
            .refuse("contact/set",
                    Map{{"contact", "ivan"}, {"attributes", Map{{"timezone", "Mars/Base"}}}})
            .kind == ErrorKind::invalid);
}

TEST_CASE("a contact shows that its address is suppressed") {
  tests::OperatorWorld world;
  world.start();
  world.event("anna", "other");
  const auto show = [&] { return world.ask("contact/show", Map{{"contact", "anna"}}); };
  CHECK(show().result.find("suppression")->is_null());
  world.ask("contact/suppress",
            Map{{"contact", "anna"}, {"channel", "email"}, {"scope", "marketing"}});
  const auto shown = show();
  CHECK(text_at(*shown.result.find("suppression"), "address") == "email:anna@example.org");
  CHECK(text_at(*shown.result.find("suppressions")->find("email:anna@example.org"), "scope") ==
        "marketing");
  CHECK(shown.text.find("email anna@example.org is suppressed: marketing (manual)") !=
        std::string::npos);
  world.ask("contact/suppress", Map{{"contact", "anna"}});
  CHECK(text_at(*show().result.find("suppression"), "scope") == "all");
  CHECK(show().result.find("suppression")->find("address") == nullptr);
}

TEST_CASE("an operator's consent lifts an unsubscribe and not what is suppressed for all") {
  tests::OperatorWorld world;
  world.start();
  world.event("anna", "other");
  const std::string scope = GENERATE("marketing", "all");
  world.ask("contact/suppress", Map{{"contact", "anna"}, {"scope", scope}});
  const auto answer = world.ask("contact/consent", Map{{"contact", "anna"}, {"channel", "email"}});
  CHECK(answer.result.find("suppression")->is_null() == (scope == "marketing"));
}

TEST_CASE("an operator lifts a suppression of any scope, and who did and why is recorded") {
  tests::OperatorWorld world;
  world.start();
  world.event("anna", "other");
  const std::string scope = GENERATE("marketing", "all");
  const bool of_address = GENERATE(false, true);
  Map suppress{{"contact", "anna"}, {"scope", scope}, {"reason", "by phone"}};
  Map lift{{"contact", "anna"}, {"by", "lena"}, {"reason", "a mistake"}};
  if (of_address) suppress.set("channel", "email");
  if (of_address) lift.set("channel", "email");
  world.ask("contact/suppress", suppress);
  const auto answer = world.ask("contact/unsuppress", lift);
  CHECK(answer.result.find("suppression")->is_null());
  const auto explained = world.ask("explain", Map{{"contact", "anna"}}).text;
  CHECK(explained.find("by phone lifted by lena: a mistake") != std::string::npos);
  CHECK(world.refuse("contact/unsuppress", lift).kind == ErrorKind::conflict);
  world.event("anna", "hello");
  CHECK(world.sent["m1"] == 1);
}

TEST_CASE("what is lifted is the person's or the address's, and gives no consent back") {
  tests::OperatorWorld world;
  world.start();
  world.event("anna", "other");
  const auto lift = [](const char* key, const char* value) {
    return Map{{"contact", "anna"}, {"by", "lena"}, {"reason", "a mistake"}, {key, value}};
  };
  world.ask("contact/suppress", Map{{"contact", "anna"}, {"channel", "email"}});
  CHECK(world.refuse("contact/unsuppress", lift("by", "lena")).remedy.find("--channel") !=
        std::string::npos);
  CHECK(world.refuse("contact/unsuppress", lift("channel", "fax")).kind == ErrorKind::not_found);
  CHECK(world.refuse("contact/unsuppress", lift("contact", "nobody")).kind == ErrorKind::not_found);
  CHECK(world.refuse("contact/unsuppress", Map{{"contact", "anna"}}).kind == ErrorKind::invalid);
  world.ask("contact/suppress", Map{{"contact", "anna"},
                                    {"channel", "email"},
                                    {"scope", "marketing"},
                                    {"reason", "unsubscribed"}});
  const auto lifted = world.ask("contact/unsuppress", lift("channel", "email"));
  CHECK(lifted.result.find("suppressions")->as_map().size() == 1);
}

TEST_CASE("an operator's event starts a playbook, and a touch counts") {
  tests::OperatorWorld world;
  world.start();
  world.event("anna", "other");
  world.ask("event/add", Map{{"contact", "anna"}, {"event", "hello"}});
  world.ask("touch/add", Map{{"contact", "anna"}, {"kind", "meeting"}, {"note", "at the fair"}});
  const auto shown = world.ask("contact/show", Map{{"contact", "anna"}});
  CHECK(text_at(first(shown.result, "enrollments"), "playbook") == "p1");
  CHECK(shown.result.find("touches")->as_int() == 1);
}

TEST_CASE("a pause outlasts a restart and a resume lets go on") {
  tests::OperatorWorld world;
  world.start();
  const std::string what = GENERATE("all", "p1", "outbox");
  world.ask("pause", Map{{"what", what}});
  world.event("anna", "hello");
  CHECK(world.sent.empty());
  const auto explained = world.ask("explain", Map{{"contact", "anna"}});
  CHECK(text_at(first(explained.result, "held"), "reason") == "paused");
  CHECK(explained.text.find("nurtured resume") != std::string::npos);

  world.stop();
  world.start();
  const auto pauses = daemon::load_pauses(*world.store);
  REQUIRE(pauses);
  CHECK((pauses->all || pauses->playbooks.contains("p1") || pauses->connectors.contains("outbox")));
  world.engine->set_pauses(*pauses);

  world.ask("resume", Map{{"what", what}});
  // The walk through all contacts asks for a new judgement of what is held.
  for (auto more = world.operations->background(); more && *more;) {
    more = world.operations->background();
  }
  CHECK(world.store->deliveries({rules::DeliveryChange::ready})->size() == 1);
}

TEST_CASE("resuming all lifts every pause, also of what is gone") {
  tests::OperatorWorld world;
  world.start();
  world.ask("pause", Map{{"what", "p1"}});
  world.ask("pause", Map{{"what", "outbox"}});
  CHECK(world.ask("resume").text == "nothing is paused\n");
  const auto kept = world.store->meta(daemon::pauses_key);
  REQUIRE(kept);
  CHECK_FALSE(kept->has_value());
}

TEST_CASE("the walk after a reload goes on where a restart cut it off") {
  tests::OperatorWorld world;
  world.start();
  world.ask("pause");
  for (int i = 0; i < 1200; ++i) world.event("u" + std::to_string(i), "hello");
  world.ask("resume");
  const auto first_slice = world.operations->background();
  REQUIRE(first_slice);
  CHECK(*first_slice);
  CHECK(world.store->deliveries({rules::DeliveryChange::ready, 10'000})->size() == 500);
  world.stop();
  world.start();
  int slices = 0;
  for (auto more = world.operations->background(); more && *more; ++slices) {
    more = world.operations->background();
  }
  CHECK(slices == 1);
  CHECK(world.store->deliveries({rules::DeliveryChange::ready, 10'000})->size() == 1200);
}

TEST_CASE("a parked enrollment is listed, and a reload that mends it runs it again") {
  tests::OperatorWorld world;
  world.folder.write("playbooks/p1.yaml",
                     "start: {when: hello}\nsteps:\n  - set: {size: \"=contact.nothing + 1\"}\n"
                     "  - send: m1\n");
  world.start();
  world.event("anna", "hello");
  const auto parked = world.ask("enrollment/list", Map{{"parked", true}});
  CHECK(text_at(first(parked.result, "enrollments"), "contact") == "anna");
  const auto number = first(parked.result, "enrollments").find("number")->as_int();

  SECTION("retrying fails again as long as nothing was mended") {
    const auto answer =
        world.ask("enrollment/retry", Map{{"contact", "anna"}, {"enrollment", number}});
    CHECK(answer.problem);
  }
  SECTION("it goes on once the contact has what was missing") {
    world.ask("contact/set", Map{{"contact", "anna"}, {"attributes", Map{{"nothing", 1}}}});
    const auto answer =
        world.ask("enrollment/retry", Map{{"contact", "anna"}, {"enrollment", number}});
    CHECK_FALSE(answer.problem);
    CHECK(answer.text.starts_with("tried again: it has a message to send at"));
  }
  SECTION("a reload retries it") {
    world.ask("contact/set", Map{{"contact", "anna"}, {"attributes", Map{{"nothing", 1}}}});
    world.ask("reload");
    REQUIRE(world.operations->background());
    CHECK(world.store->deliveries({rules::DeliveryChange::ready})->size() == 1);
  }
  SECTION("it can be stopped") {
    world.ask("enrollment/stop", Map{{"contact", "anna"}, {"enrollment", number}});
    CHECK(world.ask("enrollment/list", Map{{"contact", "anna"}}).text ==
          "anna is under way nowhere\n");
  }
}

TEST_CASE("an uncertain delivery is listed and sent again once, on an operator's word") {
  tests::OperatorWorld world;
  world.start();
  const auto now = world.clock.now();
  world.ask("contact/add",
            Map{{"contact", "anna"}, {"addresses", Map{{"email", "anna@example.org"}}}});
  world.ask("event/add", Map{{"contact", "anna"}, {"event", "hello"}});
  const auto ready = world.store->deliveries({rules::DeliveryChange::ready});
  REQUIRE(ready->size() == 1);
  const std::string key = ready->front().key;
  const auto contact = ready->front().contact;
  REQUIRE(world.engine->process({{daemon::ContactInput{contact, rules::Claim{key}}, now}}, now));
  REQUIRE(world.engine->process(
      {{daemon::ContactInput{
            contact, rules::Outcome{.delivery = key, .kind = rules::OutcomeKind::uncertain}},
        now}},
      now));
  const auto listed = world.ask("delivery/list", Map{{"state", "uncertain"}});
  CHECK(text_at(first(listed.result, "deliveries"), "delivery") == key);
  CHECK(text_at(first(listed.result, "deliveries"), "contact") == "anna");
  SECTION("at once") {
    world.ask("delivery/resend", Map{{"delivery", key}});
    CHECK(world.refuse("delivery/resend", Map{{"delivery", key}}).kind == ErrorKind::conflict);
    // It takes the place in the mix and the caps that it had, and not another one beside it.
    REQUIRE(world.engine->process({{daemon::ContactInput{contact, rules::Claim{key}}, now}}, now));
    CHECK(world.store->contact(contact)->value().contact.ledger.departures.size() == 1);
  }
  SECTION("while it is held again") {
    world.ask("pause", Map{{"what", "all"}});
    world.ask("delivery/resend", Map{{"delivery", key}});
    CHECK(world.refuse("delivery/resend", Map{{"delivery", key}}).kind == ErrorKind::conflict);
    REQUIRE(world.engine->process(
        {{daemon::ContactInput{contact, rules::ResendDelivery{world.store->delivery(key)->value()}},
          now}},
        now));
    CHECK(world.store->contact(contact)->value().contact.pending.size() == 1);
  }
}

TEST_CASE("an uncertain call is listed until its enrollment is retried") {
  tests::OperatorWorld world;
  world.folder.write("playbooks/p1.yaml",
                     "start: {when: hello}\nsteps:\n  - do: outbox.write\n    with: {a: 1}\n");
  world.start();
  const auto now = world.clock.now();
  world.ask("contact/add", Map{{"contact", "anna"}});
  world.ask("event/add", Map{{"contact", "anna"}, {"event", "hello"}});
  const auto asked = world.store->deliveries({rules::DeliveryChange::ready})->at(0);
  REQUIRE(world.engine->process(
      {{daemon::ContactInput{asked.contact, rules::Claim{asked.key}}, now}}, now));
  REQUIRE(world.engine->process(
      {{daemon::ContactInput{asked.contact, rules::Outcome{.delivery = asked.key,
                                                           .kind = rules::OutcomeKind::uncertain}},
        now}},
      now));
  const Map uncertain{{"state", "uncertain"}};
  const auto listed = world.ask("delivery/list", uncertain);
  CHECK(text_at(first(listed.result, "deliveries"), "delivery") == asked.key);
  CHECK(world.refuse("delivery/resend", Map{{"delivery", asked.key}}).kind == ErrorKind::conflict);
  world.ask("enrollment/retry", Map{{"contact", "anna"}, {"enrollment", 1}});
  CHECK(world.ask("delivery/list", uncertain).text == "there are none\n");
  const auto again = *world.store->deliveries({rules::DeliveryChange::ready});
  REQUIRE(again.size() == 1);
  CHECK(again[0].key != asked.key);
}

TEST_CASE("deliveries are listed page by page") {
  tests::OperatorWorld world;
  world.start();
  for (const char* user : {"anna", "boris", "clara"}) world.event(user, "hello");
  std::set<std::string> keys;
  Map request{{"limit", 2}};
  auto page = world.ask("delivery/list", request);
  CHECK(page.text.find("more: --after ") != std::string::npos);
  for (int pages = 1; !page.result.find("after")->is_null(); ++pages) {
    REQUIRE(pages < 4);
    for (const auto& delivery : page.result.find("deliveries")->as_list()) {
      CHECK(keys.insert(text_at(delivery, "delivery")).second);
    }
    request.set("after", *page.result.find("after"));
    page = world.ask("delivery/list", request);
  }
  for (const auto& delivery : page.result.find("deliveries")->as_list()) {
    CHECK(keys.insert(text_at(delivery, "delivery")).second);
  }
  CHECK(keys.size() == 3);
  for (const char* place : {"", "1", "x,1,", "1,x,", "1,2", ",,", "-1,0,", "1,99999999999999999,",
                            "99999999999999999999,1,", "1,-99999999999999999,k", " 1,1,"}) {
    INFO(place);
    CHECK(world.refuse("delivery/list", Map{{"after", place}}).kind == ErrorKind::invalid);
  }
}

TEST_CASE("a reload tries at once what a connector has put off") {
  tests::OperatorWorld world;
  world.start();
  const auto now = world.clock.now();
  world.ask("contact/add",
            Map{{"contact", "anna"}, {"addresses", Map{{"email", "anna@example.org"}}}});
  world.ask("event/add", Map{{"contact", "anna"}, {"event", "hello"}});
  const auto delivery = world.store->deliveries({rules::DeliveryChange::ready})->front();
  const auto process = [&](rules::Input input) {
    REQUIRE(world.engine->process({{daemon::ContactInput{delivery.contact, std::move(input)}, now}},
                                  now));
  };
  process(rules::Claim{delivery.key});
  process(rules::Outcome{.delivery = delivery.key, .kind = rules::OutcomeKind::deferred});
  CHECK(world.store->deliveries({rules::DeliveryChange::ready})->empty());
  world.ask("reload");
  REQUIRE(world.operations->background());
  CHECK(world.store->deliveries({rules::DeliveryChange::ready})->size() == 1);
}

TEST_CASE("status counts what runs and names what is paused") {
  tests::OperatorWorld world;
  world.start();
  world.event("anna", "hello");
  world.ask("pause", Map{{"what", "p1"}});
  const auto status = world.ask("status");
  CHECK(status.result.find("playbooks")->as_int() == 1);
  CHECK(status.result.find("waiting")->as_int() == 1);
  CHECK(status.text.find("p1 is paused") != std::string::npos);
}

TEST_CASE("without an inbox only what reads is offered") {
  tests::OperatorWorld world;
  world.start();
  daemon::Operations reading({.reader = *world.store,
                              .keeper = *world.keeper,
                              .clock = world.clock,
                              .location = world.location()});
  CHECK(reading.call("status", Map{}));
  CHECK(reading.call("pause", Map{}).error().kind == ErrorKind::unavailable);
}

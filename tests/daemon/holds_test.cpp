#include "daemon/holds.h"

#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;

namespace {

constexpr const char* settings_head =
    "store: sqlite:nurtured.db\ntimezone: UTC\n"
    "connectors:\n  outbox: {type: file, path: outbox}\n";
constexpr const char* open_limits =
    "limits: {per_day: 10, per_week: 50, min_gap: 1m, quiet: \"00:00-00:00\"}\n";
constexpr const char* assumed = "channels:\n  email: {connector: outbox, consent: assumed}\n";
constexpr const char* asked = "channels:\n  email: {connector: outbox}\n";

std::string settings(const std::string& channels, const std::string& rest) {
  return settings_head + channels + rest;
}

std::string message(const std::string& kind) {
  return "---\nkind: " + kind + "\nsubject: m1\n---\nHello.\n";
}

// `hello` of one more user, whose message the dispatcher has not taken yet.
void begin(tests::OperatorWorld& world, const std::string& user) {
  daemon::EventInput input{.who = {.user_id = user},
                           .event = {.name = "hello",
                                     .properties = cel::Map{},
                                     .occurred_at = world.clock.now(),
                                     .received_at = world.clock.now()}};
  input.event.change.addresses.emplace_back("email", user + "@example.org");
  std::vector<daemon::Arrived> inputs;
  inputs.push_back({std::move(input), world.clock.now()});
  REQUIRE(world.engine->process(inputs, world.clock.now()));
}

std::vector<rules::Contact> contacts_of(tests::OperatorWorld& world) {
  const auto contacts = world.store->contacts_after({}, 100);
  REQUIRE(contacts);
  return *contacts;
}

std::string waiting_part(const std::string& text) {
  const std::size_t at = text.find("waiting messages");
  return at == std::string::npos ? "" : text.substr(at);
}

struct Files {
  std::string settings;
  std::string message = ::message("value");
  std::string segments = {};

  void write(const tests::TemporaryFolder& folder) const {
    folder.write("nurtured.yaml", settings);
    folder.write("content/m1.md", message);
    if (!segments.empty()) folder.write("segments.yaml", segments);
  }
};

struct Case {
  std::string what;
  Files before;
  Files after;
  std::string want;
};

std::vector<Case> cases() {
  const Files open{settings(assumed, open_limits)};
  const std::string few_offers = "mix: {value: 80, engagement: 20, offer: 0}\n";
  const std::string muted = "mute: [{if: 'in_segment(\"quiet\")'}]\n";
  const std::string nobody = "segments:\n  quiet: {if: 'contact.score > 5'}\n";
  const std::string everybody = "segments:\n  quiet: {if: 'contact.score < 5'}\n";
  const std::string no_touches = std::string("touches_before_offer: 0\n") + open_limits;
  return {
      {"nothing", open, open, ""},
      {"quiet hours that cover now",
       open,
       {settings(assumed, "limits: {per_day: 10, per_week: 50, quiet: \"09:00-18:00\"}\n")},
       "waiting messages\n  - m1  2 newly held by quiet\n"},
      {"quiet hours that are lifted",
       {settings(assumed, "limits: {per_day: 10, per_week: 50, quiet: \"09:00-18:00\"}\n")},
       open,
       "waiting messages\n  + m1  2 freed, held now by quiet\n"},
      {"a value message that becomes an offer",
       open,
       {open.settings, message("offer")},
       "waiting messages\n  - m1  2 newly held by touches\n"},
      {"fewer touches before an offer",
       {open.settings, message("offer")},
       {settings(assumed, no_touches), message("offer")},
       "waiting messages\n  + m1  2 freed, held now by touches\n"},
      {"a mix with room for offers",
       {settings(assumed, few_offers + no_touches), message("offer")},
       {settings(assumed, no_touches), message("offer")},
       "waiting messages\n  + m1  2 freed, held now by mix\n"},
      {"a channel whose consent is assumed no more",
       open,
       {settings(asked, open_limits)},
       "waiting messages\n  - m1  2 newly held by consent\n"},
      {"a channel whose consent is assumed from now on",
       {settings(asked, open_limits)},
       open,
       "waiting messages\n  + m1  2 freed, held now by consent\n"},
      {"a receipt, which needs no consent",
       {settings(asked, open_limits)},
       {settings(asked, open_limits), message("receipt")},
       "waiting messages\n  + m1  2 freed, held now by consent\n"},
      {"a segment that is muted and now holds everybody",
       {settings(assumed, muted + open_limits), message("value"), nobody},
       {settings(assumed, muted + open_limits), message("value"), everybody},
       "waiting messages\n  - m1  2 newly held by muted\n"},
      {"another reason for being held",
       {settings(asked, open_limits)},
       {settings(asked, open_limits), message("offer")},
       ""},
  };
}

}  // namespace

TEST_CASE("a plan tells which waiting messages are newly held and which are freed") {
  for (const Case& c : cases()) {
    CAPTURE(c.what);
    tests::OperatorWorld world;
    c.before.write(world.folder);
    world.start();
    begin(world, "u1");
    begin(world, "u2");
    const auto contacts = contacts_of(world);
    c.after.write(world.folder);
    CHECK(waiting_part(world.ask("plan").text) == c.want);
    CHECK(contacts_of(world) == contacts);
  }
}

TEST_CASE("a plan tells of a segment that changes") {
  tests::OperatorWorld world;
  world.folder.write("segments.yaml", "segments:\n  warm: {if: 'contact.score > 5'}\n");
  world.start();
  world.folder.write("segments.yaml", "segments:\n  warm: {if: 'contact.score > 6'}\n");
  CHECK(world.ask("plan").text == "settings\n  ~ segments.warm\n");
}

TEST_CASE("what waits is judged as it will be where everybody is taken along") {
  tests::OperatorWorld world;
  Files{settings(asked, open_limits)}.write(world.folder);
  world.start();
  begin(world, "u1");
  world.clock.advance_to(world.clock.now() + std::chrono::hours{2});
  world.folder.write("playbooks/p1.yaml",
                     "start: {when: hello}\nsteps:\n  - {send: m1, hold: 1h}\n  - wait: 2d\n"
                     "  - send: m2\n");
  const auto plan = [&](bool migrate) {
    return waiting_part(world.ask("plan", cel::Map{{"migrate", migrate}}).text);
  };
  CHECK(plan(false).empty());
  CHECK(plan(true) == "waiting messages\n  - m1  1 left out by consent\n");
}

TEST_CASE("a step that says another message replaces the one that waits, as the migration does") {
  const auto [gates, told] = GENERATE(table<std::string, std::string>({
      {open_limits, "waiting messages\n  ~ m1  1 replaced by m2, which consent holds\n"},
      {"", "waiting messages\n  ~ m1  1 replaced by m2, which may go\n"},
  }));
  tests::OperatorWorld world;
  Files{settings(asked, open_limits)}.write(world.folder);
  world.folder.write("playbooks/p1.yaml",
                     "start: {when: hello}\nsteps:\n  - {id: first, send: m1}\n");
  world.start();
  begin(world, "u1");
  world.folder.write("playbooks/p1.yaml",
                     "start: {when: hello}\nsteps:\n  - {id: first, send: m2}\n  - wait: 2d\n");
  if (gates.empty()) Files{settings(assumed, open_limits)}.write(world.folder);
  const auto plan = world.ask("plan", cel::Map{{"migrate", true}});
  INFO(plan.text);
  CHECK(waiting_part(plan.text) == told);
  const cel::Value& change =
      plan.result.find("plan")->find("holds")->find("changes")->as_list().at(0);
  CHECK(change.find("effect")->as_string() == "replaced");
  CHECK(change.find("instead")->as_string() == "m2");
  world.ask("reload", cel::Map{{"migrate", true}});
  while (*world.operations->background()) {
  }
  const auto contact = contacts_of(world).at(0);
  REQUIRE(contact.pending.size() == 1);
  CHECK(contact.pending[0].message == "m2");
  // What may go has been handed to its connector.
  const bool is_ready = std::ranges::any_of(contact.pending[0].targets, [](const auto& target) {
    return target.state == rules::TargetState::ready;
  });
  CHECK(is_ready == gates.empty());
}

TEST_CASE("the messages that wait are told in JSON too") {
  tests::OperatorWorld world;
  world.start();
  begin(world, "u1");
  Files{settings(asked, open_limits)}.write(world.folder);
  const cel::Value holds = *world.ask("plan").result.find("plan")->find("holds");
  CHECK(*holds.find("people") == cel::Value(1));
  CHECK(*holds.find("limited") == cel::Value(false));
  CHECK(*holds.find("changes") ==
        cel::Value(cel::List{cel::Map{
            {"message", "m1"}, {"effect", "held"}, {"reason", "consent"}, {"messages", 1}}}));
}

TEST_CASE("what a provider has is not judged") {
  tests::OperatorWorld world;
  world.start();
  begin(world, "u1");
  const auto contact = contacts_of(world).at(0);
  const std::string key = rules::delivery_key(contact.id, contact.pending.at(0),
                                              contact.pending[0].targets.at(0).address.channel);
  std::vector<daemon::Arrived> claim;
  claim.push_back({daemon::ContactInput{contact.id, rules::Claim{key}}, world.clock.now()});
  REQUIRE(world.engine->process(claim, world.clock.now()));
  Files{settings(asked, open_limits)}.write(world.folder);
  CHECK(waiting_part(world.ask("plan").text).empty());
}

TEST_CASE("no more people are judged than the bound, and the plan says so") {
  tests::OperatorWorld world;
  world.start();
  for (const char* user : {"u1", "u2", "u3"}) begin(world, user);
  Files{settings(asked, open_limits)}.write(world.folder);
  const auto prepared = world.keeper->prepare(*world.store);
  REQUIRE(prepared);
  const rules::Pauses pauses;
  const auto compare = [&](daemon::HoldBounds bounds) {
    const auto holds =
        daemon::compare_holds(*world.store, {.before = *world.keeper->current()->book,
                                             .after = *prepared->config->book,
                                             .pauses = pauses,
                                             .now = world.clock.now(),
                                             .bounds = bounds});
    REQUIRE(holds);
    return *holds;
  };
  CHECK(to_text(compare({.people_max = 2})) ==
        "waiting messages, of the first 2 people who wait\n  - m1  2 newly held by consent\n");
  CHECK(compare({.contacts_max = 1}).people == 1);
  CHECK(compare({.contacts_max = 1}).limited);
  CHECK_FALSE(compare({.people_max = 3, .contacts_max = 3}).limited);
}

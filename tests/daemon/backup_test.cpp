#include "daemon/backup.h"

#include <filesystem>
#include <fstream>

#include "daemon/pauses.h"
#include "store/journal.h"
#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;

namespace {

std::string back_up(tests::OperatorWorld& world) {
  world.ask("backup/mark");
  const std::string file = world.folder / "copy.db";
  const auto copied = store::backup(world.location(), file);
  if (!copied) FAIL(base::to_string(copied.error()));
  return file;
}

daemon::RestoreReport restore(tests::OperatorWorld& world, const std::string& file) {
  world.stop();
  const auto report = daemon::restore(file, world.location(), *world.keeper, world.clock);
  if (!report) FAIL(base::to_string(report.error()));
  return *report;
}

// Starts as the daemon does, and lets an operator resume.
void start_and_resume(tests::OperatorWorld& world) {
  world.start();
  world.engine->set_pauses(*daemon::load_pauses(*world.store));
  world.ask("resume");
  while (*world.operations->background()) {
  }
}

rules::Snapshot contact(tests::OperatorWorld& world, const std::string& user) {
  const auto id = world.store->find({store::IdentityKey::Kind::user, user});
  REQUIRE(id);
  REQUIRE(*id);
  auto snapshot = world.store->contact(**id);
  REQUIRE(snapshot);
  REQUIRE(*snapshot);
  return **std::move(snapshot);
}

}  // namespace

TEST_CASE("a message that left after the backup is not sent again") {
  tests::OperatorWorld world;
  world.start();
  world.event("anna", "hello");
  const std::string file = back_up(world);
  world.run_until(tests::at("2026-03-04T00:00:00Z"));
  REQUIRE(world.sent["m2"] == 1);
  const auto before = contact(world, "anna");

  const auto report = restore(world, file);
  CHECK(report.departures == 1);
  CHECK(report.taken_at == tests::at("2026-03-01T10:00:00Z"));
  start_and_resume(world);
  const auto after = contact(world, "anna");
  CHECK(after.contact.ledger == before.contact.ledger);
  CHECK(after.contact.touches == before.contact.touches);
  CHECK(after.contact.enrollments == before.contact.enrollments);
  CHECK(after.addresses == before.addresses);
  world.run_until(tests::at("2026-04-04T00:00:00Z"));
  CHECK(world.sent["m2"] == 1);
}

TEST_CASE("a message that the backup holds as ready and that has left is not sent again") {
  tests::OperatorWorld world;
  world.start();
  world.ask("pause");
  world.event("anna", "hello");
  world.ask("resume");
  // Judged anew and ready; the backup is taken before it leaves.
  REQUIRE(world.operations->background());
  const auto ready = world.store->deliveries({rules::DeliveryChange::ready});
  REQUIRE(ready->size() == 1);
  const std::string file = back_up(world);
  world.clock.advance_to(tests::at("2026-03-01T10:00:05Z"));
  const auto now = world.clock.now();
  const auto& delivery = ready->front();
  REQUIRE(world.engine->process(
      {{daemon::ContactInput{delivery.contact, rules::Claim{delivery.key}}, now}}, now));
  const auto report = restore(world, file);
  CHECK(report.departures == 1);
  world.start();
  CHECK(world.store->delivery(delivery.key)->value().change == rules::DeliveryChange::departed);
}

TEST_CASE(
    "the events that led to a message are lost with the backup, and it is still not sent twice") {
  tests::OperatorWorld world;
  world.folder.write("playbooks/p1.yaml",
                     "start: {when: hello}\nsteps:\n  - wait_for: go\n    within: 10d\n"
                     "  - send: m1\n  - wait: 2d\n  - send: m2\n");
  world.start();
  world.event("anna", "hello");
  const std::string file = back_up(world);
  world.clock.advance_to(tests::at("2026-03-02T10:00:00Z"));
  world.event("anna", "go");
  REQUIRE(world.sent["m1"] == 1);

  CHECK(restore(world, file).departures == 1);
  start_and_resume(world);
  const auto after = contact(world, "anna");
  REQUIRE(after.contact.enrollments.size() == 1);
  CHECK(after.contact.enrollments[0].state == rules::EnrollmentState::waiting);
  CHECK(after.contact.enrollments[0].due == tests::at("2026-03-04T10:00:00Z"));
  CHECK(after.contact.ledger.departures.size() == 1);
  CHECK(after.contact.ledger.in_flight.empty());
  world.run_until(tests::at("2026-05-01T00:00:00Z"));
  CHECK(world.sent["m1"] == 1);
  CHECK(world.sent["m2"] == 1);
}

TEST_CASE("a contact that the backup does not know counts for its address, and keeps its id") {
  tests::OperatorWorld world;
  world.start();
  world.event("first", "other");
  const std::string file = back_up(world);
  world.event("anna", "hello");
  const auto lost = contact(world, "anna").contact.id;
  REQUIRE(world.sent["m1"] == 1);
  const auto report = restore(world, file);
  CHECK(report.departures == 1);
  start_and_resume(world);
  world.event("anna", "other");
  const auto back = contact(world, "anna");
  CHECK(back.contact.id > lost);
  REQUIRE(back.addresses.size() == 1);
  CHECK(back.addresses[0].ledger.departures.size() == 1);
}

TEST_CASE(
    "a refusal after the backup holds, and one that was lifted before it does not come back") {
  tests::OperatorWorld world;
  world.start();
  for (const char* user : {"anna", "bob"}) world.event(user, "other");
  world.ask("contact/suppress", cel::Map{{"contact", "bob"}, {"scope", "marketing"}});
  world.clock.advance_to(tests::at("2026-03-02T10:00:00Z"));
  world.ask("contact/consent", cel::Map{{"contact", "bob"}, {"channel", "email"}});
  const std::string file = back_up(world);
  world.clock.advance_to(tests::at("2026-03-03T10:00:00Z"));
  world.ask("contact/suppress", cel::Map{{"contact", "anna"}, {"reason", "by phone"}});
  const auto report = restore(world, file);
  CHECK(report.suppressions == 1);
  world.start();
  const auto anna = contact(world, "anna").contact;
  REQUIRE(anna.suppression);
  CHECK(anna.suppression->reason == "by phone");
  CHECK_FALSE(contact(world, "bob").contact.suppression);
}

TEST_CASE("everything is paused after a restore, and the former store is kept") {
  tests::OperatorWorld world;
  world.start();
  world.event("anna", "hello");
  const std::string file = back_up(world);
  world.event("bob", "hello");
  const auto report = restore(world, file);
  CHECK(std::filesystem::exists(report.former));
  world.start();
  CHECK(daemon::load_pauses(*world.store)->all);
  CHECK(store::check(world.location())->empty());
  const auto former = store::open_reader("sqlite:" + report.former, world.clock);
  REQUIRE(former);
  CHECK((*former)->find({store::IdentityKey::Kind::user, "bob"})->has_value());
}

TEST_CASE("restoring twice gives what restoring once gives") {
  tests::OperatorWorld world;
  world.start();
  world.event("anna", "hello");
  const std::string file = back_up(world);
  world.run_until(tests::at("2026-03-04T00:00:00Z"));
  restore(world, file);
  world.start();
  const auto once = contact(world, "anna");
  const auto report = restore(world, file);
  CHECK(report.departures == 1);
  world.start();
  CHECK(contact(world, "anna") == once);
}

TEST_CASE("a file that is no sound store is refused and changes nothing") {
  tests::OperatorWorld world;
  world.start();
  world.event("anna", "hello");
  const std::string file = back_up(world);
  world.stop();
  const auto size = std::filesystem::file_size(file);
  const auto spoil = GENERATE(0, 1, 2, 3, 4);
  std::string name = file;
  if (spoil == 0) {
    name = world.folder / "missing.db";
  } else if (spoil == 1) {
    world.folder.write("copy.db", "");
  } else if (spoil == 2) {
    world.folder.write("copy.db", "this is no database at all, and long enough to look like one");
  } else if (spoil == 3) {
    std::filesystem::resize_file(file, size / 2);
  } else {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(static_cast<std::streamoff>(4096));
    bytes << std::string(4096, '\xff');
  }
  INFO(spoil);
  const auto report = daemon::restore(name, world.location(), *world.keeper, world.clock);
  CHECK_FALSE(report);
  world.start();
  CHECK(contact(world, "anna").contact.enrollments.size() == 1);
  CHECK_FALSE(daemon::load_pauses(*world.store)->all);
}

TEST_CASE("a consent that was withdrawn since the backup is not given back") {
  tests::OperatorWorld world;
  world.start();
  world.event("anna", "hello");
  world.event("boris", "hello");
  for (const char* name : {"anna", "boris"}) {
    world.ask("contact/consent",
              cel::Map{{"contact", name}, {"channel", "email"}, {"given", true}});
  }
  const std::string file = back_up(world);
  world.clock.advance_to(tests::at("2026-03-01T11:00:00Z"));
  world.ask("contact/consent",
            cel::Map{{"contact", "anna"}, {"channel", "email"}, {"given", false}});
  // A repeat is no news, and a contact that the backup does not know has nothing to be told.
  world.ask("contact/consent",
            cel::Map{{"contact", "anna"}, {"channel", "email"}, {"given", false}});
  world.event("late", "hello");
  world.ask("contact/consent",
            cel::Map{{"contact", "late"}, {"channel", "email"}, {"given", false}});

  CHECK(restore(world, file).suppressions == 1);
  world.start();
  const auto after = contact(world, "anna").contact;
  CHECK_FALSE(after.consents.at("email").given);
  CHECK(after.consents.at("email").at == tests::at("2026-03-01T11:00:00Z"));
  CHECK(contact(world, "boris").contact.consents.at("email").given);
}

TEST_CASE("however a refusal came about since the backup, a restore knows it") {
  tests::OperatorWorld world;
  world.start();
  for (const char* user : {"anna", "boris"}) {
    world.event(user, "hello");
    world.ask("contact/consent", cel::Map{{"contact", user}, {"channel", "email"}});
  }
  const auto id = contact(world, "anna").contact.id;
  const std::string file = back_up(world);
  world.clock.advance_to(tests::at("2026-03-01T11:00:00Z"));
  const auto now = world.clock.now();
  const auto take = [&](daemon::EngineInput input) {
    REQUIRE(world.engine->process({{std::move(input), now}}, now));
  };
  const auto tell = [&](const std::string& name, rules::ContactChange change = {}) {
    take(daemon::EventInput{.who = {.user_id = "anna"},
                            .event = {.name = name,
                                      .properties = cel::Map{{"channel", "email"}},
                                      .occurred_at = now,
                                      .received_at = now,
                                      .change = std::move(change)}});
  };
  std::string reason;
  bool is_of_the_address = true;
  SECTION("another system tells of an unsubscribe") {
    tell("message.unsubscribed");
    reason = "unsubscribed";
  }
  SECTION("another system tells of a complaint") {
    tell("message.complained");
    reason = "complained";
  }
  SECTION("a link says so") {
    take(daemon::ContactInput{id, rules::Suppress{.reason = "unsubscribed", .channel = "email"}});
    reason = "unsubscribed";
  }
  SECTION("a trait takes consent back") {
    rules::ContactChange change;
    change.consents.push_back({.channel = "email", .given = false, .source = "sdk"});
    tell("contact.identified", change);
    is_of_the_address = false;
  }
  SECTION("a message comes back from the address") {
    world.clock.advance_to(tests::at("2026-03-03T10:00:00Z"));
    const auto later = world.clock.now();
    const auto due = world.engine->process({}, later);
    REQUIRE(due);
    const std::string key = due->deliveries.at(0).delivery.key;
    const auto contact_id = due->deliveries.at(0).delivery.contact;
    REQUIRE(world.engine->process(
        {{daemon::ContactInput{contact_id, rules::Claim{key}}, later},
         {daemon::ContactInput{
              contact_id,
              rules::Outcome{.delivery = key, .kind = rules::OutcomeKind::refused_address}},
          later}},
        later));
    reason = "bounced";
  }
  const auto before = contact(world, "anna");
  restore(world, file);
  world.start();
  const auto after = contact(world, "anna");
  if (is_of_the_address) {
    REQUIRE(after.addresses.size() == 1);
    REQUIRE(after.addresses[0].suppression);
    CHECK(after.addresses[0].suppression->reason == reason);
    CHECK(after.addresses[0].suppression->scope == before.addresses[0].suppression->scope);
  }
  CHECK(after.contact.consents == before.contact.consents);
  CHECK_FALSE(contact(world, "boris").addresses[0].suppression);
}

TEST_CASE("who is found to be somebody who had refused is kept so by a restore") {
  tests::OperatorWorld world;
  world.start();
  world.event("anna", "hello");
  const std::string file = back_up(world);
  world.clock.advance_to(tests::at("2026-03-01T11:00:00Z"));
  const auto now = world.clock.now();
  const auto seen = [&](daemon::Who who) {
    daemon::EventInput input{
        .who = std::move(who),
        .event = {
            .name = "seen", .properties = cel::Map{}, .occurred_at = now, .received_at = now}};
    REQUIRE(world.engine->process({{std::move(input), now}}, now));
  };
  seen({.anonymous_id = "device"});
  world.ask("contact/suppress", cel::Map{{"contact", "device"}, {"reason", "by phone"}});
  seen({.user_id = "anna", .anonymous_id = "device"});
  REQUIRE(contact(world, "anna").contact.suppression);
  restore(world, file);
  world.start();
  REQUIRE(contact(world, "anna").contact.suppression);
  CHECK(contact(world, "anna").contact.suppression->reason == "by phone");
}

TEST_CASE("nothing is restored under a running daemon") {
  tests::OperatorWorld world;
  world.start();
  const std::string file = back_up(world);
  const auto report = daemon::restore(file, world.location(), *world.keeper, world.clock);
  REQUIRE_FALSE(report);
  CHECK(report.error().kind == base::ErrorKind::conflict);
}

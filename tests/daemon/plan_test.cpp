#include "daemon/plan.h"

#include "daemon/book_keeper.h"
#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;
using daemon::Change;

namespace {

daemon::PreparedBook prepare(tests::OperatorWorld& world) {
  auto prepared = world.keeper->prepare(*world.store);
  REQUIRE(prepared);
  return *std::move(prepared);
}

std::string reload(tests::OperatorWorld& world) {
  const auto answer = world.ask("reload");
  CHECK_FALSE(answer.problem);
  return answer.text;
}

}  // namespace

TEST_CASE("files that are applied change nothing") {
  tests::OperatorWorld world;
  world.start();
  const auto prepared = prepare(world);
  REQUIRE(prepared.config != nullptr);
  CHECK(prepared.plan.empty());
  CHECK_FALSE(prepared.plan.files_changed);
  CHECK(to_text(prepared.plan) == "nothing changes\n");
}

TEST_CASE("a comment changes the files and no version") {
  tests::OperatorWorld world;
  world.start();
  world.folder.write("playbooks/p1.yaml", "# a comment\n" + std::string(tests::small_playbook));
  const auto prepared = prepare(world);
  CHECK(prepared.plan.empty());
  CHECK(prepared.plan.files_changed);
}

TEST_CASE("before the first start all of it is new") {
  tests::OperatorWorld world;
  auto store = store::open("sqlite::memory:");
  REQUIRE(store);
  const auto prepared = world.keeper->prepare(**store);
  REQUIRE(prepared);
  CHECK(prepared->plan.first);
  REQUIRE(prepared->plan.playbooks.size() == 1);
  CHECK(prepared->plan.playbooks[0].change == Change::added);
  CHECK(prepared->plan.messages.size() == 2);
}

TEST_CASE("a changed playbook tells who stands where in the old version") {
  tests::OperatorWorld world;
  world.start();
  for (const char* user : {"u1", "u2", "u3"}) world.event(user, "hello");
  const std::string before = world.keeper->current()->book->playbook("p1")->version;
  world.folder.write("playbooks/p1.yaml",
                     "start: {when: hello}\nsteps:\n  - send: m1\n  - send: m2\n");
  const auto plan = prepare(world).plan;
  REQUIRE(plan.playbooks.size() == 1);
  const auto& change = plan.playbooks[0];
  CHECK(change.change == Change::changed);
  CHECK(change.before == before);
  CHECK(change.after != before);
  CHECK(change.people == 3);
  REQUIRE(change.standing.size() == 1);
  CHECK(change.standing[0].step == "wait");
  CHECK(change.standing[0].match == rules::StepMatch::gone);
  CHECK(change.standing[0].people == 3);
  CHECK(to_text(plan).find("3 people under way") != std::string::npos);
}

TEST_CASE("people under way finish on the version they began with") {
  tests::OperatorWorld world;
  world.start();
  world.event("u1", "hello");
  world.folder.write("playbooks/p1.yaml", "start: {when: hello}\nsteps:\n  - send: m1\n");
  reload(world);
  world.event("u2", "hello");
  world.run_until(tests::at("2026-03-10T00:00:00Z"));
  CHECK(world.sent["m1"] == 2);
  CHECK(world.sent["m2"] == 1);
}

TEST_CASE("a removed playbook stops new starts only") {
  tests::OperatorWorld world;
  world.start();
  world.event("u1", "hello");
  world.folder.remove("playbooks/p1.yaml");
  const std::string text = reload(world);
  CHECK(text.find("- p1") != std::string::npos);
  world.event("u2", "hello");
  world.run_until(tests::at("2026-03-10T00:00:00Z"));
  CHECK(world.sent["m1"] == 1);
  CHECK(world.sent["m2"] == 1);
}

TEST_CASE("who is past a removed message is none of those who may still be sent it") {
  tests::OperatorWorld world;
  world.folder.write("playbooks/p1.yaml",
                     "start: {when: hello}\nsteps:\n  - send: m1\n  - wait: 10d\n  - send: m2\n");
  world.start();
  world.event("u1", "hello");
  world.run_until(tests::at("2026-03-05T00:00:00Z"));
  REQUIRE(world.sent["m1"] == 1);
  world.folder.write("playbooks/p1.yaml", "start: {when: hello}\nsteps:\n  - end: true\n");
  world.folder.remove("content/m1.md");
  world.folder.remove("content/m2.md");
  const auto plan = prepare(world).plan;
  REQUIRE(plan.messages.size() == 2);
  CHECK(plan.messages[0].kept);
  CHECK(plan.messages[0].people == 0);
  CHECK(plan.messages[1].kept);
  CHECK(plan.messages[1].people == 1);
  const std::string text = to_text(plan);
  CHECK(text.find("m1  nobody under way may still be sent it: the stored copy is kept") !=
        std::string::npos);
  CHECK(text.find("m2  1 person under way may still be sent it: the stored copy serves") !=
        std::string::npos);
}

TEST_CASE("the stored copy of a message in use goes on serving") {
  tests::OperatorWorld world;
  world.start();
  world.event("u1", "hello");
  world.folder.write("playbooks/p1.yaml", "start: {when: hello}\nsteps:\n  - send: m1\n");
  world.folder.remove("content/m2.md");
  const auto prepared = prepare(world);
  REQUIRE_FALSE(prepared.refused());
  const auto& messages = prepared.plan.messages;
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].name == "m2");
  CHECK(messages[0].change == Change::removed);
  CHECK(messages[0].kept);
  CHECK(messages[0].people == 1);
  const std::string text = reload(world);
  CHECK(text.find("the stored copy serves") != std::string::npos);

  SECTION("it is sent, and then it is let go of") {
    world.run_until(tests::at("2026-03-10T00:00:00Z"));
    CHECK(world.sent["m2"] == 1);
    const auto after = prepare(world).plan;
    REQUIRE(after.messages.size() == 1);
    CHECK_FALSE(after.messages[0].kept);
    reload(world);
    CHECK(world.keeper->current()->messages.count("m2") == 0);
  }
  SECTION("a start finds it in the applied book") {
    world.stop();
    world.start();
    world.run_until(tests::at("2026-03-10T00:00:00Z"));
    CHECK(world.sent["m2"] == 1);
  }
}

TEST_CASE("settings are named and never shown") {
  tests::OperatorWorld world;
  world.start();
  world.folder.write("nurtured.yaml",
                     "store: sqlite:nurtured.db\ntimezone: Europe/Paris\n"
                     "http: {listen: \"127.0.0.1:9000\"}\n"
                     "keys: {write: [\"a-very-secret-key\"]}\n"
                     "connectors:\n  outbox: {type: file, path: other}\n"
                     "channels:\n  email: {connector: outbox, consent: assumed}\n"
                     "limits: {per_day: 10, per_week: 50, min_gap: 1m, quiet: \"00:00-00:00\"}\n");
  const auto plan = prepare(world).plan;
  std::vector<std::string> names;
  for (const auto& setting : plan.settings) {
    names.push_back(setting.name);
    CHECK(setting.restart == (setting.name == "http.listen"));
  }
  CHECK(names ==
        std::vector<std::string>{"connectors.outbox", "http.listen", "keys.write", "timezone"});
  const std::string shown = to_text(plan) + cel::to_json(to_value(plan));
  CHECK(shown.find("secret") == std::string::npos);
}

TEST_CASE("broken files refuse a reload and leave the former book running") {
  tests::OperatorWorld world;
  world.start();
  world.folder.write("playbooks/p1.yaml", "start: {when: hello}\nsteps:\n  - sned: m1\n");
  const auto answer = world.ask("reload");
  CHECK(answer.problem);
  CHECK(answer.text.find("p1.yaml:3:") != std::string::npos);
  world.event("u1", "hello");
  CHECK(world.sent["m1"] == 1);
}

TEST_CASE("a start with broken files runs the applied book and says so") {
  tests::OperatorWorld world;
  world.start();
  world.stop();
  world.folder.write("nurtured.yaml", "store: sqlite:nurtured.db\nnonsense: [\n");
  auto files = world.keeper->read();
  CHECK(files.config == nullptr);
  CHECK(files.location == world.location());
  auto store = store::open(files.location);
  REQUIRE(store);
  const auto started = world.keeper->start(std::move(files), **store);
  REQUIRE(started);
  CHECK(started->broken_files);
  CHECK(has_errors(started->problems));
  CHECK(started->config->book->playbook("p1") != nullptr);
}

TEST_CASE("an applied book with attachments runs and is compared like any other") {
  tests::OperatorWorld world;
  world.folder.write("files/list.txt", "one, two");
  world.folder.write("content/m1.md",
                     "---\nkind: value\nsubject: m1\nattach: [files/list.txt]\n---\nHere it is.\n");
  world.start();
  CHECK_FALSE(prepare(world).plan.first);
  CHECK(to_text(prepare(world).plan) == "nothing changes\n");
  world.stop();

  world.folder.write("nurtured.yaml", "store: sqlite:nurtured.db\nnonsense: [\n");
  // What a message attaches is looked for when it leaves: the rest of the book needs it not.
  if (GENERATE(false, true)) world.folder.remove("files/list.txt");
  world.start();
  CHECK(world.keeper->current()->messages.count("m1") == 1);
}

TEST_CASE("a first start with broken files is refused") {
  tests::OperatorWorld world;
  world.folder.write("nurtured.yaml", "nonsense: true\n");
  auto store = store::open("sqlite::memory:");
  REQUIRE(store);
  const auto started = world.keeper->start(world.keeper->read(), **store);
  REQUIRE_FALSE(started);
  CHECK(started.error().kind == base::ErrorKind::invalid);
}

TEST_CASE("a start applies good files that have changed") {
  tests::OperatorWorld world;
  world.start();
  world.stop();
  world.folder.write("playbooks/p2.yaml", "start: {when: bye}\nsteps:\n  - send: m2\n");
  world.start();
  world.event("u1", "bye");
  CHECK(world.sent["m2"] == 1);
  const auto book = world.store->applied_book();
  REQUIRE(book);
  REQUIRE(*book);
  CHECK((*book)->files.size() == 5);
}

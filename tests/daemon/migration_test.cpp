// Editing a playbook while people are in it, and taking them along: nobody is lost, and nobody is
// sent anything twice.
#include "rules/migration.h"

#include <cstdlib>
#include <map>

#include "base/random.h"
#include "rules/advance.h"
#include "tests/catch.h"
#include "tests/config/workspaces.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;
using namespace std::chrono_literals;
using rules::StepMatch;

namespace {

std::shared_ptr<const rules::Playbook> playbook(const std::string& steps) {
  const auto compiled = config::compile_with("playbooks/p.yaml", "start: hello\nsteps:\n" + steps);
  for (const auto& line : config::lines_of(compiled.problems)) UNSCOPED_INFO(line);
  REQUIRE(compiled.config);
  return compiled.config->book->current().front();
}

// A workspace without gates, so that what is due is sent at once.
std::shared_ptr<const rules::Book> book(const std::string& steps) {
  config::Workspace workspace = config::small_workspace();
  config::put(workspace, "nurtured.yaml",
              "connectors:\n  out: {type: file, path: outbox}\nchannels: {email: out}\n"
              "limits: {per_day: 100, per_week: 100, min_gap: 0s, quiet: \"00:00-00:00\"}\n");
  for (const char* name : {"a", "b", "c", "d"}) {
    config::put(workspace, std::string("content/") + name + ".md",
                "---\nkind: value\nsubject: s\n---\nHello.\n");
  }
  config::put(workspace, "playbooks/p.yaml", "start: hello\nsteps:\n" + steps);
  const auto compiled = config::compile(workspace, config::test_options());
  for (const auto& line : config::lines_of(compiled.problems)) UNSCOPED_INFO(line);
  REQUIRE(compiled.config);
  return compiled.config->book;
}

// One person, whose messages leave at once unless `slow` keeps them on their way.
struct Person {
  rules::Snapshot snapshot;
  std::map<std::string, int> sent;
  std::vector<std::string> on_the_way;

  void take(const rules::Book& book, const rules::Input& input, base::Instant now, bool slow) {
    std::vector<rules::Input> inputs = {input};
    while (!inputs.empty()) {
      const rules::Input next = std::move(inputs.back());
      inputs.pop_back();
      auto transition = rules::advance(book, {}, std::move(snapshot), next, now);
      snapshot = std::move(transition.next);
      for (const auto& delivery : transition.deliveries) {
        if (delivery.change == rules::DeliveryChange::ready) {
          inputs.emplace_back(rules::Claim{delivery.key});
        } else if (delivery.change == rules::DeliveryChange::committing) {
          ++sent[delivery.message];
          if (slow) {
            on_the_way.push_back(delivery.key);
          } else {
            inputs.emplace_back(rules::Outcome{.delivery = delivery.key});
          }
        }
      }
    }
  }

  void run(const rules::Book& book, base::Instant from, base::Instant until) {
    for (base::Instant now = from; now <= until; now += 6h) {
      take(book, rules::Wake{}, now, false);
      for (auto& key : std::exchange(on_the_way, {})) {
        take(book, rules::Outcome{.delivery = key}, now, false);
      }
    }
  }
};

constexpr const char* before_steps =
    "  - {id: first, send: a}\n  - {id: pause, wait: 2d}\n  - {id: second, send: b}\n"
    "  - repeat:\n      times: 2\n      steps: [{id: look, wait_for: never.comes, within: 1d}]\n"
    "  - {id: third, send: c}\n  - {id: last, wait: 1d}\n";
constexpr const char* after_steps =
    "  - {id: new, send: d}\n  - {id: first, send: a}\n  - {id: pause, wait: 3d}\n"
    "  - choose:\n      - if: contact.score > 100\n        then: [{end: true}]\n"
    "  - {id: second, send: b}\n"
    "  - repeat:\n      times: 2\n      steps: [{id: look, wait_for: never.comes, within: 2d}]\n"
    "  - {id: third, send: c}\n  - {id: last, wait: 1d}\n  - tag: through\n";

}  // namespace

TEST_CASE("steps are matched by their ids, and made ids while their number is the same") {
  const auto before = playbook(
      "  - {id: hi, send: hello}\n  - wait: 1d\n  - send: bye\n  - wait: 2d\n  - tag: x\n");
  const auto [step, after, expected, index] =
      GENERATE(table<rules::StepIndex, std::string, StepMatch, rules::StepIndex>({
          {0, "  - wait: 1d\n  - {id: hi, send: deal}\n", StepMatch::matched, 1},
          {0, "  - {id: hi, wait: 1d}\n", StepMatch::changed, rules::no_step},
          {0, "  - {id: hallo, send: hello}\n", StepMatch::gone, rules::no_step},
          {1, "  - wait: 5d\n  - wait: 6d\n", StepMatch::matched, 0},
          {3, "  - wait: 5d\n  - wait: 6d\n", StepMatch::matched, 1},
          {3, "  - wait: 5d\n", StepMatch::ambiguous, rules::no_step},
          {1, "  - wait: 5d\n  - wait: 6d\n  - wait: 7d\n", StepMatch::ambiguous, rules::no_step},
          {4, "  - tag: x\n", StepMatch::matched, 0},
          {4, "  - tag: y\n", StepMatch::gone, rules::no_step},
          {99, "  - tag: y\n", StepMatch::gone, rules::no_step},
      }));
  CAPTURE(step, after);
  const auto matched = match_step(*before, step, *playbook(after));
  CHECK(matched.match == expected);
  CHECK(matched.step == index);
}

// A hundred thousand of them in the long run.
TEST_CASE("people are taken along, and nobody is lost or sent anything twice") {
  const auto before = book(before_steps);
  const auto edited = book(after_steps)->with_former({before->current().front()});
  const auto restored = book(before_steps)->with_former({edited->current().front()});
  base::Random random(7);
  const base::Instant start = tests::at("2026-03-02T00:00:00Z");
  const int people = std::getenv("NURTURED_TEST_LONG") == nullptr ? 5'000 : 100'000;
  int wrong = 0;
  std::map<std::string, int> versions;
  for (int i = 0; i < people; ++i) {
    Person person;
    person.snapshot.contact.id = {i + 1};
    person.snapshot.contact.addresses["email"] = "a@example.org";
    person.snapshot.contact.consents["email"] = {.given = true};
    const bool slow = random.below(20) == 0;
    person.take(*before, rules::Event{.name = "hello", .occurred_at = start, .received_at = start},
                start, slow);
    const base::Instant edit = start + 6h * static_cast<int>(random.below(24)) + 1h;
    person.run(*before, start + 6h, edit);
    person.take(*edited, rules::Migrate{}, edit, slow);
    for (const auto& enrollment : person.snapshot.contact.enrollments) {
      ++versions[enrollment.version];
    }
    // Some are taken back to the former version.
    const bool back = random.below(3) == 0;
    if (back) person.take(*restored, rules::Migrate{}, edit + 1h, slow);
    person.run(back ? *restored : *edited, edit + 2h, start + std::chrono::days{20});
    for (const char* message : {"a", "b", "c"}) wrong += person.sent[message] == 1 ? 0 : 1;
    wrong += person.sent["d"] == 0 ? 0 : 1;  // all of them were past its place
    wrong += person.snapshot.contact.enrollments.empty() ? 0 : 1;
  }
  CHECK(wrong == 0);
  CHECK(versions[edited->current().front()->version] > people / 2);
}

TEST_CASE("plan --migrate says who cannot be taken along, and takes all or nobody") {
  tests::OperatorWorld world;
  world.start();
  for (const char* user : {"u1", "u2", "u3"}) world.event(user, "hello");
  world.folder.write("playbooks/p1.yaml",
                     "start: {when: hello}\nsteps:\n  - send: m1\n  - send: m2\n");
  const auto refused = world.ask("reload", cel::Map{{"migrate", true}});
  CHECK(refused.problem);
  CHECK(refused.text.find("3 people at `wait` of p1") != std::string::npos);
  CHECK(world.keeper->current()->book->playbook("p1")->steps.size() == 3);

  world.folder.write("playbooks/p1.yaml",
                     "start: {when: hello}\nsteps:\n  - send: m1\n  - wait: 1h\n  - send: m2\n");
  const auto applied = world.ask("reload", cel::Map{{"migrate", true}});
  CHECK_FALSE(applied.problem);
  CHECK(applied.text.find("go on with the new version") != std::string::npos);
  while (*world.operations->background()) {
  }
  const auto standing = world.store->standing();
  REQUIRE(standing);
  for (const auto& at : *standing) {
    if (at.count != 0) CHECK(at.version == world.keeper->current()->book->playbook("p1")->version);
  }
  world.run_until(tests::at("2026-03-02T00:00:00Z"));
  CHECK(world.sent["m1"] == 3);
  CHECK(world.sent["m2"] == 3);
}

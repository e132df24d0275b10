#include "daemon/explain.h"

#include <functional>

#include "daemon/pauses.h"
#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;
using rules::Reason;

namespace {

struct Explained {
  cel::Value value;
  std::string text;
};

// A contact of whom one message is held for that reason.
Explained explain_held(const tests::OperatorWorld& world, Reason reason, rules::Pauses pauses = {},
                       const std::function<void(rules::Snapshot&)>& change = {}) {
  const auto config = world.keeper->current();
  rules::Contact contact;
  contact.id = {7};
  contact.user_id = "anna";
  contact.addresses["email"] = "anna@example.org";
  contact.touches.count = 2;
  contact.pending.push_back({.enrollment = 1,
                             .playbook = "p1",
                             .step_id = "send:m1",
                             .message = "m1",
                             .since = tests::at("2026-03-01T09:00:00Z"),
                             .hold_until = tests::at("2026-03-31T09:00:00Z"),
                             .reason = reason,
                             .reason_since = tests::at("2026-03-01T09:30:00Z"),
                             .until = tests::at("2026-03-02T09:00:00Z")});
  rules::Decision decision{.at = tests::at("2026-03-01T09:30:00Z"),
                           .action = "hold",
                           .enrollment = 1,
                           .playbook = "p1",
                           .step = "send:m1",
                           .message = "m1",
                           .reason = reason,
                           .detail = "the facts"};
  daemon::ExplainInput input{.config = *config,
                             .pauses = pauses,
                             .snapshot = {.contact = contact},
                             .timeline = {{decision.at, decision}},
                             .now = tests::at("2026-03-01T10:00:00Z")};
  if (change) change(input.snapshot);
  return {explain(input), explain_text(input)};
}

const cel::Value& held(const Explained& explained) {
  return explained.value.find("held")->as_list().front();
}

}  // namespace

TEST_CASE("every gate says since when it holds, with what facts, and what would release it") {
  tests::OperatorWorld world;
  world.start();
  struct Case {
    Reason reason;
    std::string released_by;  // a part of it; empty: time alone
  };
  const std::vector<Case> cases = {
      {Reason::handoff, "handing it back"},
      {Reason::suppressed, "consent given anew"},
      {Reason::consent, "consent for the channel"},
      {Reason::unreachable, "an address"},
      {Reason::touches, "5 more counted touches (2 of 7 so far)"},
      {Reason::mix, "messages of other kinds"},
      {Reason::cap, ""},
      {Reason::quiet, ""},
      {Reason::muted, "`mute`"},
      {Reason::in_flight, "on its way"},
      {Reason::paused, "`nurtured resume`"},
      {Reason::deferred, ""},
  };
  for (const auto& test : cases) {
    const std::string name(rules::to_string(test.reason));
    INFO(name);
    const auto explained = explain_held(world, test.reason, {.all = true});
    const auto& item = held(explained);
    CHECK(item.find("reason")->as_string() == name);
    CHECK(item.find("facts")->as_string() == "the facts");
    CHECK(item.find("reason_since")->as_string() == "2026-03-01T09:30:00Z");
    CHECK(item.find("until")->as_string() == "2026-03-02T09:00:00Z");
    const std::string released_by = item.find("released_by")->as_string();
    CHECK(released_by.empty() == test.released_by.empty());
    CHECK(released_by.find(test.released_by) != std::string::npos);
    CHECK(explained.text.find("held since 2026-03-01 09:30 by " + name + ": the facts") !=
          std::string::npos);
    CHECK(explained.text.find("judged again at 2026-03-02 09:00") != std::string::npos);
    CHECK(explained.text.find("given up at 2026-03-31 09:00") != std::string::npos);
  }
}

TEST_CASE("what releases a message fits the suppression and the topic that hold it") {
  tests::OperatorWorld world;
  world.folder.write("content/m1.md", "---\nkind: value\nsubject: x\ntopic: webinars\n---\nx\n");
  world.start();
  const auto released_by = [&](Reason reason, const std::function<void(rules::Snapshot&)>& change) {
    const auto explained = explain_held(world, reason, {}, change);
    return held(explained).find("released_by")->as_string();
  };
  const rules::Suppression all{.scope = rules::SuppressionScope::all, .reason = "bounced"};
  CHECK(released_by(Reason::suppressed, [&](auto& snapshot) {
          snapshot.contact.suppression = all;
        }).find("nurtured contact unsuppress") != std::string::npos);
  CHECK(released_by(Reason::suppressed, [&](auto& snapshot) {
          snapshot.addresses.push_back(
              {.address = {"email", "anna@example.org"}, .suppression = all});
        }).find("nurtured contact unsuppress") != std::string::npos);
  CHECK(released_by(Reason::suppressed, [&](auto& snapshot) {
          snapshot.contact.suppression = rules::Suppression{.reason = "unsubscribed"};
        }).find("consent given anew") != std::string::npos);
  CHECK(released_by(Reason::consent, [](auto& snapshot) {
          snapshot.contact.topics_declined = {"webinars"};
        }) == "the topic webinars, chosen again on the preference page");
}

TEST_CASE("a pause of the playbook alone is lifted by its name") {
  tests::OperatorWorld world;
  world.start();
  const auto explained = explain_held(world, Reason::paused, {.playbooks = {"p1"}});
  CHECK(held(explained).find("released_by")->as_string() == "`nurtured resume p1`");
}

TEST_CASE("explain tells where the contact stands and what happened lately") {
  tests::OperatorWorld world;
  world.start();
  world.event("anna", "hello");
  const auto answer = world.ask("explain", cel::Map{{"contact", "anna"}});
  const auto& enrollment = answer.result.find("enrollments")->as_list().front();
  CHECK(enrollment.find("playbook")->as_string() == "p1");
  CHECK(enrollment.find("state")->as_string() == "waiting");
  CHECK(enrollment.find("due")->as_string() == "2026-03-03T10:00:00Z");
  CHECK(answer.text.find("waits until 2026-03-03 10:00 at wait") != std::string::npos);
  CHECK(answer.text.find("send m1 by email to anna@example.org") != std::string::npos);
  CHECK(answer.text.find("event hello") != std::string::npos);
  CHECK(answer.text.find("held: nothing") != std::string::npos);
}

TEST_CASE("explain shows as much of the past as it is asked for") {
  tests::OperatorWorld world;
  world.start();
  world.event("anna", "hello");
  for (const int limit : {0, 1, 3}) {
    const auto answer = world.ask("explain", cel::Map{{"contact", "anna"}, {"limit", limit}});
    CHECK(answer.result.find("recent")->as_list().size() == static_cast<std::size_t>(limit));
  }
}

TEST_CASE("times are shown on the contact's own clock") {
  tests::OperatorWorld world;
  world.start();
  world.ask("contact/add", cel::Map{{"contact", "kim"}, {"timezone", "Asia/Tokyo"}});
  world.ask("event/add", cel::Map{{"contact", "kim"}, {"event", "hello"}});
  const auto answer = world.ask("explain", cel::Map{{"contact", "kim"}});
  CHECK(answer.text.find("now 2026-03-01 19:00, Asia/Tokyo") != std::string::npos);
}

TEST_CASE("what a connector has been asked for is told with the enrollment that waits for it") {
  tests::OperatorWorld world;
  world.start();
  const auto explained = explain_held(world, Reason::quiet, {}, [](rules::Snapshot& snapshot) {
    snapshot.contact.enrollments.push_back(
        {.number = 1, .playbook = "p1", .state = rules::EnrollmentState::calling});
    snapshot.contact.calls.push_back({.enrollment = 1,
                                      .playbook = "p1",
                                      .step_id = "do:crm.post",
                                      .connector = "crm",
                                      .action = "post",
                                      .since = tests::at("2026-03-01T09:00:00Z"),
                                      .reason = Reason::deferred,
                                      .not_before = tests::at("2026-03-01T10:05:00Z"),
                                      .connector_reason = "HTTP 503"});
  });
  CHECK(explained.text.find("crm.post asked for since") != std::string::npos);
  CHECK(explained.text.find("held: deferred, tried again at") != std::string::npos);
  CHECK(explained.text.find("HTTP 503") != std::string::npos);
  const cel::Value& call = explained.value.find("calls")->as_list().front();
  CHECK(*call.find("do") == cel::Value("crm.post"));
  CHECK(*call.find("not_before") == cel::Value("2026-03-01T10:05:00Z"));
  CHECK(*call.find("reason") == cel::Value("deferred"));
}

// What becomes of a `do` step's call, whatever its connector answers and whatever else happens
// meanwhile.
#include <algorithm>

#include "rules/merge.h"
#include "rules/retry.h"
#include "tests/catch.h"
#include "tests/daemon/one_contact.h"

using namespace nurtured;
using namespace nurtured::rules;
using namespace nurtured::tests;
using namespace std::chrono_literals;

namespace {

constexpr const char* one_call =
    "  - do: crm.post\n    with: {name: \"{{ contact.first_name }}\", score: \"=contact.score\"}\n"
    "    save: lead\n"
    "  - set: {crm_id: \"=enrollment.lead.id\"}\n  - tag: done\n";

TEST_CASE("a call hands over what was asked, and what it gives back is there for later steps") {
  OneContact world(book_of(one_call));
  world.event("a");
  REQUIRE(world.deliveries.size() == 1);
  const Delivery& asked = world.deliveries.front();
  CHECK(asked.change == DeliveryChange::ready);
  CHECK(asked.connector == "crm");
  CHECK(asked.action == "post");
  CHECK(asked.text == R"({"name":"Anna","score":0})");
  CHECK(asked.message.empty());
  CHECK_FALSE(is_marketing(asked.kind));
  CHECK(world.enrollment().state == EnrollmentState::calling);
  CHECK_FALSE(world.wake);
  world.claim();
  CHECK(world.change() == DeliveryChange::committing);
  world.answer(OutcomeKind::delivered, R"({"id":"L-7"})");
  CHECK(world.change() == DeliveryChange::departed);
  CHECK(world.snapshot.contact.attributes.at("crm_id") == cel::Value("L-7"));
  CHECK(world.is_done());
  CHECK(world.snapshot.contact.calls.empty());
  CHECK(world.snapshot.contact.enrollments.empty());
  CHECK(world.snapshot.contact.touches.count == 0);
}

TEST_CASE("what is asked may be nested, with formulas and templates within") {
  OneContact world(
      book_of("  - do: crm.post\n    with:\n      fields: {NAME: \"{{ contact.first_name }}\", "
              "PHONES: [{v: \"=1 + 1\"}, plain, 3, null]}\n      same: [a, {b: 1}]\n"));
  world.event("a");
  REQUIRE(world.deliveries.size() == 1);
  CHECK(world.deliveries.front().text ==
        R"({"fields":{"NAME":"Anna","PHONES":[{"v":2},"plain",3,null]},"same":["a",{"b":1}]})");
}

TEST_CASE("what a connector puts off is asked again under the same key, and given up in the end") {
  OneContact world(book_of(one_call));
  world.event("a");
  const std::string key = world.deliveries.back().key;
  int tries = 0;
  while (world.enrollment().state == EnrollmentState::calling) {
    REQUIRE(++tries < 100);
    world.claim();
    REQUIRE(world.change() == DeliveryChange::committing);
    world.answer(OutcomeKind::deferred);
    CHECK(world.deliveries.back().key == key);
    if (world.wake) world.on();
  }
  CHECK(world.change() == DeliveryChange::refused);
  CHECK(world.now - start > retry_for_max);
  CHECK(world.now - start < retry_for_max + 6h);
  CHECK(world.enrollment().state == EnrollmentState::parked);
  CHECK(world.enrollment().parked_reason == "crm.post: no success within 72 hours: HTTP 500");
}

TEST_CASE("what a connector refuses, or may have done, parks the enrollment for a human") {
  struct Row {
    OutcomeKind kind;
    DeliveryChange change;
    std::string reason;
  };
  for (const Row& row :
       {Row{OutcomeKind::refused_message, DeliveryChange::refused, "crm.post: HTTP 500"},
        Row{OutcomeKind::refused_address, DeliveryChange::refused, "crm.post: HTTP 500"},
        Row{OutcomeKind::failed, DeliveryChange::refused, "crm.post: HTTP 500"},
        Row{OutcomeKind::uncertain, DeliveryChange::uncertain,
            "crm.post: nobody knows whether it was done: HTTP 500"}}) {
    INFO(row.reason);
    OneContact world(book_of(one_call));
    world.event("a");
    const std::string key = world.deliveries.back().key;
    world.claim();
    world.answer(row.kind);
    CHECK(world.change() == row.change);
    CHECK(world.enrollment().state == EnrollmentState::parked);
    CHECK(world.enrollment().parked_reason == row.reason);
    CHECK(world.snapshot.contact.calls.empty());
    CHECK_FALSE(world.snapshot.contact.suppression);
    // Tried again by hand it is another call.
    RetryEnrollment retry = retry_of(world.snapshot.contact.id, world.enrollment());
    CHECK(retry.delivery == key);
    retry.message = world.deliveries.back();
    const std::size_t before = world.deliveries.size();
    world.take(retry);
    const bool was_uncertain = row.change == DeliveryChange::uncertain;
    REQUIRE(world.deliveries.size() == before + (was_uncertain ? 2 : 1));
    if (was_uncertain) {
      CHECK(world.deliveries[before].key == key);
      CHECK(world.deliveries[before].change == DeliveryChange::returned);
    }
    CHECK(world.change() == DeliveryChange::ready);
    CHECK(world.deliveries.back().key != key);
    world.claim();
    world.answer(OutcomeKind::delivered, R"({"id":"L-7"})");
    CHECK(world.is_done());
  }
}

TEST_CASE("what was provably not asked is asked again at once") {
  OneContact world(book_of(one_call));
  world.event("a");
  const std::string key = world.deliveries.back().key;
  world.claim();
  world.answer(OutcomeKind::unsent);
  CHECK(world.change() == DeliveryChange::ready);
  CHECK(world.deliveries.back().key == key);
}

TEST_CASE("a stop takes back what has not been asked, and what may have been ends in silence") {
  for (const bool is_claimed : {false, true}) {
    CAPTURE(is_claimed);
    OneContact world(book_of(one_call));
    world.event("a");
    const std::string key = world.deliveries.back().key;
    if (is_claimed) world.claim();
    world.event("b");
    CHECK(world.snapshot.contact.enrollments.empty());
    CHECK(world.change() == (is_claimed ? DeliveryChange::committing : DeliveryChange::returned));
    world.take(Claim{key});
    world.take(Outcome{.delivery = key, .output = cel::Map{{"id", 7}}});
    CHECK(world.change() == (is_claimed ? DeliveryChange::departed : DeliveryChange::returned));
    CHECK(world.snapshot.contact.calls.empty());
    CHECK_FALSE(world.is_done());
  }
}

TEST_CASE("a call is held by a pause and by staging alone, and goes once they end") {
  struct Row {
    const char* name;
    Pauses pauses;
    const char* settings;
    Reason reason;
  };
  for (const Row& row :
       std::vector<Row>{{"of all", {.all = true}, "", Reason::paused},
                        {"of the playbook", {.playbooks = {"p"}}, "", Reason::paused},
                        {"of the connector", {.connectors = {"crm"}}, "", Reason::paused},
                        {"of another connector", {.connectors = {"out"}}, "", Reason::none},
                        {"of marketing", {.marketing = true}, "", Reason::none},
                        {"staging for others", {}, "only_to: [me@example.org]\n", Reason::only_to},
                        {"staging for them", {}, "only_to: [u1@example.org]\n", Reason::none},
                        {"quiet hours", {}, "limits: {quiet: \"00:00-23:59\"}\n", Reason::none}}) {
    INFO(row.name);
    OneContact world(book_of(one_call, row.settings), row.pauses);
    world.event("a");
    if (row.reason == Reason::none) {
      CHECK(world.deliveries.size() == 1);
      continue;
    }
    CHECK(world.deliveries.empty());
    CHECK(world.decisions.back().action == "hold");
    CHECK(world.decisions.back().reason == row.reason);
    CHECK_FALSE(world.wake);
    const std::size_t told = world.decisions.size();
    world.take(Rejudge{});
    CHECK(world.decisions.size() == told);
    world.pauses = {};
    world.book = book_of(one_call);
    world.take(Rejudge{});
    REQUIRE(world.deliveries.size() == 1);
    CHECK(world.change() == DeliveryChange::ready);
  }
}

TEST_CASE("a pause between the hand-over and the claim keeps the call here") {
  OneContact world(book_of(one_call));
  world.event("a");
  world.pauses.connectors.insert("crm");
  world.claim();
  CHECK(world.change() == DeliveryChange::returned);
  world.pauses = {};
  world.take(Rejudge{});
  CHECK(world.change() == DeliveryChange::ready);
}

TEST_CASE("a person who unsubscribed, whom a human has, or who has no address is called about") {
  OneContact world(book_of(one_call));
  world.snapshot.contact.addresses.clear();
  world.snapshot.contact.suppression = Suppression{SuppressionScope::all, start, "manual"};
  world.snapshot.contact.handoff = Handoff{.since = start};
  world.event("a");
  CHECK(world.deliveries.size() == 1);
}

TEST_CASE("arguments that cannot be made, or are too many, park the enrollment") {
  struct Row {
    std::string steps;
    std::string reason;
  };
  const std::string wide(40'000, 'x');
  for (const Row& row :
       {Row{"  - do: crm.post\n    with: {n: \"=1 / int(contact.score)\"}\n",
            "playbooks/p.yaml:6:15: division by zero"},
        Row{"  - do: crm.post\n    with: {a: \"" + wide + "\", b: \"" + wide + "\"}\n",
            "playbooks/p.yaml:5:9: `with` has 80015 bytes, and at most 65536 are taken"}}) {
    OneContact world(book_of(row.steps));
    world.event("a");
    CHECK(world.deliveries.empty());
    CHECK(world.enrollment().state == EnrollmentState::parked);
    CHECK(world.enrollment().parked_reason == row.reason);
  }
}

TEST_CASE("another version asks what it says, unless the call is on its way") {
  for (const bool is_ready : {false, true}) {
    CAPTURE(is_ready);
    OneContact world(book_of(one_call), {.connectors = {"crm"}});
    world.event("a");
    if (is_ready) {
      world.pauses = {};
      world.take(Rejudge{});
    }
    const auto former = world.book->playbook("p");
    const auto edited = book_of("  - do: crm.post\n    with: {name: B}\n  - tag: done\n");
    world.book = edited->with_former({std::make_shared<const Playbook>(*former)});
    world.pauses = {};
    world.take(Migrate{});
    CHECK(world.deliveries.back().text ==
          (is_ready ? R"({"name":"Anna","score":0})" : R"({"name":"B"})"));
    world.claim();
    world.answer(OutcomeKind::delivered, R"({"id":"L-7"})");
    CHECK(world.is_done());
    CHECK(world.snapshot.contact.attributes.contains("crm_id") == is_ready);
  }
}

TEST_CASE("a call that waits comes along when two contacts are one, one on its way waits for it") {
  OneContact world(book_of(one_call), {.connectors = {"crm"}});
  world.event("a");
  CHECK(may_merge(world.snapshot.contact));
  OneContact other(world.book);
  other.snapshot.contact.id = {2};
  other.snapshot.contact =
      merged(other.snapshot.contact, world.snapshot.contact, other.snapshot.addresses);
  other.take(Rejudge{});
  REQUIRE(other.deliveries.size() == 1);
  CHECK_FALSE(may_merge(other.snapshot.contact));
  other.claim();
  other.answer(OutcomeKind::delivered, R"({"id":"L-7"})");
  CHECK(other.is_done());
}

}  // namespace

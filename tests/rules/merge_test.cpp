#include "rules/merge.h"

#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::rules;

TEST_CASE("two records of one person become one") {
  Contact into{.id = {1}, .user_id = "u1", .attributes = {{"city", "Perm"}}, .tags = {"b"}};
  Contact from{.id = {2},
               .user_id = "anon",
               .anonymous_ids = {"anon"},
               .attributes = {{"city", "Omsk"}, {"age", 30}},
               .tags = {"a", "b"}};
  into.history["x"].add(base::from_millis(5));
  from.history["x"].add(base::from_millis(1));
  from.touches.add(base::from_millis(1));
  from.enrollments_made = 1;
  from.enrollments = {{.number = 1, .playbook = "p", .version = "v"}};
  from.pending = {{.enrollment = 1, .playbook = "p", .message = "m"}};
  into.enrollments_made = 4;
  std::vector<AddressState> addresses;
  const Contact both = merged(into, from, addresses);
  CHECK(both.user_id == "u1");
  CHECK(both.attributes.at("city") == cel::Value("Perm"));
  CHECK(both.attributes.at("age") == cel::Value(30));
  CHECK(both.tags == std::vector<std::string>{"a", "b"});
  CHECK(both.history.at("x").count == 2);
  CHECK(both.touches.count == 1);
  REQUIRE(both.enrollments.size() == 1);
  CHECK(both.enrollments[0].number == 5);
  CHECK(both.pending.at(0).enrollment == 5);
}

TEST_CASE("a person is never twice in one playbook after a merge") {
  Contact into{.id = {1}, .enrollments = {{.number = 1, .playbook = "p"}}};
  Contact from{.id = {2},
               .enrollments = {{.number = 1, .playbook = "p"}},
               .pending = {{.enrollment = 1, .playbook = "p"}}};
  std::vector<AddressState> addresses;
  const Contact both = merged(into, from, addresses);
  CHECK(both.enrollments.size() == 1);
  CHECK(both.pending.empty());
}

TEST_CASE("what bars one record bars the person") {
  Contact into{.id = {1}};
  Contact from{.id = {2}, .suppression = Suppression{SuppressionScope::all, {}, "manual"}};
  std::vector<AddressState> addresses;
  CHECK(merged(into, from, addresses).suppression);
}

TEST_CASE("an unsubscribe of either record holds for both") {
  const Consent yes{.given = true, .source = "form"};
  const Consent unsubscribe{.given = false, .source = "unsubscribed"};
  std::vector<AddressState> addresses;
  for (const bool first : {true, false}) {
    const Contact into{.id = {1}, .consents = {{"email", first ? unsubscribe : yes}}};
    const Contact from{.id = {2}, .consents = {{"email", first ? yes : unsubscribe}}};
    CHECK(merged(into, from, addresses).consents.at("email") == unsubscribe);
  }
}

TEST_CASE("a merge waits while a message is on its way") {
  Contact from{.id = {2},
               .pending = {{.enrollment = 1, .targets = {{.address = {"email", "a@b"}}}}}};
  CHECK(may_merge(from));
  from.pending[0].targets[0].state = TargetState::committing;
  CHECK_FALSE(may_merge(from));
}

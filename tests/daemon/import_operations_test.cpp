// Rows of an import in a store: what they count for, what they start, and what a repeat does.
#include "daemon/operations.h"
#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;
using cel::Map;

namespace {

cel::Value json(const std::string& text) {
  auto value = cel::from_json(text);
  REQUIRE(value);
  return *std::move(value);
}

std::int64_t number(const cel::Value& value, std::string_view key) {
  const auto* found = value.find(key);
  REQUIRE(found != nullptr);
  return found->as_int();
}

void write_workspace(const tests::TemporaryFolder& folder) {
  tests::write_small_workspace(folder);
  folder.write("playbooks/welcome.yaml",
               "start: {when: contact.identified}\nsteps:\n  - send: m1\n");
  folder.write("touchpoints.yaml",
               "touchpoints:\n  webinar.attended: {channel: site, stage: consideration, media: "
               "owned, place: online, kind: value, role: trust, count_every: 1d}\n");
  folder.write(
      "events.yaml",
      "events:\n  hello: {}\n  other: {}\n  webinar.attended: {properties: {seats: int}}\n");
}

const std::string anna = R"({"line": 2, "fields": {"id": "anna", "email": "anna@example.org"}})";

cel::Value contacts(const std::string& items, const std::string& more = "") {
  return json(R"({"what": "contacts", "import": "f00", "items": [)" + items + "]" + more + "}");
}

}  // namespace

TEST_CASE("an import of people starts no playbook, unless it is asked to") {
  tests::OperatorWorld world;
  write_workspace(world.folder);
  world.start();
  const auto answer = world.ask("import/take", contacts(anna)).result;
  CHECK(number(answer, "taken") == 1);
  CHECK(number(answer, "new") == 1);
  const auto enrolled = [&](const char* contact) {
    const auto answer_of = world.ask("enrollment/list", Map{{"contact", contact}}).result;
    return answer_of.find("enrollments")->as_list().size();
  };
  CHECK(enrolled("anna") == 0);
  world.ask("import/take",
            contacts(R"({"line": 3, "fields": {"id": "bob", "email": "b@example.org"}})",
                     R"(, "start": true)"));
  CHECK(enrolled("bob") == 1);
}

TEST_CASE("a line that is taken again changes nothing, and how far it came is kept") {
  tests::OperatorWorld world;
  write_workspace(world.folder);
  world.start();
  world.ask("import/take", contacts(anna));
  const std::string touch =
      R"({"line": 1, "fields": {"contact": "anna@example.org", "kind": "meeting", "at": "2026-01-01"}})";
  const auto touches =
      json(R"({"what": "touches", "import": "f11", "until": 1, "items": [)" + touch + "]}");
  world.ask("import/take", touches);
  world.ask("import/take", touches);
  CHECK(number(world.ask("contact/show", Map{{"contact", "anna"}}).result, "touches") == 1);
  const auto progress = world.ask("import/progress", Map{{"import", "f11"}}).result;
  CHECK(number(progress, "line") == 1);
  CHECK_FALSE(progress.find("finished")->as_bool());
  CHECK(number(world.ask("import/progress", Map{{"import", "f22"}}).result, "line") == 0);
}

TEST_CASE("imported touches count as touchpoints.yaml says, and start nothing however late") {
  tests::OperatorWorld world;
  write_workspace(world.folder);
  world.start();
  world.ask("import/take", contacts(anna));
  const auto row = [](int line, const std::string& event, const std::string& at) {
    return R"({"line": )" + std::to_string(line) + R"(, "fields": {"contact": "anna", "event": ")" +
           event + R"(", "at": ")" + at + R"(", "properties.seats": "2"}})";
  };
  const std::string now = base::to_rfc3339(world.clock.now());
  const auto answer =
      world
          .ask(
              "import/take",
              json(
                  R"({"what": "touches", "import": "f11", "items": [)" +
                  row(1, "webinar.attended", "2026-01-01 10:00") + "," +
                  row(2, "webinar.attended", "2026-01-01 11:00") + "," +  // of the same burst
                  row(3, "webinar.attended", "2026-02-01") + "," + row(4, "other", "2026-01-05") +
                  "," + row(5, "hello", now) + "," + row(6, "hello", "2036-01-01") + "," +
                  R"({"line": 7, "fields": {"contact": "zoe", "event": "x", "at": "2026-01-01"}}]})"))
          .result;
  CHECK(number(answer, "taken") == 5);
  const auto& faults = answer.find("faults")->as_list();
  REQUIRE(faults.size() == 2);
  CHECK(cel::to_json(*faults.begin()) ==
        R"({"line":6,"field":"at","reason":"it lies in the future"})");
  CHECK(number(world.ask("contact/show", Map{{"contact", "anna"}}).result, "touches") == 2);
  const auto enrolled = world.ask("enrollment/list", Map{{"contact", "anna"}}).result;
  CHECK(enrolled.find("enrollments")->as_list().empty());
  const std::string told = world.ask("explain", Map{{"contact", "anna"}}).text;
  CHECK(told.find("webinar.attended {\"seats\":2}") != std::string::npos);
}

TEST_CASE("no import brings back consent after an unsubscribe") {
  tests::OperatorWorld world;
  write_workspace(world.folder);
  world.start();
  world.ask("import/take", contacts(anna));
  world.ask("contact/suppress", Map{{"contact", "anna"},
                                    {"scope", "marketing"},
                                    {"channel", "email"},
                                    {"reason", "unsubscribed"}});
  const auto again = contacts(
      R"({"line": 3, "fields": {"id": "anna", "consent.email": "yes", "consent.email.at": "2026-01-01"}})");
  world.ask("import/take", again);
  const auto shown = world.ask("contact/show", Map{{"contact", "anna"}}).result;
  CHECK_FALSE(shown.find("consent")->find("email")->find("given")->as_bool());
}

TEST_CASE("a trial tells what would change and changes nothing") {
  tests::OperatorWorld world;
  write_workspace(world.folder);
  world.start();
  world.ask("import/take", contacts(anna));
  const auto lines =
      world
          .ask("import/try", json(R"({"what": "contacts", "items": [)" + anna +
                                  R"(, {"line": 3, "fields": {"id": "anna", "tags": "vip"}},)"
                                  R"( {"line": 4, "fields": {"id": "bob"}},)"
                                  R"( {"line": 5, "fields": {}}]})"))
          .result.find("lines")
          ->as_list();
  REQUIRE(lines.size() == 4);
  std::string told;
  for (const auto& line : lines) told += cel::to_json(line) + "\n";
  CHECK(
      told ==
      R"({"line":2,"contact":"anna","change":"none","parts":[]})"
      "\n"
      R"({"line":3,"contact":"anna","change":"changed","parts":["tags"]})"
      "\n"
      R"({"line":4,"contact":"bob","change":"new"})"
      "\n"
      R"({"line":5,"field":"","reason":"it has neither an id nor an e-mail address nor another one"})"
      "\n");
  world.refuse("contact/show", Map{{"contact", "bob"}});
}

TEST_CASE("a request for an import that is not as documented is refused") {
  tests::OperatorWorld world;
  world.start();
  for (const char* request :
       {R"({})", R"({"what": "people", "import": "f"})", R"({"what": "contacts"})",
        R"({"what": "contacts", "import": "f", "items": 7})",
        R"({"what": "contacts", "import": "f", "items": [7]})",
        R"({"what": "contacts", "import": "f", "items": [{"line": 0}]})",
        R"({"what": "contacts", "import": "f", "items": [{"line": "1"}]})",
        R"({"what": "contacts", "import": "f", "items": [{"fields": []}]})",
        R"({"what": "contacts", "import": "f", "items": [{"line": 1, "surplus": 1}]})",
        R"({"what": "contacts", "import": "f", "until": -1})"}) {
    INFO(request);
    CHECK(world.refuse("import/take", json(request)).kind == base::ErrorKind::invalid);
  }
}

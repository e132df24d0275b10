// What tests/*.yaml says: times, people, happenings, expectations and tables of cases, and what is
// told of slips and of hostile files.
#include "config/scenario_cases.h"
#include "config/scenario_moment.h"
#include "config/scenario_reader.h"
#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::config {
namespace {

Workspace webinar_workspace() {
  Workspace workspace = small_workspace();
  put(workspace, "events.yaml",
      "events:\n  checklist.downloaded: {properties: {checklist: string}}\n"
      "  webinar.registered: {properties: {starts: timestamp, seats: int}}\n");
  put(workspace, "content/hello.md",
      "---\nkind: value\nsubject: Hello\nbuttons: [{id: more, text: More, url: "
      "\"https://example.org\"}]\n---\nHello!\n");
  put(workspace, "playbooks/invite.yaml",
      "start: checklist.downloaded\nsteps: [{send: hello}, {tag: warm}]\n");
  return workspace;
}

struct Read {
  std::vector<Scenario> scenarios;
  std::vector<std::string> problems;
};

Read read_text(const std::string& text, bool has_errors = false) {
  Workspace workspace = webinar_workspace();
  const Compiled compiled = compile(workspace, test_options());
  REQUIRE(compiled.config != nullptr);
  put(workspace, "tests/t.yaml", text);
  Problems problems;
  Read read;
  read.scenarios =
      read_scenarios(workspace, has_errors ? nullptr : compiled.config.get(), problems);
  read.problems = lines_of(problems.take());
  return read;
}

// A scenario that is right, but for what is put in.
std::string scenario(const std::string& event, const std::string& expectation) {
  return "tests:\n  - name: n\n    contact: {id: u1, timezone: Europe/Moscow}\n    events: [{at: "
         "\"2026-03-02 11:30\", event: checklist.downloaded}" +
         (event.empty() ? "" : ", " + event) + "]\n    expect: [" + expectation + "]\n";
}

Instant utc(const char* text) {
  return base::parse_instant(text).value();
}

TEST_CASE("the sample of the contract is a scenario") {
  const auto read = read_text(R"(tests:
  - name: the invite follows the checklist by two days
    contact: {id: u1, email: u1@example.org, timezone: Europe/Moscow, consent: {email: true}}
    events: [{at: "2026-03-02 11:30", event: checklist.downloaded, properties: {checklist: launch}}]
    expect: [{at: "2026-03-04 11:30", send: bye}, {never: {send: deal}}]
)");
  CHECK(read.problems.empty());
  REQUIRE(read.scenarios.size() == 1);
  const Scenario& its = read.scenarios[0];
  CHECK(its.path == "tests/t.yaml");
  CHECK(its.place.line == 2);
  CHECK(its.start == utc("2026-03-02T08:30:00Z"));
  CHECK(its.until == utc("2026-03-04T08:30:59.999Z") + std::chrono::days{scenario_days_after});
  REQUIRE(its.contacts.size() == 1);
  CHECK(its.contacts[0].zone_name == "Europe/Moscow");
  CHECK(its.contacts[0].change.addresses ==
        std::vector<std::pair<std::string, std::string>>{{"email", "u1@example.org"}});
  REQUIRE(its.events.size() == 1);
  CHECK(std::get<EventHappens>(its.events[0].what).event.occurred_at == its.start);
  REQUIRE(its.expectations.size() == 2);
  CHECK(its.expectations[0].text == "send bye");
  CHECK(its.expectations[0].when == "at 2026-03-04 11:30");
  CHECK(its.expectations[0].window ==
        Window{utc("2026-03-04T08:30:00Z"), utc("2026-03-04T08:30:59.999Z")});
  CHECK(its.expectations[1].never);
  CHECK_FALSE(its.expectations[1].window);
}

TEST_CASE("a moment is as exact as it is written") {
  const auto zones = system_zones().value();
  const rules::Zone moscow = zones.at("Europe/Moscow");
  const rules::Zone berlin = zones.at("Europe/Berlin");
  const Instant start = utc("2026-03-02T08:30:00Z");
  const auto window = [&](const char* text, const rules::Zone& zone) {
    const auto moment = parse_moment(text, zone, start);
    INFO(text);
    REQUIRE(moment);
    return base::to_rfc3339(moment->window.from) + " " + base::to_rfc3339(moment->window.to);
  };
  CHECK(window("2026-03-02 11:30", moscow) == "2026-03-02T08:30:00Z 2026-03-02T08:30:59.999Z");
  CHECK(window("2026-03-02 11:30:15", moscow) == "2026-03-02T08:30:15Z 2026-03-02T08:30:15.999Z");
  CHECK(window("2026-03-02", moscow) == "2026-03-01T21:00:00Z 2026-03-02T20:59:59.999Z");
  CHECK(window("2026-03-02T08:30:00Z", moscow) == "2026-03-02T08:30:00Z 2026-03-02T08:30:00.999Z");
  CHECK(window("2026-03-02T11:30:00+03:00", berlin) ==
        "2026-03-02T08:30:00Z 2026-03-02T08:30:00.999Z");
  CHECK(window("2d", moscow) == "2026-03-04T08:30:00Z 2026-03-04T08:30:59.999Z");
  CHECK(window("0s", moscow) == "2026-03-02T08:30:00Z 2026-03-02T08:30:59.999Z");
  // The day on which the clocks change has 23 hours, and 02:30 is none of its times.
  CHECK(window("2026-03-29", berlin) == "2026-03-28T23:00:00Z 2026-03-29T21:59:59.999Z");
  CHECK(window("2026-03-29 02:30", berlin) == "2026-03-29T01:00:00Z 2026-03-29T01:00:59.999Z");
}

TEST_CASE("what is no moment is refused") {
  const char* text =
      GENERATE("", "soon", "11:30", "2026-03-02 25:00", "2026-02-30", "2026-13-01 10:00",
               "2026-3-2 10:00", "2026-03-02 11:30 Moscow", "2026-03-02T11:30:00", "2", "2x", "-2d",
               "9999d", "1969-12-31", "2200-01-02", "99999999999999999999d", "2026-03-02 11:30\n",
               "0000-00-00", "+2d", "٢d", "2026-03-02T08:30:00Zjunk");
  INFO(text);
  CHECK_FALSE(parse_moment(text, {}, utc("2026-03-02T08:30:00Z")));
}

TEST_CASE("a duration needs a start") {
  CHECK_FALSE(parse_moment("2d", {}, std::nullopt));
}

TEST_CASE("bounds of an expectation leave out what they name, and `by` does not") {
  const auto window = [](const std::string& bounds) {
    const auto read = read_text(scenario("", "{send: hello, " + bounds + "}"));
    CHECK(read.problems.empty());
    REQUIRE(read.scenarios.size() == 1);
    const Window its = read.scenarios[0].expectations[0].window.value();
    return std::pair(its.from, its.to);
  };
  CHECK(window("after: \"2026-03-03\"").first == utc("2026-03-03T21:00:00Z"));
  CHECK(window("after: \"2026-03-03 10:00\"").first == utc("2026-03-03T07:01:00Z"));
  CHECK(window("after: 2d").first == utc("2026-03-04T08:30:00Z"));
  CHECK(window("before: \"2026-03-03\"").second == utc("2026-03-02T20:59:59.999Z"));
  CHECK(window("by: \"2026-03-03\"").second == utc("2026-03-03T20:59:59.999Z"));
  CHECK(window("at: [\"2026-03-03\", \"2026-03-05 12:00\"]") ==
        std::pair(utc("2026-03-02T21:00:00Z"), utc("2026-03-05T09:00:59.999Z")));
}

TEST_CASE("a declared time may be written on the contact's clock, or since the start") {
  const auto starts = [](const std::string& text) {
    const auto read = read_text(
        scenario("{after: 1d, event: webinar.registered, properties: {starts: " + text + "}}",
                 "{send: hello}"));
    CHECK(read.problems.empty());
    REQUIRE(read.scenarios.size() == 1);
    const auto& event = std::get<EventHappens>(read.scenarios[0].events[1].what).event;
    return event.properties.find("starts")->instant().value();
  };
  CHECK(starts("\"2026-03-05 19:00\"") == utc("2026-03-05T16:00:00Z"));
  CHECK(starts("3d") == utc("2026-03-05T08:30:00Z"));
  CHECK(starts("2026-03-05T19:00:00Z") == utc("2026-03-05T19:00:00Z"));
}

TEST_CASE("a scenario is read once for each of its cases") {
  const auto read = read_text(R"(tests:
  - name: n
    contact: "{{ case.who }}"
    cases:
      - {name: one, who: {id: u1, timezone: Europe/Moscow}, at: "2026-03-02 11:30", list: launch}
      - {name: two, who: {id: u2}, at: "2026-03-03 11:30", list: "{{ contact.x }}"}
    events: [{at: "{{case.at}}", event: checklist.downloaded, properties: {checklist: "a {{ case.list }} b"}}]
    expect: [{send: hello}]
)");
  CHECK(read.problems.empty());
  REQUIRE(read.scenarios.size() == 2);
  CHECK(read.scenarios[0].title() == "n: one");
  CHECK(read.scenarios[0].start == utc("2026-03-02T08:30:00Z"));
  CHECK(read.scenarios[1].contacts[0].id == "u2");
  const auto& event = std::get<EventHappens>(read.scenarios[1].events[0].what).event;
  CHECK(event.properties.find("checklist")->as_string() == "a {{ contact.x }} b");
}

TEST_CASE("names are not blamed while the workspace has errors of its own") {
  const auto text = scenario("{after: 1d, event: what.ever}", "{send: unheard-of}");
  CHECK(read_text(text, true).problems.empty());
  CHECK(read_text(text).problems.size() == 2);
}

TEST_CASE("each slip is told at its place, with what would be right") {
  struct Case {
    std::string event;
    std::string expectation;
    std::string problem;
  };
  const std::string e = "{after: 1d, event: checklist.downloaded}";
  const auto c = GENERATE(values<Case>({
      {"", "{send: helo}", "5:21: error: there is no message `helo`; did you mean `hello`?"},
      {"", "{started: invit}", "5:24: error: there is no playbook `invit`; did you mean `invite`?"},
      {"", "{stage: decison}",
       "5:22: error: `stage` cannot be \"decison\"; did you mean `decision`?"},
      {"", "{snd: hello}", "5:15: error: nothing is called `snd` here; did you mean `send`?"},
      {"", "{hold: hello, reason: mx}",
       "5:36: error: `reason` cannot be \"mx\"; did you mean `mix`?"},
      {"", "{send: hello, at: soon}",
       "5:32: error: \"soon\" is no time; write \"2026-03-02 11:30\" (the contact's clock), "
       "\"2026-03-02\", 2026-03-02T08:30:00Z, or a duration such as 2d since the start"},
      {"", "{send: hello, tag: warm}",
       "5:33: error: an expectation is of one thing: `tag` stands beside `send`; begin another "
       "entry with `-`"},
      {"", "{send: hello, step: send:bye}",
       "5:34: error: there is no step `send:bye`; known are send:hello, tag:warm"},
      {"", "{send: hello, chanel: email}",
       "5:28: error: there is no `chanel` here; did you mean `channel`?"},
      {"", "{never: {never: {send: hello}}}",
       "5:22: error: `never` stands within `never`; remove both"},
      {"", "{send: hello, after: 3d, before: 2d}",
       "5:14: error: no time is left between its bounds; put the earlier one first"},
      {"", "{send: hello, contact: u2}",
       "5:37: error: there is no contact `u2` in this scenario; did you mean `u1`?"},
      {"", "hello", "5:14: error: this is no map; write `key: value` lines"},
      {"{at: 1d, event: checklist.downloded}", "{send: hello}",
       "4:85: error: events.yaml lists no `checklist.downloded`; did you mean "
       "`checklist.downloaded`?"},
      {"{at: 1d, event: webinar.registered, properties: {seat: 1}}", "{send: hello}",
       "4:118: error: the event `webinar.registered` has no `seat`; did you mean `seats`?"},
      {"{at: 1d, event: webinar.registered, properties: {seats: many}}", "{send: hello}",
       "4:125: error: `seats` is no int; events.yaml says what it is"},
      {"{at: 1d, clicks: mor}", "{send: hello}",
       "4:86: error: there is no link `mor`; did you mean `more`?"},
      {"{at: 1d, flies: true}", "{send: hello}",
       "4:69: error: nothing happens here; what may happen is event, traits, starts, clicks, "
       "opens, replies, unsubscribes, complains, bounces, touch, hand_back"},
      {"{event: checklist.downloaded}", "{send: hello}",
       "4:69: error: nothing says when this happens; write at: \"2026-03-02 11:30\", or after: 2d"},
      {"{at: 1d, event: checklist.downloaded, history: perhaps}", "{send: hello}",
       "4:116: error: `history` is neither true nor false: \"perhaps\"; write true or false, "
       "without quotes"},
  }));
  INFO(c.event << " " << c.expectation);
  const auto read = read_text(scenario(c.event, c.expectation));
  CHECK(read.problems == std::vector<std::string>{"tests/t.yaml:" + c.problem});
  CHECK(read.scenarios.empty());
}

TEST_CASE("files that mean harm are refused within their bounds") {
  struct Case {
    std::string name;
    std::string text;
    std::string part;  // of a problem
  };
  const auto repeat = [](const std::string& text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
  };
  const std::string head = "tests:\n  - name: n\n    contact: {id: u1}\n    start: 2026-03-02\n";
  const std::string expect = "    expect: [{send: hello}]\n";
  const std::vector<Case> table{
      {"nothing", "", "`tests` is missing"},
      {"a list at the top", "[1, 2]", "this is no map"},
      {"tests that are a text", "tests: all of them\n", "`tests` is no list"},
      {"scenarios that are texts", "tests: [a, b]\n", "this is no map"},
      {"a scenario of nothing", "tests: [{}]\n", "`name` is missing"},
      {"events that are a map", head + "    events: {at: 1d}\n" + expect, "`events` is no list"},
      {"an anchor", "tests: &a\n  - *a\n", "not read here"},
      {"a deep tree", "tests: " + repeat("[", 100) + repeat("]", 100), "deep"},
      {"a long name", "tests:\n  - name: " + repeat("n", 5000) + "\n", "longer than 4096 bytes"},
      {"a name of two lines",
       "tests:\n  - name: \"a\\nb\"\n    contact: {id: u1}\n    start: "
       "2026-03-02\n" +
           expect,
       "a name is one line"},
      {"a control character in an id",
       "tests:\n  - {name: n, contact: {id: \"a\\x1b[2J\"}, "
       "start: 2026-03-02, expect: [{send: hello}]}\n",
       "control characters"},
      {"more contacts than there may be",
       "tests:\n  - name: n\n    start: 2026-03-02\n    contacts:\n" +
           repeat("      - {id: u}\n", scenario_contacts_max + 1) + expect,
       "more than 100 entries"},
      {"more events than there may be",
       head + "    events:\n" +
           repeat("      - {after: 1d, event: checklist.downloaded}\n", scenario_events_max + 1) +
           expect,
       "more than 1000 entries"},
      {"more expectations than there may be",
       head + "    expect:\n" + repeat("      - {send: hello}\n", scenario_expectations_max + 1),
       "more than 1000 entries"},
      {"more cases than there may be",
       head + "    cases:\n" + repeat("      - {name: c}\n", scenario_cases_max + 1) + expect,
       "at most 1000 cases"},
      {"cases that grow",
       head + "    cases:\n" +
           [&] {
             std::string rows;
             for (int i = 0; i < 900; ++i) rows += "      - {name: c" + std::to_string(i) + "}\n";
             return rows;
           }() +
           "    events:\n" +
           repeat("      - {after: 1d, traits: {a: " + repeat("x", 2000) + "}}\n", 100) + expect,
       "come to more than"},
      {"a text of nothing but braces",
       head + "    cases: [{name: c}]\n    events: [{after: 1d, traits: {a: \"" +
           repeat("{{", 200'000) + "}}\"}}]\n" + expect,
       ""},
      {"a case within a case",
       head +
           "    cases: [{name: c, a: \"{{ case.a }}\"}]\n    events: [{at: \"{{ case.a }}\", "
           "event: checklist.downloaded}]\n" +
           expect,
       "is no time"},
      {"a list within a text",
       head +
           "    cases: [{name: c, a: [1]}]\n    events: [{after: 1d, traits: {b: \"x{{ case.a "
           "}}\"}}]\n" +
           expect,
       "`a` stands inside a text"},
      {"a year by mistake",
       head + "    events: [{at: \"2062-03-02\", event: checklist.downloaded}]\n" + expect,
       "more than 3660 days"},
      {"two of one name",
       "contact: {id: u1}\ntests:\n" + repeat("  - {name: n, start: 2026-03-02, "
                                              "expect: [{send: hello}]}\n",
                                              2),
       "two scenarios are called \"n\""},
      {"two contacts of one id",
       "tests:\n  - {name: n, start: 2026-03-02, contacts: [{id: u}, {id: u}], expect: [{send: "
       "hello}]}\n",
       "two contacts have the id `u`"},
      {"an address that is none",
       "tests:\n  - {name: n, start: 2026-03-02, contact: {id: u, email: \"a b\"}, expect: [{send: "
       "hello}]}\n",
       "is not an e-mail address"},
      {"consent that is neither",
       "tests:\n  - {name: n, start: 2026-03-02, contact: {id: u, consent: {email: maybe}}, "
       "expect: "
       "[{send: hello}]}\n",
       "neither true nor false"},
  };
  for (const Case& c : table) {
    INFO(c.name);
    const auto read = read_text(c.text);
    const bool is_told = std::ranges::any_of(read.problems, [&](const std::string& problem) {
      return problem.find(c.part) != std::string::npos;
    });
    for (const auto& problem : read.problems) UNSCOPED_INFO(problem.substr(0, 200));
    CHECK(is_told == !c.part.empty());
    CHECK(read.scenarios.size() <= 1);
  }
}

}  // namespace
}  // namespace nurtured::config

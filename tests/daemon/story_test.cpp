// Small workspaces and what `simulate` tells of them: the rules of CONTRACT sections 2 and 4 as
// somebody who writes playbooks meets them.
#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/cli/cli.h"
#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;

namespace {

using Lines = std::vector<std::string>;

constexpr const char* free_settings =
    "limits: {per_day: 100, per_week: 100, min_gap: 0s, quiet: \"00:00-00:00\"}\n"
    "touches_before_offer: 0\nmix: {value: 0, engagement: 0, offer: 100}\n";

struct Story {
  const char* name;
  std::string playbook;
  // "DAY HOUR USER EVENT [PROPERTIES]" in March 2026, UTC; u1 and u2 are known from the start.
  Lines events;
  Lines expected;  // "DAY HOUR USER DO WHAT", without starts and ends
  std::string settings = free_settings;
  std::map<std::string, std::string> files = {};
};

std::string moment(const std::string& day, const std::string& hour) {
  return "2026-03-" + day + "T" + hour + ":00Z";
}

std::string identify(const std::string& user) {
  return R"({"type":"identify","userId":")" + user + R"(","timestamp":"2026-03-01T00:00:00Z",)" +
         R"("traits":{"email":"shared@example.org","consent":{"email":true}}})" + "\n";
}

std::string to_ingest(const std::string& line) {
  std::istringstream words(line);
  std::string day;
  std::string hour;
  std::string user;
  std::string event;
  words >> day >> hour >> user >> event >> std::ws;
  std::string properties;
  std::getline(words, properties);
  return R"({"type":"track","userId":")" + user + R"(","event":")" + event + R"(","timestamp":")" +
         moment(day, hour) + R"(","properties":)" + (properties.empty() ? "{}" : properties) +
         "}\n";
}

std::string text_of(const cel::Value& line, std::string_view key) {
  const cel::Value* value = line.find(key);
  return value == nullptr || value->is_null() ? "" : cel::to_plain_text(*value);
}

// "04 10:30 u1 hold o1 mix until 05 00:00"
std::string to_line(const cel::Value& line) {
  const auto short_time = [](const std::string& at) {
    return at.substr(8, 2) + " " + at.substr(11, 5);
  };
  std::string text = short_time(text_of(line, "at")) + " " + text_of(line, "contact");
  for (const std::string_view key :
       {"do", "message", "tag", "event", "score", "detail", "reason", "outcome"}) {
    // The words of a reason are for people; the reason is what is fixed.
    if (key == "detail" && text_of(line, "do") != "set") continue;
    const std::string value = text_of(line, key);
    if (!value.empty()) text += " " + value;
  }
  const std::string until = text_of(line, "until");
  return until.empty() ? text : text + " until " + short_time(until);
}

Lines told(const Story& story) {
  tests::TemporaryFolder folder;
  folder.write("nurtured.yaml",
               "store: sqlite:nurtured.db\ntimezone: UTC\n"
               "connectors: {outbox: {type: file, path: outbox}}\nchannels: {email: outbox}\n" +
                   story.settings);
  folder.write("playbooks/p.yaml", story.playbook);
  for (const auto& [kind, letter] :
       {std::pair{"value", "v"}, {"engagement", "e"}, {"offer", "o"}}) {
    for (const char* number : {"1", "2", "3"}) {
      folder.write(std::string("content/") + letter + number + ".md",
                   std::string("---\nkind: ") + kind + "\nsubject: s\n---\nHello.\n");
    }
  }
  for (const auto& [name, text] : story.files) folder.write(name, text);
  std::string events = identify("u1") + identify("u2");
  for (const auto& event : story.events) events += to_ingest(event);

  std::istringstream in(events);
  std::ostringstream out;
  std::ostringstream err;
  base::VirtualClock clock{tests::at("2026-03-01T00:00:00Z")};
  daemon::cli::Console console{.in = in, .out = out, .err = err};
  const daemon::cli::World world{.clock = clock, .surroundings = {}, .run_daemon = {}};
  const int status = daemon::cli::run({"--config", folder.path(), "simulate", "--events", "-",
                                       "--until", "2026-04-15", "--format", "jsonl"},
                                      console, world);
  INFO(err.str());
  REQUIRE(status == daemon::cli::done);
  Lines lines;
  std::istringstream told(out.str());
  for (std::string line; std::getline(told, line);) {
    const auto value = cel::from_json(line);
    REQUIRE(value);
    const std::string action = text_of(*value, "do");
    if (action != "start" && action != "end") lines.push_back(to_line(*value));
  }
  return lines;
}

const std::string tight =
    "limits: {per_day: 1, per_week: 7, min_gap: 0s, quiet: \"00:00-00:00\"}\n"
    "touches_before_offer: 4\nseries: {ever: [v1, e1, v2, v3]}\n"
    "fill: {from: ever, every: 1d}\n";

const std::vector<Story> stories = {
    {.name = "a restart begins anew whatever `again` says",
     .playbook = "start: {when: a}\nmeanwhile: restart\nsteps:\n  - wait: 2d\n  - send: v1\n",
     .events = {"02 10:00 u1 a", "03 10:00 u1 a"},
     .expected = {"02 10:00 u1 wait until 04 10:00", "03 10:00 u1 wait until 05 10:00",
                  "05 10:00 u1 send v1"}},
    {.name = "a step that cannot be judged fails, is told, and nothing after it runs",
     .playbook = "start: {when: a}\nsteps:\n  - tag: before\n  - choose:\n"
                 "      - if: contact.missing > 3\n        then: [tag: more]\n  - tag: after\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 tag before", "02 10:00 u1 fail failed"}},
    {.name = "a message that cannot be rendered fails the step",
     .playbook = "start: {when: a}\nsteps:\n  - send: v1\n  - tag: after\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 fail failed"},
     .files = {{"content/v1.md", "---\nkind: value\nsubject: hi\n---\n{{ 1 | divided_by: 0 }}\n"}}},
    {.name = "a start that cannot be judged counts as no, and is recorded only",
     .playbook = "start: {when: a, if: contact.missing > 3}\nsteps: [tag: more]\n",
     .events = {"02 10:00 u1 a"},
     .expected = {}},
    {.name = "a message that may be held for no time goes when it may",
     .playbook = "start: {when: a}\nsteps:\n  - send: v1\n    hold: 0s\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 send v1"}},
    {.name = "a message that may be held for no time is left out when it may not go",
     .playbook = "start: {when: a}\nsteps:\n  - send: v1\n    hold: 0s\n  - tag: after\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 skip v1 quiet", "02 10:00 u1 tag after"},
     .settings = "limits: {quiet: \"09:00-20:00\"}\n"},
    {.name = "what a step emits is judged before the next step",
     .playbook = "start: {when: a}\nsteps:\n  - emit: x\n  - choose:\n      - if: did(\"x\")\n"
                 "        then: [{tag: seen}]\n  - wait_for: x\n    within: 1d\n"
                 "    otherwise: [{tag: none}]\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 emit x", "02 10:00 u1 tag seen", "02 10:00 u1 wait until 03 10:00",
                  "03 10:00 u1 tag none"}},
    {.name = "a stop on a departure comes before the step after it",
     .playbook = "start: {when: a}\nstop: [{when: message.sent, if: event.message == \"v1\"}]\n"
                 "steps:\n  - send: v1\n  - tag: never\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 send v1"}},
    {.name = "a wait_for right after a send hears of its own departure",
     .playbook = "start: {when: a}\nsteps:\n  - send: v1\n  - wait_for: message.sent\n"
                 "    within: 1d\n    otherwise: [{tag: deaf}]\n  - tag: after\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 tag after"}},
    {.name = "a stop takes back what a finished run still holds",
     .playbook = "start: {when: a}\nstop: [{when: b}]\nsteps:\n  - send: v1\n"
                 "    while_held: go_on\n",
     .events = {"02 10:00 u1 a", "02 11:00 u1 b"},
     .expected = {"02 10:00 u1 hold v1 quiet until 02 20:00", "02 11:00 u1 skip v1 withdrawn"},
     .settings = "limits: {quiet: \"09:00-20:00\"}\n"},
    {.name = "fill begins as soon as an offer is held, and leaves out what was sent",
     .playbook = "start: {when: a}\nsteps:\n  - send: v1\n  - send: o1\n    hold: 5d\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 send v1", "02 10:00 u1 hold o1 touches",
                  "02 10:00 u1 hold e1 cap until 03 00:00", "03 00:00 u1 send e1",
                  "04 00:00 u1 send v2", "05 00:00 u1 send v3",
                  "05 00:00 u1 hold o1 cap until 06 00:00", "06 00:00 u1 send o1"},
     .settings = tight},
    {.name = "fill passes over what the mix of the address does not allow",
     .playbook = "start: {when: a, if: contact.id == \"u1\"}\nsteps:\n  - send: o1\n"
                 "    hold: 20d\n",
     .events = {"02 10:00 u2 b", "03 10:00 u1 a"},
     .expected = {"02 10:00 u2 send e2", "03 10:00 u1 hold o1 touches", "03 10:00 u1 send v1",
                  "04 10:00 u1 send v2", "05 10:00 u1 send v3", "23 10:00 u1 skip o1 touches"},
     .settings = "limits: {per_day: 1, per_week: 7, min_gap: 0s, quiet: \"00:00-00:00\"}\n"
                 "mix: {value: 80, engagement: 10, offer: 10}\ntouches_before_offer: 9\n"
                 "series: {ever: [v1, e1, v2, v3]}\nfill: {from: ever, every: 1d}\n",
     .files = {{"playbooks/q.yaml", "start: {when: b}\nsteps: [{send: e2}]\n"}}},
    {.name = "set changes what the contact is, not only what is written about it",
     .playbook = "start: {when: a}\nsteps:\n  - set: {timezone: Asia/Tokyo, plan: [1, 2.5]}\n"
                 "  - wait: 1d\n    at: \"10:00\"\n  - score: 1.5\n  - score: 0.5\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 set timezone = Asia/Tokyo", "02 10:00 u1 set plan = [1,2.5]",
                  "02 10:00 u1 wait until 04 01:00", "04 01:00 u1 score 1.5",
                  "04 01:00 u1 score 2"}},
    {.name = "what a step emits has the types that events.yaml declares",
     .playbook = "start: {when: a}\nsteps:\n  - emit: {event: b, properties: {at_last: "
                 "\"2026-03-05T10:00:00Z\"}}\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 emit b", "02 10:00 u1 wait until 05 10:00", "05 10:00 u1 tag then"},
     .files = {{"events.yaml", "events:\n  a: {}\n  b: {properties: {at_last: timestamp}}\n"},
               {"playbooks/q.yaml",
                "start: {when: b}\nsteps:\n  - wait_until: event.at_last\n  - tag: then\n"}}},
    {.name = "an unsubscribe keeps marketing and reminders, and lets a receipt go",
     .playbook = "start: {when: a}\nsteps:\n  - send: reminder\n  - send: receipt\n  - send: v1\n"
                 "    hold: 1d\n",
     .events = {R"(02 09:00 u1 message.unsubscribed {"channel":"email"})", "02 10:00 u1 a"},
     .expected = {"02 10:00 u1 hold reminder suppressed", "02 11:00 u1 skip reminder expired",
                  "02 11:00 u1 send receipt", "02 11:00 u1 hold v1 suppressed",
                  "03 11:00 u1 skip v1 suppressed"},
     .files = {{"content/reminder.md",
                "---\nkind: reminder\nsubject: s\nexpires: enrollment.started + "
                "duration(\"1h\")\n---\nSoon.\n"},
               {"content/receipt.md", "---\nkind: receipt\nsubject: s\n---\nPaid.\n"}}},
    {.name = "a mute ends when time has passed",
     .playbook = "start: {when: a}\nsteps:\n  - send: o1\n",
     .events = {"02 10:00 u1 ticket", "02 11:00 u1 a"},
     .expected = {"02 11:00 u1 hold o1 muted until 05 10:00", "05 10:00 u1 send o1"},
     .settings =
         std::string(free_settings) + "mute: [{if: 'did(\"ticket\", \"3d\")', kinds: [offer]}]\n"},
    {.name = "staging holds what is for others",
     .playbook = "start: {when: a}\nsteps:\n  - send: v1\n    hold: 1d\n",
     .events = {"02 10:00 u1 a"},
     .expected = {"02 10:00 u1 hold v1 only_to", "03 10:00 u1 skip v1 only_to"},
     .settings = std::string(free_settings) + "only_to: [boss@example.org]\n"},
    {.name = "many events of one morning are all counted at noon",
     .playbook = "start: {when: a}\nsteps:\n  - choose:\n"
                 "      - if: times(\"b\", \"2h\") == 100 && times(\"b\", \"30d\") == 100\n"
                 "        then: [{tag: hundred}]\n",
     .events =
         [] {
           Lines events(100, "02 09:30 u1 b");
           events.emplace_back("02 11:00 u1 a");
           return events;
         }(),
     .expected = {"02 11:00 u1 tag hundred"}},
    {.name = "a burst that comes late is one touch",
     .playbook = "start: {when: a}\nsteps:\n  - choose:\n      - if: touches() == 2\n"
                 "        then: [{tag: two}]\n",
     .events = {"20 10:00 u1 b", "10 10:00 u1 b", "10 10:05 u1 b", "10 11:00 u1 b",
                "20 12:00 u1 a"},
     .expected = {"20 12:00 u1 tag two"},
     .files = {{"touchpoints.yaml", "touchpoints:\n  b: {channel: site, kind: value}\n"}}},
};

}  // namespace

TEST_CASE("a story goes as CONTRACT tells it") {
  for (const Story& story : stories) {
    DYNAMIC_SECTION(story.name) {
      CHECK(told(story) == story.expected);
    }
  }
}

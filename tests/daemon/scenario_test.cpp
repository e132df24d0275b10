// Scenarios played and judged by the engine itself: what people do, what is told where an
// expectation is not met, and which steps and branches were reached.
#include <algorithm>
#include <filesystem>

#include "config/scenario_reader.h"
#include "daemon/coverage.h"
#include "daemon/scenario_judge.h"
#include "daemon/scenario_run.h"
#include "tests/catch.h"
#include "tests/config/workspaces.h"

using namespace nurtured;
using namespace nurtured::daemon;

namespace {

constexpr const char* settings =
    "connectors: {out: {type: file, path: outbox}}\n"
    "channels: {email: out, telegram: {connector: out, consent: assumed}}\n"
    "timezone: UTC\ntouches_before_offer: 3\n"
    "limits: {per_day: 1, per_week: 7, min_gap: 0s, quiet: \"21:00-09:00\"}\n"
    "handoff: {to: {channel: email, to: help@example.org}, on_message: 1d}\n";

// What a playbook may do, one after the other.
constexpr const char* playbook = R"(start: {when: began}
via: [email, telegram]
goal: bought
stop: message.unsubscribed
steps:
  - send: hello
  - move_to: decision
  - score: 5
  - tag: [new, warm]
  - untag: new
  - set: {city: Moscow, visits: 2}
  - wait_for: link.clicked
    if: event.link == "more"
    within: 2d
    then:
      - emit: interested
      - send: deal
        hold: 5d
    otherwise:
      - notify: "{{ contact.id }} is cold"
)";

config::Workspace workspace() {
  config::Workspace out;
  out.files = {
      {"content/deal.md", "---\nkind: offer\nsubject: A deal\n---\nBuy it.\n"},
      {"content/hello.md",
       "---\nkind: value\nsubject: \"Hello {{ contact.first_name }}\"\nbuttons: [{id: more, text: "
       "More, url: \"https://example.org/more\"}]\n---\nHello! [Read](https://example.org/read)\n"},
      {"events.yaml", "events: {began: {}, bought: {}, interested: {}}\n"},
      {"nurtured.yaml", settings},
      {"playbooks/p.yaml", playbook},
  };
  return out;
}

struct Ran {
  std::vector<Unmet> unmet;
  CoverageReport coverage;

  std::string text() const {
    std::string out;
    for (const Unmet& its : unmet) out += its.expected + "; " + its.actual + "\n";
    return out;
  }
};

// The contact of every scenario is anna, in Moscow, who begins on Monday at noon.
Ran run(const std::string& events, const std::string& expectations,
        const std::string& traits = "consent: {email: true}", config::Workspace files = workspace(),
        const std::string& more = "") {
  config::put(files, "tests/t.yaml",
              "tests:\n  - name: n\n    contact: {id: anna, first_name: Anna, timezone: "
              "Europe/Moscow, email: anna@example.org, " +
                  traits + "}\n    events: [{at: \"2026-03-02 12:00\", event: began}" +
                  (events.empty() ? "" : ", " + events) + "]\n    expect: [" + expectations +
                  "]\n" + more);
  const auto compiled = config::compile(files, config::test_options());
  for (const auto& line : config::lines_of(compiled.problems)) UNSCOPED_INFO(line);
  REQUIRE(compiled.config != nullptr);
  config::Problems problems;
  const auto scenarios = config::read_scenarios(files, compiled.config.get(), problems);
  for (const auto& line : config::lines_of(problems.take())) UNSCOPED_INFO(line);
  REQUIRE(scenarios.size() == 1);
  Coverage coverage;
  const auto played = play(compiled.config, scenarios[0],
                           [&](const rules::Passage& passage) { coverage.add(passage); });
  REQUIRE(played.has_value());
  return {judge(scenarios[0], *played), coverage.report(*compiled.config->book)};
}

const std::string clicks = "{after: 1h, clicks: more}";

}  // namespace

TEST_CASE("expectations that came about are met") {
  const auto [events, expectation] = GENERATE(table<std::string, std::string>({
      {"",
       "{at: \"2026-03-02 12:00\", send: hello, channel: email, kind: value, subject: Hello Anna}"},
      {"", "{at: \"2026-03-02\", send: hello, playbook: p, step: \"send:hello\"}"},
      {"", "{at: 0s, started: p}"},
      {"", "{stage: decision}, {stage: decision, at: 1d}"},
      {"", "{score: 5}, {tag: warm}, {untag: new}"},
      {"", "{attribute: {city: Moscow, visits: 2, street: null}}"},
      {"", "{at: 2d, notify: is cold}"},
      {"", "{ended: p, outcome: finished, at: \"2026-03-04 12:00\"}"},
      {"", "{never: {send: deal}}, {never: {tag: hot}}, {never: {stage: retention}}"},
      {"", "{never: {send: hello, after: \"2026-03-02 12:00\"}}"},
      {clicks, "{emit: interested, after: 59m, by: \"2026-03-02 13:00\"}"},
      // From the click on it is held, and not only at the moment when that begins.
      {clicks, "{hold: deal, reason: touches}, {hold: deal, reason: touches, at: \"2026-03-05\"}"},
      {clicks, "{skip: deal, reason: touches, at: \"2026-03-07 13:00\"}"},
      {"{at: 0s, clicks: more}", "{emit: interested, at: \"2026-03-02 12:00\"}"},
      {"{after: 1h, clicks: \"https://example.org/more\", message: hello}", "{emit: interested}"},
      // Of another link nothing follows.
      {"{after: 1h, clicks: link-1}", "{notify: is cold}, {never: {emit: interested}}"},
      {"{after: 1h, opens: hello}", "{notify: is cold}"},
      {"{after: 1h, event: bought}", "{ended: p, outcome: goal}"},
      {"{after: 1h, unsubscribes: true}", "{ended: p, outcome: stopped, at: 1h}"},
      {"{after: 1h, complains: hello}", "{never: {notify: nobody is told}}"},
      {"{after: 30m, bounces: true}, " + clicks,
       "{skip: deal, reason: suppressed}, {never: {send: deal}}"},
      {"{after: 1h, replies: Who are you}", "{handoff: their message, at: 1h}"},
      {"{after: 1h, replies: Hi, channel: telegram}, {after: 2h, hand_back: true}",
       "{handoff: their message}, {handoff: scenario, at: 2h}"},
      {"{after: 1h, traits: {city: Tula}}",
       "{attribute: {city: Moscow}, at: 30m}, {attribute: {city: Tula}}"},
      {"{at: \"2026-01-01\", event: bought, history: true}", "{never: {ended: p, outcome: goal}}"},
      {"{after: 1h, touch: meeting}, {after: 2h, touch: talk, place: online}, {after: 3h, clicks: "
       "more}",
       "{send: deal, at: \"2026-03-03 09:00\"}"},
  }));
  INFO(events << " | " << expectation);
  CHECK(run(events, expectation).text() == "");
}

TEST_CASE("what did not come about is told with what happened instead") {
  const auto [events, expectation, told] = GENERATE(table<std::string, std::string, std::string>({
      {"", "{at: \"2026-03-02 14:30\", send: hello}",
       "expected: send hello at 2026-03-02 14:30; it happened at 2026-03-02 12:00, 2h30m earlier"},
      {"", "{at: \"2026-03-01\", send: hello}", "12h later"},
      {"", "{send: hello, subject: Hello}", "at 2026-03-02 12:00 its subject is \"Hello Anna\""},
      {"", "{send: hello, channel: telegram}", "its channel is \"email\""},
      {"", "{send: deal}", "nothing of the kind happened"},
      {clicks, "{send: deal}", "instead, at 2026-03-02 13:00:03: hold deal"},
      {clicks, "{hold: deal, reason: mix}", "its reason is \"touches\""},
      {"", "{send: hello}, {send: hello}", "it happened only once"},
      {"", "{ended: p, outcome: goal}", "at 2026-03-04 12:00 its outcome is \"finished\""},
      {"", "{notify: hot}", "its text is \"anna is cold\""},
      {"", "{stage: retention}", "in the end the stage is decision"},
      {"", "{tag: hot}", "in the end the tags are warm"},
      {"", "{untag: hot}", "in the end the tags are warm"},
      {"", "{score: 7, at: 1d}", "then the score is 5"},
      {"", "{attribute: {city: Tula, visits: \"2\"}}", "city is \"Moscow\", visits is 2"},
      {"", "{attribute: {street: x}}", "there is no street"},
      {"", "{never: {send: hello}}", "expected: never send hello; it happened at 2026-03-02 12:00"},
      {"", "{never: {tag: new}}", "it became so at 2026-03-02 12:00"},
      {"{after: 1h, clicks: link-7}", "{send: hello}",
       "no message that anna got by then has the link `link-7`; links they got: link-1 in "
       "hello, more in hello"},
      {"{after: 1h, opens: deal}", "{send: hello}", "no message `deal` that anna got by then"},
  }));
  INFO(events << " | " << expectation);
  const auto ran = run(events, expectation);
  INFO(ran.text());
  REQUIRE(ran.unmet.size() == 1);
  CHECK(ran.text().find(told) != std::string::npos);
}

TEST_CASE("near an expectation that is not met stands what happened, on the contact's clock") {
  const auto ran = run(clicks, "{send: deal, at: \"2026-03-03\"}");
  REQUIRE(ran.unmet.size() == 1);
  const Unmet& unmet = ran.unmet[0];
  CHECK(unmet.contact == "anna (Europe/Moscow)");
  CHECK(unmet.place.line == 5);
  std::string related;
  std::string others;
  for (const NearLine& line : unmet.near) (line.is_related ? related : others) += line.text + "\n";
  CHECK(related.find("2026-03-02 13:00:03  hold deal") != std::string::npos);
  CHECK(related.find("touches, 1 of 3 touches before an offer") != std::string::npos);
  CHECK(others.find("event: clicks more") != std::string::npos);
}

TEST_CASE("what happened is told in the order of time") {
  // On the fourth nobody has clicked, which is told before what happens on the fifth.
  const auto ran = run("{after: 3d, event: interested}, {after: 4d, traits: {city: Tula}}",
                       "{send: deal, at: 3d}");
  REQUIRE(ran.unmet.size() == 1);
  std::vector<std::string> times;
  for (const NearLine& line : ran.unmet[0].near) times.push_back(line.text.substr(0, 16));
  CHECK(std::ranges::is_sorted(times));
  CHECK(std::ranges::count(times, "2026-03-04 12:00") > 0);
  CHECK(std::ranges::count(times, "2026-03-05 12:00") > 0);
}

TEST_CASE("each line answers one expectation, whichever way they are written down") {
  const std::string both = "{send: hello}, {send: hello, at: \"2026-03-02 12:00\"}";
  CHECK(run("", both).unmet.size() == 1);
  // The loose one leaves the only line that fits to the strict one.
  CHECK(run(clicks, "{tag: warm}, {hold: deal}, {hold: deal, at: 1h}").unmet.empty());
}

TEST_CASE("people are as the scenario says from the start on") {
  CHECK(run(clicks,
            "{send: deal, at: \"2026-03-03 09:00\"}, {stage: awareness, at: \"2026-03-02\"}",
            "consent: {email: true}, touches: 3, stage: awareness, score: 7, tags: [old]")
            .text()
            .find("stage") != std::string::npos);
  CHECK(run(clicks, "{send: deal, at: \"2026-03-03 09:00\"}, {score: 12}, {tag: old}",
            "consent: {email: true}, touches: 3, score: 7, tags: [old]")
            .text()
            .empty());
  CHECK(run("", "{send: hello, channel: telegram}", "channels.telegram: 4711").text().empty());
  CHECK(run("", "{hold: hello, reason: consent}", "tags: []").text().empty());
}

TEST_CASE(
    "what connectors give back is what the scenario says, and nothing where it says nothing") {
  config::Workspace files = workspace();
  config::put(files, "playbooks/p.yaml",
              "start: {when: began}\nsteps:\n  - wait: 1h\n  - do: out.write\n    save: paper\n"
              "  - set: {paper: \"=enrollment.paper.file\"}\n");
  const std::string consent = "consent: {email: true}";
  const std::string done = "{do: out.write, at: 1h}";
  CHECK(run("", done + ", {attribute: {paper: paper-7}}", consent, files,
            "    answers: {out.write: {file: paper-7}}\n")
            .text()
            .empty());
  CHECK(run("", done + ", {fails: p}", consent, files).text().empty());
  CHECK_FALSE(run("", "{never: {do: out.write}}", consent, files).text().empty());
}

TEST_CASE("coverage knows the steps and the branches that were reached") {
  const auto cold = run("", "{send: hello}").coverage;
  REQUIRE(cold.playbooks.size() == 1);
  CHECK(cold.playbooks[0].steps.total == 10);
  CHECK(cold.playbooks[0].steps.reached == 8);
  CHECK(cold.playbooks[0].branches.total == 2);
  CHECK(cold.playbooks[0].branches.reached == 1);
  std::vector<std::string> missed;
  for (const Missed& its : cold.playbooks[0].missed) missed.push_back(its.step + "/" + its.branch);
  CHECK(missed ==
        std::vector<std::string>{"wait_for:link.clicked/then", "emit:interested/", "send:deal/"});
  CHECK(cold.percent == 75);
  CHECK(run(clicks, "{send: hello}").coverage.playbooks[0].branches.reached == 1);
}

TEST_CASE("a scenario gives the same every time") {
  const auto events = clicks + ", {after: 3h, replies: Hello}, {after: 4h, unsubscribes: email}";
  const auto first = run(events, "{send: deal}, {score: 0}");
  const auto second = run(events, "{send: deal}, {score: 0}");
  CHECK(first.text() == second.text());
  REQUIRE(first.unmet.size() == second.unmet.size());
  for (std::size_t i = 0; i < first.unmet.size(); ++i) {
    CHECK(std::ranges::equal(first.unmet[i].near, second.unmet[i].near, {}, &NearLine::text,
                             &NearLine::text));
  }
}

TEST_CASE("segments, dates, schedules, loops and starts by hand are played as well") {
  config::Workspace files = workspace();
  config::put(files, "segments.yaml", "segments:\n  hot: {if: contact.score >= 50}\n");
  config::put(files, "playbooks/news.yaml",
              "start: {schedule: \"0 10 * * TUE\", segment: hot}\nsteps: [{send: hello}]\n");
  config::put(
      files, "playbooks/birthday.yaml",
      "start: {date: contact.birthday, at: \"10:00\", every: year}\nsteps: [{tag: older}]\n");
  config::put(files, "playbooks/talk.yaml",
              "start: {manual: true}\nsteps:\n  - repeat: {times: 2, steps: [{score: 25}, {wait: "
              "1d}]}\n  - split: {one: {weight: 1, steps: [{tag: one}]}, other: {weight: 0}}\n");
  config::put(files, "tests/t.yaml", R"(tests:
  - name: who is hot gets the news on Tuesday, and has a birthday
    contact: {id: u1, email: u1@example.org, score: 60, birthday: "--03-05", consent: {email: true}}
    start: "2026-03-02 12:00"
    until: "2026-03-09"
    expect:
      - {segment: hot, at: 0s}
      - {started: news, at: "2026-03-03 10:00"}
      - {send: hello, at: "2026-03-03 10:00"}
      - {tag: older, at: "2026-03-05 10:00"}
      - never: {tag: older, before: "2026-03-05"}
  - name: a loop goes round, and a start by hand begins it
    contact: {id: u1, email: u1@example.org}
    events: [{at: "2026-03-02 12:00", starts: talk}]
    until: "2026-03-09"
    expect:
      - {score: 25, at: 0s}
      - {score: 50, at: 1d}
      - never: {segment: hot, before: 1d}
      - {segment: hot}
      - {split: one, at: 2d}
      - {tag: one}
)");
  const auto compiled = config::compile(files, config::test_options());
  for (const auto& line : config::lines_of(compiled.problems)) UNSCOPED_INFO(line);
  REQUIRE(compiled.config != nullptr);
  config::Problems problems;
  const auto scenarios = config::read_scenarios(files, compiled.config.get(), problems);
  CHECK(config::lines_of(problems.take()) == std::vector<std::string>{});
  REQUIRE(scenarios.size() == 2);
  Coverage coverage;
  for (const auto& scenario : scenarios) {
    const auto played = play(compiled.config, scenario,
                             [&](const rules::Passage& passage) { coverage.add(passage); });
    REQUIRE(played.has_value());
    for (const Unmet& its : judge(scenario, *played))
      FAIL_CHECK(its.expected << "; " << its.actual);
  }
  const auto report = coverage.report(*compiled.config->book);
  const auto talk = std::ranges::find(report.playbooks, "talk", &PlaybookCoverage::playbook);
  REQUIRE(talk != report.playbooks.end());
  CHECK(talk->steps.reached == talk->steps.total);
  std::vector<std::string> missed;
  for (const Missed& its : talk->missed) missed.push_back(its.step + "/" + its.branch);
  CHECK(missed == std::vector<std::string>{"split/other"});
}

TEST_CASE("steps print times by the clock that their waits go by") {
  const auto [zone, told] = GENERATE(table<std::string, std::string>({
      {"", "19:00"},  // the workspace's
      {"timezone: Asia/Vladivostok, ", "02:00"},
  }));
  config::Workspace files;
  files.files = {{"events.yaml", "events: {came: {properties: {starts: timestamp}}}\n"},
                 {"nurtured.yaml",
                  "connectors: {out: {type: file, path: outbox}}\nchannels: {email: out}\n"
                  "timezone: Europe/Moscow\n"},
                 {"playbooks/p.yaml",
                  "start: came\nsteps:\n  - set: {at: \"{{ event.starts | date: '%H:%M' }}\"}\n"
                  "  - notify: \"call at {{ event.starts | date: '%H:%M' }}\"\n"},
                 {"tests/t.yaml",
                  "tests:\n  - name: n\n    contact: {" + zone +
                      "id: u1}\n    events: [{at: \"2026-03-02 12:00\", event: came, properties: "
                      "{starts: \"2026-03-05T16:00:00Z\"}}]\n    expect: [{notify: call at " +
                      told + "}, {attribute: {at: \"" + told + "\"}}]\n"}};
  const auto compiled = config::compile(files, config::test_options());
  for (const auto& line : config::lines_of(compiled.problems)) UNSCOPED_INFO(line);
  REQUIRE(compiled.config != nullptr);
  config::Problems problems;
  const auto scenarios = config::read_scenarios(files, compiled.config.get(), problems);
  REQUIRE(scenarios.size() == 1);
  const auto played = play(compiled.config, scenarios[0], nullptr);
  REQUIRE(played.has_value());
  for (const Unmet& its : judge(scenarios[0], *played))
    FAIL_CHECK(its.expected << "; " << its.actual);
}

TEST_CASE("what check warns of as starting itself goes round, and nothing else does") {
  const auto [goes_round, texts] = GENERATE(table<bool, std::vector<std::string>>({
      {false, {"start: [came, go]\nagain: always\nsteps: [{wait: 1h}, {emit: go}]\n"}},
      {false, {"start: came\nagain: always\nsteps: [{enroll: p0}]\n"}},
      {false,
       {"start: [came, go]\nagain: always\nsteps: [{wait: 1h}, {emit: on}]\n",
        "start: on\nagain: always\nsteps: [{emit: go}]\n"}},
      {false,
       {"start: [came, go]\nsteps: [{wait: 1h}, {emit: on}]\n",
        "start: on\nagain: always\nsteps: [{wait: 1h}, {emit: go}]\n"}},
      {false,
       {"start: {when: go, if: event.n < 3}\nmeanwhile: restart\n"
        "steps: [{emit: {event: go, properties: {n: 3}}}]\n"}},
      {true,
       {"start: [came, go]\nagain: always\nsteps: [{wait: 1h}, {emit: on}]\n",
        "start: on\nagain: always\nsteps: [{wait: 1h}, {emit: go}]\n"}},
      {true, {"start: came\nmeanwhile: restart\nsteps: [{tag: a}, {emit: came}]\n"}},
      {true, {"start: came\nmeanwhile: restart\nsteps: [{wait: 1h}, {emit: came}]\n"}},
      {true, {"start: [came, enrollment.ended]\nagain: always\nsteps: [{tag: a}]\n"}},
      {true,
       {"start: [came, {when: message.sent, if: event.message == \"b\"}]\nagain: always\n"
        "steps: [{send: a}]\n",
        "start: {when: message.sent, if: event.message == \"a\"}\nagain: always\n"
        "steps: [{send: b}]\n"}},
  }));
  config::Workspace files;
  files.files = {{"content/a.md", "---\nkind: receipt\nsubject: A\n---\nA.\n"},
                 {"content/b.md", "---\nkind: receipt\nsubject: B\n---\nB.\n"},
                 {"events.yaml", "events: {came: {}, on: {}, go: {properties: {n: int}}}\n"},
                 {"nurtured.yaml", settings}};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    config::put(files, "playbooks/p" + std::to_string(i) + ".yaml", texts[i]);
  }
  config::put(files, "tests/t.yaml",
              "tests:\n  - name: n\n    contact: {id: u1, email: a@example.org}\n    events: [{at: "
              "\"2026-03-02 12:00\", event: came}]\n    until: 3d\n    expect: [{tag: a}]\n");
  const auto compiled = config::compile(files, config::test_options());
  REQUIRE(compiled.config != nullptr);
  const bool is_warned =
      std::ranges::count(compiled.problems, "starts-itself", &config::Problem::name) > 0;
  config::Problems problems;
  const auto scenarios = config::read_scenarios(files, compiled.config.get(), problems);
  REQUIRE(scenarios.size() == 1);
  const auto played = play(compiled.config, scenarios[0], nullptr);
  REQUIRE(played.has_value());
  const auto starts = std::ranges::count_if(played->lines, [](const PlayedLine& line) {
    return line.decision.action == "start" && line.decision.playbook == "p0";
  });
  INFO(texts.front());
  CHECK(is_warned == goes_round);
  // It stops for want of days, or where the engine cuts it off.
  CHECK((starts > 3) == goes_round);
}

TEST_CASE("the scenarios of every sample workspace pass and reach every step and branch") {
  std::vector<std::string> folders{"config/default"};
  for (const auto& entry : std::filesystem::directory_iterator("config/examples")) {
    folders.push_back(entry.path().string());
  }
  const std::string folder = GENERATE_COPY(from_range(folders));
  INFO(folder);
  const auto files = config::read_workspace(folder);
  REQUIRE(files.has_value());
  const auto compiled = config::compile(*files, config::test_options());
  REQUIRE(compiled.config != nullptr);
  config::Problems problems;
  const auto scenarios = config::read_scenarios(*files, compiled.config.get(), problems);
  CHECK(config::lines_of(problems.take()) == std::vector<std::string>{});
  REQUIRE_FALSE(scenarios.empty());
  Coverage coverage;
  for (const auto& scenario : scenarios) {
    const auto played = play(compiled.config, scenario,
                             [&](const rules::Passage& passage) { coverage.add(passage); });
    REQUIRE(played.has_value());
    INFO(scenario.title());
    for (const Unmet& its : judge(scenario, *played))
      FAIL_CHECK(its.expected << "; " << its.actual);
  }
  CHECK(coverage.report(*compiled.config->book).percent == 100);
}

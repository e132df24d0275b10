// What all commands have in common, and those that concern a workspace or a store.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/daemon/shell.h"

using namespace nurtured;
using tests::Arguments;
using tests::count;
using tests::Ran;
using tests::Shell;

TEST_CASE("wrong usage is told on stderr with status 2") {
  Shell shell;
  const Arguments arguments = GENERATE(
      Arguments{}, Arguments{"fly"}, Arguments{"check", "--fromat", "json"},
      Arguments{"check", "--format", "xml"}, Arguments{"check", "surplus"}, Arguments{"explain"},
      Arguments{"simulate", "--events", "x"}, Arguments{"simulate", "--until", "2026-01-01"},
      Arguments{"simulate", "--events", "-", "--until", "soon"},
      Arguments{"simulate", "--events", "-", "--until", "2026-04-01", "--seed", "many"},
      Arguments{"simulate"}, Arguments{"simulate", "--people", "5"},
      Arguments{"simulate", "--people", "0", "--days", "1"},
      Arguments{"simulate", "--people", "1000001", "--days", "1"},
      Arguments{"simulate", "--people", "5", "--days", "0"},
      Arguments{"simulate", "--people", "5", "--days", "5", "--events", "-"},
      Arguments{"simulate", "--people", "5", "--days", "5", "--format", "jsonl"},
      Arguments{"simulate", "--people", "5", "--days", "5", "--shadow"},
      Arguments{"simulate", "--shadow", "--format", "json"}, Arguments{"simulate", "--report", "x"},
      Arguments{"simulate", "--events", "-", "--until", "2026-04-01", "--report", "x"},
      Arguments{"simulate", "--shadow", "--from", "2026-01-01"},
      Arguments{"simulate", "--days", "3"}, Arguments{"simulate", "--against", "x"},
      Arguments{"simulate", "--habits", "x"}, Arguments{"eval"}, Arguments{"eval", "1", "--jsonl"},
      Arguments{"render"}, Arguments{"contact"}, Arguments{"contact", "set", "u1", "novalue"},
      Arguments{"contact", "consent", "u1", "email", "perhaps"},
      Arguments{"event", "add", "u1", "e", "--data", "{"},
      Arguments{"enrollment", "stop", "u1", "x"}, Arguments{"backup"},
      Arguments{"run", "--log-level", "loud"});
  const auto ran = shell.run(arguments);
  CHECK(ran.status == daemon::cli::wrong_usage);
  CHECK_FALSE(ran.err.empty());
}

TEST_CASE("options that are wrong are wrong usage") {
  for (const Arguments& arguments :
       std::vector<Arguments>{{"eval", "x", "--data", "{'x"},
                              {"eval", "x", "--data", "[1]"},
                              {"render", "hello", "--data", "[1]"},
                              {"delivery", "list", "--state", "foo"}}) {
    Shell shell;
    const Ran ran = shell.run(arguments);
    INFO(ran.err);
    CHECK(ran.status == 2);
    CHECK(ran.err.find("EXPR") == std::string::npos);
  }
}

TEST_CASE("each preset is good as it is, and sends what a person of its trade would get") {
  struct Case {
    std::string preset;
    std::vector<std::pair<std::string, std::string>> events;  // time, event
    std::vector<std::string> sends;                           // among those that leave, in order
  };
  const std::vector<Case> cases{
      {"expert",
       {{"2026-03-02T08:30:00Z", "checklist.downloaded"}},
       {"checklist", "webinar-invite"}},
      {"b2b",
       {{"2026-03-02T08:30:00Z", "guide.downloaded"},
        {"2026-03-14T08:30:00Z", "pricing.viewed"},
        {"2026-04-20T08:30:00Z", "meeting.booked"},
        {"2026-04-23T12:30:00Z", "meeting.held"}},
       {"guide", "case-study", "worksheet", "one-question", "security-answers",
        "committee-checklist", "pilot-offer"}},
      {"retail",
       {{"2026-03-02T08:30:00Z", "card.joined"}, {"2026-04-20T08:30:00Z", "order.paid"}},
       {"welcome", "size-guide", "wardrobe", "receipt", "care", "rate-purchase", "repair",
        "new-season", "come-back"}},
      {"fmcg",
       {{"2026-03-02T02:30:00Z", "sample.requested"},
        {"2026-03-05T02:30:00Z", "sample.delivered"},
        {"2026-06-20T02:30:00Z", "order.paid"}},
       {"sample-on-its-way", "first-cup", "recipe-breakfast", "label-reading", "first-order",
        "storage", "field-story"}},
  };
  const std::string details =
      R"({"checklist": "launch", "starts": "2026-04-23T12:00:00Z", "link": "https://example.org/x",)"
      R"( "flavour": "原", "order_id": "7", "total": "10", "product": "x", "place": "x",)"
      R"( "guide": "x", "outcome": "x"})";
  for (const Case& c : cases) {
    Shell shell;
    INFO(c.preset);
    const std::string folder = shell.folder() / c.preset;
    REQUIRE(shell.run({"init", folder, "--preset", c.preset}).status == 0);
    const Ran checked = shell.run({"--config", folder, "check"});
    CHECK(checked.status == 0);
    CHECK(checked.out.find("warning") == std::string::npos);
    CHECK(shell.run({"--config", folder, "fmt", "--check"}).status == 0);
    std::string events =
        R"({"type": "identify", "userId": "u1", "timestamp": "2026-03-01T08:00:00Z", "traits":)"
        R"( {"email": "u1@example.org", "firstName": "Anna", "consent": {"email": true}}})"
        "\n";
    for (const auto& [time, event] : c.events) {
      events += R"({"type": "track", "userId": "u1", "event": ")" + event + R"(", "timestamp": ")" +
                time + R"(", "properties": )" + details + "}\n";
    }
    const Ran ran = shell.run(
        {"--config", folder, "simulate", "--events", "-", "--until", "2026-09-01T00:00:00Z"},
        events);
    REQUIRE(ran.status == 0);
    std::vector<std::string> sent;
    std::istringstream lines(ran.out);
    for (std::string line; std::getline(lines, line);) {
      const auto decision = cel::from_json(line).value();
      CHECK(decision.find("do")->as_string() != "fail");
      if (decision.find("do")->as_string() != "send") continue;
      sent.push_back(decision.find("message")->as_string());
    }
    std::vector<std::string> expected;
    std::ranges::copy_if(sent, std::back_inserter(expected), [&](const std::string& message) {
      return std::ranges::find(c.sends, message) != c.sends.end();
    });
    CHECK(std::set<std::string>(expected.begin(), expected.end()) ==
          std::set<std::string>(c.sends.begin(), c.sends.end()));
  }
}

TEST_CASE("a program that asks for JSON is given an object for an error, too") {
  for (const Arguments& arguments : std::vector<Arguments>{
           {"eval", "1/0", "--format", "json"}, {"render", "nope", "--format", "json"}}) {
    Shell shell;
    const Ran ran = shell.run(arguments);
    CHECK(ran.status == 1);
    const auto answer = cel::from_json(ran.out);
    REQUIRE(answer.has_value());
    CHECK(answer->find("error")->is_string());
  }
  Shell shell;
  std::ofstream(shell.folder().path() + "/nurtured.yaml") << "timezon: UTC\n";
  const auto answer = cel::from_json(shell.run({"render", "x", "--format", "json"}).out);
  REQUIRE(answer.has_value());
  CHECK(answer->find("problems")->as_list().at(0).find("range")->is_map());
}

TEST_CASE("init writes where --config says") {
  Shell shell;
  const std::string folder = shell.folder().path() + "/new";
  CHECK(shell.run({"--config", folder, "init"}).status == 0);
  CHECK(std::filesystem::exists(folder + "/nurtured.yaml"));
  CHECK_FALSE(std::filesystem::exists("nurtured.yaml"));
}

TEST_CASE("every command's help shows examples") {
  Shell shell;
  const Arguments arguments = GENERATE(
      Arguments{}, Arguments{"run"}, Arguments{"status"}, Arguments{"plan"}, Arguments{"reload"},
      Arguments{"pause"}, Arguments{"resume"}, Arguments{"check"}, Arguments{"init"},
      Arguments{"version"}, Arguments{"simulate"}, Arguments{"render"}, Arguments{"eval"},
      Arguments{"explain"}, Arguments{"contact"}, Arguments{"contact", "set"},
      Arguments{"event", "add"}, Arguments{"touch", "add"}, Arguments{"enrollment", "list"},
      Arguments{"delivery", "resend"}, Arguments{"backup"}, Arguments{"restore"});
  Arguments help = arguments;
  help.emplace_back("--help");
  const auto ran = shell.run(help);
  CHECK(ran.status == daemon::cli::done);
  const auto examples = ran.out.find("Examples:");
  REQUIRE(examples != std::string::npos);
  CHECK(count(ran.out.substr(examples), "nurtured ") >= 2);
}

TEST_CASE("run hands the workspace to the daemon") {
  Shell shell;
  CHECK(shell.run({"run", "--log-level", "debug"}).status == 0);
  CHECK(shell.daemon() == shell.folder().path() + " debug");
}

TEST_CASE("check finds a good workspace good and a broken one broken") {
  Shell shell;
  CHECK(shell.run({"check"}).status == daemon::cli::done);
  shell.folder().write("playbooks/p1.yaml", "start: {when: hello}\nsteps:\n  - sned: m1\n");
  const auto text = shell.run({"check"});
  CHECK(text.status == daemon::cli::found_problem);
  CHECK(text.out.find(shell.folder() / "playbooks/p1.yaml:3:5: error: ") != std::string::npos);
  const auto json = shell.run({"check", "--format", "json"});
  CHECK(json.status == daemon::cli::found_problem);
  const auto problems = cel::from_json(json.out);
  REQUIRE(problems);
  CHECK(std::ranges::any_of(problems->as_list(), [](const cel::Value& problem) {
    return problem.find("severity")->as_string() == "error";
  }));
}

TEST_CASE("check tells what it warns of, and what a warning means, without a workspace") {
  Shell shell;
  const std::string nowhere = shell.folder() / "nowhere";
  const auto list = shell.run({"--config", nowhere, "check", "--list"});
  CHECK(list.status == daemon::cli::done);
  CHECK(list.out.find("held-for-ever        a message waits") != std::string::npos);
  const auto page = shell.run({"--config", nowhere, "check", "--explain", "held-for-ever"});
  CHECK(page.status == daemon::cli::done);
  CHECK(page.out.starts_with("# held-for-ever: "));
  CHECK(page.out.find("## How to silence it") != std::string::npos);
  const auto json = shell.run({"check", "--explain", "raw", "--format", "json"});
  CHECK(json.out.find("\"doc\":\"docs/lints/raw.md\"") != std::string::npos);
  const auto all = shell.run({"check", "--list", "--format", "json"});
  CHECK(all.out.find("\"name\":\"held-for-ever\"") != std::string::npos);
  const auto missed = shell.run({"check", "--explain", "held-forever"});
  CHECK(missed.status == daemon::cli::found_problem);
  CHECK(missed.err.find("did you mean `held-for-ever`?") != std::string::npos);
  CHECK(shell.run({"check", "--list", "--explain", "raw"}).status == daemon::cli::wrong_usage);
}

TEST_CASE("check of what is no workspace says what to do") {
  Shell shell;
  const auto ran = shell.run({"--config", shell.folder() / "nowhere", "check"});
  CHECK(ran.status != daemon::cli::done);
  CHECK((ran.out + ran.err).find("nurtured init") != std::string::npos);
}

TEST_CASE("init writes a workspace that passes its own check, and never over another") {
  Shell shell;
  const std::string folder = shell.folder() / "new/shop";
  REQUIRE(shell.run({"init", folder}).status == daemon::cli::done);
  CHECK(std::filesystem::exists(folder + "/nurtured.yaml"));
  CHECK(shell.run({"init", folder}).status == daemon::cli::found_problem);
  CHECK(shell.run({"init", shell.folder().path()}).status == daemon::cli::found_problem);
}

TEST_CASE("version says which") {
  Shell shell;
  CHECK(shell.run({"version"}).out == "nurtured " NURTURED_VERSION "\n");
  CHECK(cel::from_json(shell.run({"version", "--format", "json"}).out)
            ->find("version")
            ->as_string() == NURTURED_VERSION);
}

TEST_CASE("without a daemon changing commands take the store and reading ones look at it") {
  Shell shell;
  CHECK(shell.run({"plan"}).out.find("nothing is applied yet") == 0);
  CHECK(shell.run({"contact", "show", "anna"}).status == daemon::cli::found_problem);
  CHECK_FALSE(std::filesystem::exists(shell.folder() / "nurtured.db"));
  REQUIRE(shell
              .run({"contact", "add", "anna", "first_name=Anna", "seats=5", "--address",
                    "email=anna@example.org", "--tag", "vip"})
              .status == daemon::cli::done);
  const auto shown = cel::from_json(shell.run({"contact", "show", "anna", "--format", "json"}).out);
  REQUIRE(shown);
  CHECK(cel::to_json(*shown->find("attributes")) == R"({"first_name":"Anna","seats":5})");
  REQUIRE(shell.run({"event", "add", "anna", "hello"}).status == daemon::cli::done);
  CHECK(shell.run({"explain", "anna"}).out.find("m1 (value, p1, send:m1)") != std::string::npos);
  CHECK(shell.run({"eval", "contact.seats > 4 && did(\"hello\")", "--contact", "anna"}).out ==
        "true\n");
  CHECK(shell.run({"render", "m1", "--contact", "anna"}).out.find("Hello Anna.") !=
        std::string::npos);
  CHECK(shell.run({"plan", "--apply"}).status == daemon::cli::done);
  CHECK(shell.run({"plan"}).out == "nothing changes\n");
  CHECK(shell.run({"status"}).status == daemon::cli::done);
}

TEST_CASE("a reload asks a daemon, and there must be one") {
  Shell shell;
  const auto ran = shell.run({"reload"});
  CHECK(ran.status == daemon::cli::found_problem);
  CHECK(ran.err.find("no daemon runs") != std::string::npos);
}

TEST_CASE("a backup and its restore, from the command line") {
  Shell shell;
  REQUIRE(shell.run({"contact", "add", "anna"}).status == daemon::cli::done);
  const std::string file = shell.folder() / "copy.db";
  REQUIRE(shell.run({"backup", file}).status == daemon::cli::done);
  CHECK(shell.run({"backup", file}).status == daemon::cli::found_problem);
  REQUIRE(shell.run({"contact", "suppress", "anna"}).status == daemon::cli::done);
  const auto restored = shell.run({"restore", file});
  CHECK(restored.status == daemon::cli::done);
  CHECK(restored.out.find("everything is paused") != std::string::npos);
  CHECK(shell.run({"status"}).out.find("everything is paused") != std::string::npos);
  CHECK(shell.run({"contact", "show", "anna"}).out.find("suppressed") != std::string::npos);
}

TEST_CASE("what others wrote cannot steer the terminal") {
  Shell shell;
  REQUIRE(shell
              .run({"contact", "add", "anna",
                    "note=\x1b]0;title\x07 \xc2\x9b"
                    "31m"})
              .status == daemon::cli::done);
  const auto shown = shell.run({"contact", "show", "anna"}).out;
  CHECK(shown.find('\x1b') == std::string::npos);
  CHECK(shown.find('\x07') == std::string::npos);
  CHECK(shown.find("\xc2\x9b") == std::string::npos);
}

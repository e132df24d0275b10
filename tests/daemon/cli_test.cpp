#include "daemon/cli/cli.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;
using Arguments = std::vector<std::string>;

namespace {

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
};

// A shell in which one command after the other is run.
class Shell {
 public:
  Shell() { tests::write_small_workspace(folder_); }

  Ran run(Arguments arguments, const std::string& input = {}) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    daemon::cli::Console console{.in = in, .out = out, .err = err};
    const daemon::cli::World world{
        .clock = clock_,
        .surroundings = {},
        .run_daemon = [this](const std::string& config, const std::string& level) {
          daemon_ = config + " " + level;
          return 0;
        }};
    if (arguments.empty() || arguments.front() != "--config") {
      arguments.insert(arguments.begin(), {"--config", folder_.path()});
    }
    const int status = daemon::cli::run(arguments, console, world);
    return {status, out.str(), err.str()};
  }

  const tests::TemporaryFolder& folder() const { return folder_; }
  const std::string& daemon() const { return daemon_; }
  base::VirtualClock& clock() { return clock_; }

 private:
  tests::TemporaryFolder folder_;
  base::VirtualClock clock_{tests::at("2026-03-01T10:00:00Z")};
  std::string daemon_;
};

std::string event_line(const std::string& user, const std::string& event, const std::string& time) {
  return cel::to_json(cel::Map{{"type", "track"},
                               {"userId", user},
                               {"event", event},
                               {"timestamp", time},
                               {"properties", cel::Map{}}}) +
         "\n";
}

std::string person_line(const std::string& user, const std::string& time) {
  return cel::to_json(cel::Map{{"type", "identify"},
                               {"userId", user},
                               {"timestamp", time},
                               {"traits", cel::Map{{"email", user + "@example.org"}}}}) +
         "\n";
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

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

TEST_CASE("the type of an expression is told without its answer") {
  struct Case {
    Arguments arguments;
    int status;
    std::string said;
  };
  const std::vector<Case> cases{
      {{"1 / 0"}, 0, "int\n"},
      {{"contact.score > 10"}, 0, "bool\n"},
      {{"contact.tags"}, 0, "list(string)\n"},
      {{"last('order.paid')", "--format", "json"}, 0, "{\"type\":"},
      {{"[1, 2].map(x, string(x))"}, 0, "list(string)\n"},
      {{"a.b", "--data", "{\"a\": {\"b\": 1}}"}, 0, "dyn\n"},
      {{"1 + 'a'"}, 1, "EXPR:1:3: error"},
      {{"contact.scre.x +"}, 1, "EXPR:1:"},
      {{"nobody.name"}, 1, "EXPR:1:1: error"},
      {{"a", "--data", "{\"b\": 1}"}, 1, "EXPR:1:1: error"},
      {{"1", "--contact", "u1"}, 2, "--contact"},
      {{"--jsonl"}, 2, "--jsonl"},
  };
  for (const Case& c : cases) {
    Shell shell;
    Arguments arguments = {"eval", "--type"};
    arguments.insert(arguments.end(), c.arguments.begin(), c.arguments.end());
    const Ran ran = shell.run(arguments);
    INFO(ran.out << ran.err);
    CHECK(ran.status == c.status);
    CHECK(
        (c.status == 0 ? ran.out.starts_with(c.said) : ran.err.find(c.said) != std::string::npos));
  }
}

TEST_CASE("a message is shown for a sample of the workspace, and on all channels at once") {
  Shell shell;
  shell.folder().write("nurtured.yaml",
                       "connectors: {outbox: {type: file, path: outbox}}\n"
                       "channels: {email: outbox, sms: outbox}\n");
  shell.folder().write("samples.yaml",
                       "samples:\n  anna: {contact: {first_name: Anna <b>}, event: {n: 7}}\n");
  const Ran shown = shell.run({"render", "m1", "--sample", "anna", "--channel", "all"});
  INFO(shown.err);
  CHECK(shown.status == 0);
  CHECK(shown.out.find("=== email\nSubject: m1\n\nHello Anna <b>.") == 0);
  CHECK(shown.out.find("=== sms\n") != std::string::npos);
  const Ran json =
      shell.run({"render", "m1", "--sample", "anna", "--channel", "all", "--format", "json"});
  const auto list = cel::from_json(json.out).value();
  REQUIRE(list.as_list().size() == 2);
  CHECK(list.as_list()[0].find("channel")->as_string() == "email");
  CHECK(list.as_list()[0].find("html")->as_string().find("Anna &lt;b&gt;") != std::string::npos);

  const Ran unknown = shell.run({"render", "m1", "--sample", "ana"});
  CHECK(unknown.status == 1);
  CHECK(unknown.err.find("there is no sample ana; did you mean `anna`") != std::string::npos);
  CHECK(shell.run({"render", "m1", "--sample", "anna", "--contact", "u1"}).status == 2);
}

TEST_CASE("samples that are none are reported at their place") {
  Shell shell;
  for (const std::string text :
       {"samples: [a]\n", "samples: {a: 1}\n", "samples: {a: {contact: Anna}}\n",
        "samples: {a: {person: {x: 1}}}\n", "sample: {}\n", "samples: {a b: {}}\n", "{}\n",
        "samples: {a: {event: [1]}}\n", "samples: {a: {contact: {x: &y 1}}}\n", "x\n"}) {
    shell.folder().write("samples.yaml", text);
    const Ran ran = shell.run({"check"});
    INFO(text << ran.out);
    CHECK(ran.status == 1);
    CHECK(ran.out.find("samples.yaml:1:") != std::string::npos);
  }
}

TEST_CASE("fmt rewrites what looks otherwise, and nothing that it cannot read") {
  Shell shell;
  shell.folder().write("playbooks/p1.yaml", "start:   {when: hello}\nsteps:\n- send: m1\n");
  const std::string file = shell.folder() / "playbooks/p1.yaml";
  const Ran checked = shell.run({"fmt", "--check"});
  CHECK(checked.status == 1);
  CHECK(checked.out == file + "\n");
  const Ran named = shell.run({"fmt", "--check", shell.folder() / "nurtured.yaml"});
  CHECK(named.status == 0);
  CHECK(named.out.empty());
  const Ran written = shell.run({"fmt"});
  CHECK(written.status == 0);
  CHECK(written.out == file + "\n");
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  CHECK(text.str() == "start: {when: hello}\nsteps:\n  - send: m1\n");
  CHECK(shell.run({"fmt", "--check"}).status == 0);

  shell.folder().write("playbooks/p1.yaml", "start:   [\n");
  const Ran broken = shell.run({"fmt"});
  CHECK(broken.status == 1);
  CHECK(broken.err.find("p1.yaml:2:1: error: a `[` is not closed") != std::string::npos);
  for (const std::string path : {"none.yaml", "picture.png", "playbooks"}) {
    const Ran ran = shell.run({"fmt", shell.folder() / path});
    CHECK(ran.status == 1);
    CHECK_FALSE(ran.err.empty());
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

TEST_CASE("a folder of events is refused, a byte order mark passed over") {
  Shell shell;
  const Ran ran =
      shell.run({"simulate", "--events", shell.folder().path(), "--until", "2026-04-01"});
  CHECK(ran.status == 1);
  CHECK(ran.err.find("is a folder") != std::string::npos);
  CHECK(shell.run({"eval", "--jsonl"}, "\xef\xbb\xbf{\"expr\": \"1\"}\n").out ==
        "{\"value\":\"1\"}\n");
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

TEST_CASE("eval prints a literal, and an error with its place") {
  Shell shell;
  CHECK(shell.run({"eval", "1 + 1"}).out == "2\n");
  CHECK(shell
            .run({"eval", "score >= 50 && \"vip\" in tags", "--data",
                  R"({"score": 60, "tags": ["vip"]})"})
            .out == "true\n");
  CHECK(shell.run({"eval", "contact.nothing == null", "--data", R"({"contact": {}})"}).out ==
        "true\n");
  CHECK(shell.run({"eval", "\"a\"", "--format", "json"}).out == "{\"value\":\"\\\"a\\\"\"}\n");
  const auto wrong = shell.run({"eval", "1 +"});
  CHECK(wrong.status == daemon::cli::found_problem);
  CHECK(wrong.err.find("EXPR:1:") != std::string::npos);
  CHECK(wrong.out.empty());
}

TEST_CASE("who asks in a condition's words without saying of whom is told how") {
  Shell shell;
  for (const char* words : {"did(\"order.paid\")", "contact.score > 3", "touches() > 7"}) {
    CHECK(shell.run({"eval", words}).err.find("`--contact ID`") != std::string::npos);
  }
  CHECK(shell.run({"eval", "dod(\"order.paid\")"}).err.find("--contact") == std::string::npos);
}

TEST_CASE("both filters answer each line and never stop at a bad one") {
  Shell shell;
  const std::string lines =
      "{\"expr\": \"1 + 1\", \"template\": \"{{ 'a' }}\"}\nnonsense\n\n[]\n"
      "{\"expr\": \"x\", \"data\": {\"x\": 3}, \"template\": \"{{ x }}\"}\r\n"
      "{\"expr\": \"2\", \"template\": \"2\"}";
  for (const std::string command : {"eval", "render"}) {
    INFO(command);
    const auto ran = shell.run({command, "--jsonl"}, lines);
    CHECK(ran.status == daemon::cli::done);
    CHECK(count(ran.out, "\n") == 6);
    CHECK(count(ran.out, "\"error\"") == 3);
    CHECK(ran.err.empty());
  }
}

TEST_CASE("a line beyond the bound is answered and passed over") {
  Shell shell;
  const std::string lines =
      std::string((16U << 20) + 10, 'x') + "\n{\"expr\": \"7\", \"template\": \"7\"}\n";
  for (const std::string command : {"eval", "render"}) {
    const auto ran = shell.run({command, "--jsonl"}, lines);
    CHECK(ran.out.find("longer than") != std::string::npos);
    CHECK(ran.out.find("\"7\"") != std::string::npos);
  }
}

TEST_CASE("render shows a message for nobody in particular, or with data") {
  Shell shell;
  const auto text =
      shell.run({"render", "m1", "--data", R"({"contact": {"first_name": "<Anna>"}})"});
  CHECK(text.status == daemon::cli::done);
  CHECK(text.out.find("Subject: m1\n") == 0);
  CHECK(text.out.find("Hello <Anna>.") != std::string::npos);
  const auto html = shell.run(
      {"render", "m1", "--part", "html", "--data", R"({"contact": {"first_name": "<Anna>"}})"});
  CHECK(html.out.find("Hello &lt;Anna&gt;.") != std::string::npos);
  const auto json = cel::from_json(shell.run({"render", "m1", "--format", "json"}).out);
  REQUIRE(json);
  CHECK(json->find("subject")->as_string() == "m1");
  CHECK(shell.run({"render", "m9"}).status == daemon::cli::found_problem);
  CHECK(shell.run({"render", "m1", "--channel", "fax"}).status == daemon::cli::found_problem);
}

TEST_CASE("simulate prints what would happen, in order, and the same each time") {
  Shell shell;
  const std::string events = event_line("u1", "hello", "2026-03-02T08:30:00Z") +
                             person_line("u1", "2026-03-01T08:00:00Z") + "\n";
  const Arguments arguments = {"simulate", "--events", "-",        "--until", "2026-03-31",
                               "--seed",   "7",        "--format", "jsonl"};
  const auto ran = shell.run(arguments, events);
  CHECK(ran.status == daemon::cli::done);
  CHECK(ran.err.empty());
  CHECK(count(ran.out, "\"do\":\"send\"") == 2);
  CHECK(ran.out.find(R"("at":"2026-03-04T08:30:00Z","contact":"u1","playbook":"p1")") !=
        std::string::npos);
  CHECK(ran.out.find(R"("to":"u1@example.org","subject":"m2")") != std::string::npos);
  CHECK(shell.run(arguments, events).out == ran.out);
  CHECK_FALSE(std::filesystem::exists(shell.folder() / "nurtured.db"));
}

TEST_CASE("simulate remembers a messageId as long as the daemon does, by whole days") {
  Shell shell;
  shell.folder().write("playbooks/p1.yaml",
                       "start: {when: hello}\nagain: always\nsteps: [tag: x]\n");
  const auto hello = [](const std::string& at) {
    return R"({"type":"track","userId":"u1","event":"hello","messageId":"m","timestamp":")" + at +
           "\"}\n";
  };
  const auto [second, starts] =
      GENERATE(table<const char*, std::size_t>({{"2026-03-02T12:00:00Z", 1},
                                                {"2026-03-08T23:59:59Z", 1},
                                                {"2026-03-10T00:00:00Z", 2},
                                                {"2026-03-20T00:00:00Z", 2}}));
  INFO(second);
  const auto ran = shell.run({"simulate", "--events", "-", "--until", "2026-03-31"},
                             hello("2026-03-01T08:00:00Z") + hello(second));
  CHECK(count(ran.out, "\"do\":\"start\"") == starts);
}

TEST_CASE("simulate makes people, and prints, writes and gives the same each time") {
  Shell shell;
  shell.folder().write("habits.yaml", "events: {hello: {every: 5d}}\n");
  const std::string report = shell.folder() / "people.html";
  const Arguments arguments = {
      "simulate", "--people", "60", "--days", "30", "--habits", shell.folder() / "habits.yaml",
      "--report", report};
  const auto text = shell.run(arguments);
  CHECK(text.status == daemon::cli::done);
  CHECK(text.err.empty());
  CHECK(text.out.find("60 people got ") != std::string::npos);
  CHECK(text.out.find("Playbook p1: ") != std::string::npos);
  CHECK(std::filesystem::file_size(report) > 5000);
  Arguments json = arguments;
  json.insert(json.end(), {"--format", "json"});
  const auto first = shell.run(json);
  CHECK(first.out == shell.run(json).out);
  const auto figures = cel::from_json(first.out);
  REQUIRE(figures);
  CHECK(figures->find("people")->as_int() == 60);
  CHECK_FALSE(figures->find("summary")->as_list().empty());
  CHECK_FALSE(std::filesystem::exists(shell.folder() / "nurtured.db"));
}

TEST_CASE("habits and reports that cannot be used are told of") {
  Shell shell;
  const auto run = [&](const std::string& option, const std::string& path) {
    return shell.run({"simulate", "--people", "5", "--days", "3", option, path});
  };
  shell.folder().write("bad.yaml", "people: {timezones: {Mars/Base: 1}}\n");
  const auto bad = run("--habits", shell.folder() / "bad.yaml");
  CHECK(bad.status == daemon::cli::found_problem);
  CHECK(bad.err.find("bad.yaml:1:") != std::string::npos);
  CHECK(bad.out.empty());
  CHECK(run("--habits", shell.folder() / "nowhere.yaml").status == daemon::cli::found_problem);
  CHECK(run("--habits", shell.folder().path()).status == daemon::cli::found_problem);
  CHECK(run("--report", shell.folder() / "nowhere/people.html").status ==
        daemon::cli::found_problem);
  shell.folder().write("long.yaml", std::string((1U << 20) + 1, '#'));
  CHECK(run("--habits", shell.folder() / "long.yaml").status == daemon::cli::found_problem);
}

TEST_CASE("a shadow is written as a page, and the same as text") {
  Shell shell;
  REQUIRE(shell.run({"contact", "add", "anna", "--address", "email=anna@example.org"}).status ==
          daemon::cli::done);
  REQUIRE(shell.run({"event", "add", "anna", "hello"}).status == daemon::cli::done);
  const std::string report = shell.folder() / "shadow.html";
  const Arguments arguments = {"simulate", "--shadow", "--days", "3", "--report"};
  const auto run = [&](const std::string& path) {
    Arguments its = arguments;
    its.push_back(path);
    return shell.run(its);
  };
  const auto ran = run(report);
  CHECK(ran.err.empty());
  CHECK(ran.status == daemon::cli::done);
  CHECK(ran.out.find("Messages sent from ") == 0);
  CHECK(std::filesystem::file_size(report) > 2000);
  CHECK(run(shell.folder() / "nowhere/shadow.html").status == daemon::cli::found_problem);
}

TEST_CASE("a shadow needs a store") {
  Shell shell;
  const auto ran = shell.run({"simulate", "--shadow"});
  CHECK(ran.status == daemon::cli::found_problem);
  CHECK(ran.err.find("the daemon makes the store") != std::string::npos);
}

TEST_CASE("simulate stops its clock where it is told") {
  Shell shell;
  const std::string events =
      person_line("u1", "2026-03-01T08:00:00Z") + event_line("u1", "hello", "2026-03-02T08:30:00Z");
  const auto ran =
      shell.run({"simulate", "--events", "-", "--until", "2026-03-04T08:29:59Z"}, events);
  CHECK(count(ran.out, "\"do\":\"send\"") == 1);
}

TEST_CASE("what occurred before --from arrives then, late") {
  Shell shell;
  const std::string events = person_line("u1", "2026-02-01T08:00:00Z") +
                             event_line("u1", "hello", "2026-02-02T08:30:00Z") +
                             event_line("u2", "hello", "2026-03-02T08:30:00Z");
  const auto ran = shell.run(
      {"simulate", "--events", "-", "--from", "2026-03-01", "--until", "2026-03-31"}, events);
  CHECK(ran.status == daemon::cli::done);
  CHECK(ran.out.find("2026-02") == std::string::npos);
  // Past `late_within`, a late event starts nothing.
  CHECK(count(ran.out, R"("contact":"u1")") == 0);
  CHECK(count(ran.out, R"("do":"start")") == 1);
}

TEST_CASE("bad lines of a simulation are named by number and the others are taken") {
  Shell shell;
  const std::string good =
      person_line("u1", "2026-03-01T08:00:00Z") + event_line("u1", "hello", "2026-03-02T08:30:00Z");
  const std::string bad = GENERATE(
      "nonsense", "[]", "{}", "{\"type\": \"track\"}", "{\"type\": \"fly\", \"userId\": \"u1\"}",
      "{\"type\": \"track\", \"event\": \"x\", \"timestamp\": \"2026-03-01T00:00:00Z\"}",
      "{\"type\": \"track\", \"userId\": \"u1\", \"event\": \"x\"}",
      "{\"type\": \"track\", \"userId\": \"u1\", \"event\": \"x\", \"timestamp\": \"never\"}",
      "{\"type\": \"track\", \"userId\": 5.5e300, \"event\": {}, \"timestamp\": 1}",
      "\xff\xfe\x00garbage", "{\"type\": \"track\", \"userId\": \"u1\"");
  const auto ran =
      shell.run({"simulate", "--events", "-", "--until", "2026-03-31"}, bad + "\n" + good);
  INFO(bad);
  CHECK(ran.status == daemon::cli::found_problem);
  CHECK(ran.err.find("stdin:1") == 0);
  CHECK(ran.err.find("lines not taken: 1") != std::string::npos);
  CHECK(count(ran.out, "\"do\":\"send\"") == 2);
}

TEST_CASE("a simulation for people reads like a log") {
  Shell shell;
  const std::string events =
      person_line("u1", "2026-03-01T08:00:00Z") + event_line("u1", "hello", "2026-03-02T08:30:00Z");
  const auto ran =
      shell.run({"simulate", "--events", "-", "--until", "2026-03-31", "--format", "text"}, events);
  CHECK(ran.out.find("2026-03-02T08:30:00Z  u1  send m1 by email to u1@example.org \"m1\" (p1, ") !=
        std::string::npos);
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

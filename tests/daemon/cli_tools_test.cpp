// eval, render and fmt, as they are typed.
#include <fstream>
#include <sstream>

#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/daemon/shell.h"

using namespace nurtured;
using tests::Arguments;
using tests::count;
using tests::Ran;
using tests::Shell;

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

TEST_CASE("a channel whose text fails does not hide the others") {
  Shell shell;
  shell.folder().write("nurtured.yaml",
                       "connectors: {outbox: {type: file, path: outbox}}\n"
                       "channels: {email: outbox, sms: outbox}\n");
  shell.folder().write("content/m1.md",
                       "---\nkind: value\nsubject: m1\n"
                       "channels: {email: {text: \"{{ 1 | divided_by: 0 }}\"}}\n---\nHello.\n");
  const Ran shown = shell.run({"render", "m1", "--channel", "all"});
  CHECK(shown.status == 1);
  CHECK(shown.err.find("email: divided by 0") != std::string::npos);
  CHECK(shown.out.find("=== sms\n") == 0);
  CHECK(shown.out.find("Hello.") != std::string::npos);

  const Ran json = shell.run({"render", "m1", "--channel", "all", "--format", "json"});
  CHECK(json.status == 1);
  const cel::Value list = cel::from_json(json.out).value();
  REQUIRE(list.as_list().size() == 2);
  CHECK(list.as_list()[0].find("channel")->as_string() == "email");
  CHECK(list.as_list()[0].find("error")->as_string() == "divided by 0");
  CHECK(list.as_list()[1].find("channel")->as_string() == "sms");

  CHECK(shell.run({"render", "m1", "--channel", "email"}).status == 1);
  CHECK(shell.run({"render", "m1", "--channel", "sms"}).status == 0);
}

TEST_CASE("a sample is shown by the clock and in the language of who it is") {
  Shell shell;
  shell.folder().write(
      "samples.yaml",
      "samples:\n  lin: {contact: {locale: zh-CN, timezone: Asia/Shanghai}, event: "
      "{starts: \"2026-02-28T23:59:59Z\"}}\n  bo: {contact: {timezone: Nope/X}, "
      "event: {starts: \"2026-02-28T23:59:59Z\"}}\n");
  shell.folder().write(
      "content/m1.md",
      "---\nkind: value\nsubject: At\n---\n{{ event.starts | date: '%d %H:%M' }}\n");
  shell.folder().write("content/m1.zh.md",
                       "---\nsubject: 在\n---\n{{ event.starts | date: '%d %H:%M' }}\n");
  CHECK(shell.run({"render", "m1", "--sample", "lin"}).out.starts_with("Subject: 在\n\n01 07:59"));
  CHECK(shell.run({"render", "m1", "--sample", "lin", "--locale", "en"})
            .out.starts_with("Subject: At\n\n01 07:59"));
  CHECK(shell.run({"render", "m1", "--sample", "bo"}).out.starts_with("Subject: At\n\n28 23:59"));
  CHECK(
      shell
          .run(
              {"render", "m1", "--data",
               R"({"contact": {"timezone": "Asia/Vladivostok"}, "event": {"starts": "2026-02-28T23:59:59Z"}})"})
          .out.starts_with("Subject: At\n\n01 09:59"));
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

TEST_CASE("a folder of events is refused, a byte order mark passed over") {
  Shell shell;
  const Ran ran =
      shell.run({"simulate", "--events", shell.folder().path(), "--until", "2026-04-01"});
  CHECK(ran.status == 1);
  CHECK(ran.err.find("is a folder") != std::string::npos);
  CHECK(shell.run({"eval", "--jsonl"}, "\xef\xbb\xbf{\"expr\": \"1\"}\n").out ==
        "{\"value\":\"1\"}\n");
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

TEST_CASE("a scenario file that cannot be read is told of when it is named, too") {
  Shell shell;
  shell.folder().write("tests/x.yaml",
                       "tests:\n  - name: a\n    contact: {id: u1}\n    expct: [{send: m1}]\n"
                       "    events: [{at: \"02.03.2026 11:30\", event: hello}]\n");
  const auto ran = shell.run({"test", "tests/x.yaml"});
  CHECK(ran.status == daemon::cli::found_problem);
  CHECK(ran.out.find("did you mean `expect`?") != std::string::npos);
  CHECK(ran.out.find("is no time") != std::string::npos);
  CHECK(ran.out.find("nothing says when it begins") == std::string::npos);
  CHECK(ran.out.find("more than 3660 days") == std::string::npos);
  CHECK(ran.out.find("broken files: 1") != std::string::npos);
}

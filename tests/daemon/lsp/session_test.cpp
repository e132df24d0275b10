#include "daemon/lsp/session.h"

#include <algorithm>

#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::daemon::lsp {
namespace {

constexpr const char* playbook =
    "start: paid\nsteps:\n  - send: hello\n  - id: bye\n    send: bye\n    hold: 2d\n";

// An editor that has a workspace open that is in memory.
class Editor {
 public:
  explicit Editor(const std::string& capabilities = "{}", const std::string& root = "file:///shop")
      : session_(
            {.folder = {}, .open = [this](const std::string& folder) -> base::Result<ReadBook> {
               if (folder != "/shop") return base::fail("no workspace");
               return [this](const auto& drafts) { return read(drafts); };
             }}) {
    files_ = config::small_workspace();
    for (config::File& file : files_.files) {
      if (file.path == "nurtured.yaml") file.text += "keys: {write: [secret-key]}\n";
    }
    put({"content/partials/sign.md", "Yours\n"});
    put({"events.yaml", "events:\n  paid: {properties: {total: double}}\n"});
    put({"playbooks/p.yaml", playbook});
    put({"segments.yaml", "segments:\n  hot: {if: contact.score > 5}\n"});
    answer_ = ask("initialize",
                  R"({"rootUri": ")" + root + R"(", "capabilities": )" + capabilities + "}");
  }

  const cel::Value& initialized() const { return answer_; }
  Session& session() { return session_; }

  std::vector<cel::Value> say(const std::string& body) {
    std::vector<cel::Value> out;
    for (const std::string& one : session_.handle(body)) out.push_back(cel::from_json(one).value());
    return out;
  }
  // The result, or the error.
  cel::Value ask(const std::string& method, const std::string& params) {
    for (const cel::Value& one : say(R"({"jsonrpc": "2.0", "id": 1, "method": ")" + method +
                                     R"(", "params": )" + params + "}")) {
      if (one.find("result") != nullptr) return *one.find("result");
      if (one.find("error") != nullptr) return *one.find("error");
    }
    return "no answer";
  }
  void tell(const std::string& method, const cel::Value& params) {
    say(cel::to_json(cel::Map{{"jsonrpc", "2.0"}, {"method", method}, {"params", params}}));
  }
  // Opens the file, and gives its uri and where the `|` of the text is, which is none of it.
  std::string open(const std::string& path, std::string text) {
    const std::size_t offset = text.find('|');
    if (offset != std::string::npos) text.erase(offset, 1);
    const std::string uri = "file:///shop/" + path;
    tell("textDocument/didOpen",
         cel::Map{{"textDocument", cel::Map{{"uri", uri}, {"version", 1}, {"text", text}}}});
    const Position at = position_at(text, offset, PositionEncoding::utf16);
    return cel::to_json(
        cel::Map{{"textDocument", cel::Map{{"uri", uri}}}, {"position", to_value(at)}});
  }
  cel::Value look(const std::string& what, const std::string& path, const std::string& text) {
    return ask("textDocument/" + what, open(path, text));
  }
  // "playbooks/p.yaml 2:10-2:15 there is no …" for each diagnostic that is sent.
  std::vector<std::string> settle() {
    std::vector<std::string> out;
    for (const std::string& one : session_.settle()) {
      const cel::Value params = *cel::from_json(one).value().find("params");
      const std::string path = params.find("uri")->as_string().substr(13);
      if (params.find("diagnostics")->as_list().empty()) out.push_back(path + " clear");
      for (const cel::Value& each : params.find("diagnostics")->as_list()) {
        const auto at = [&](const char* end) {
          const Position position =
              read_position(each.find("range")->find(end)).value_or(Position{});
          return std::to_string(position.line) + ":" + std::to_string(position.character);
        };
        out.push_back(path + " " + at("start") + "-" + at("end") + " " +
                      each.find("message")->as_string());
      }
    }
    std::erase_if(out, [](const std::string& line) { return !line.starts_with("playbooks/"); });
    return out;
  }

 private:
  void put(config::File file) {
    std::erase_if(files_.files, [&](const auto& other) { return other.path == file.path; });
    files_.files.push_back(std::move(file));
    std::ranges::sort(files_.files, {}, &config::File::path);
  }
  BookFiles read(const std::vector<config::File>& drafts) {
    const config::Workspace saved = files_;
    for (const config::File& draft : drafts) put(draft);
    BookFiles out{.workspace = std::exchange(files_, saved)};
    auto compiled = config::compile(out.workspace, config::test_options());
    out.problems = std::move(compiled.problems);
    out.config = std::move(compiled.config);
    out.names = std::move(compiled.names);
    return out;
  }

  config::Workspace files_;
  Session session_;
  cel::Value answer_;
};

std::vector<std::string> labels(const cel::Value& items) {
  std::vector<std::string> out;
  if (!items.is_list()) return out;
  for (const cel::Value& item : items.as_list()) out.push_back(item.find("label")->as_string());
  return out;
}

TEST_CASE("a session begins with initialize and ends well after shutdown alone") {
  Editor editor;
  const cel::Value& capabilities = *editor.initialized().find("capabilities");
  CHECK(*capabilities.find("positionEncoding") == "utf-16");
  CHECK(editor.ask("initialize", "{}").find("code")->as_int() == -32600);
  SECTION("exit after shutdown") {
    CHECK(editor.ask("shutdown", "null").is_null());
    CHECK(editor.ask("textDocument/hover", "{}").find("code")->as_int() == -32600);
    editor.tell("exit", nullptr);
    CHECK(editor.session().exit_status() == 0);
  }
  SECTION("exit at once") {
    editor.tell("exit", nullptr);
    CHECK(editor.session().exit_status() == 1);
  }
}

TEST_CASE("an editor that takes utf-8 gets it, and one that watches files is asked to") {
  Editor editor(
      R"({"general": {"positionEncodings": ["utf-16", "utf-8"]},
          "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}}})");
  CHECK(*editor.initialized().find("capabilities")->find("positionEncoding") == "utf-8");
  const auto out = editor.say(R"({"jsonrpc": "2.0", "method": "initialized", "params": {}})");
  REQUIRE(out.size() == 1);
  CHECK(*out.front().find("method") == "client/registerCapability");
  CHECK(editor.say(R"({"jsonrpc": "2.0", "id": "files", "result": null})").empty());
}

TEST_CASE("hostile messages are answered as JSON-RPC has it, or not at all") {
  const auto [body, code] = GENERATE(table<std::string, int>({
      {"", -32700},
      {"{", -32700},
      {"\xff", -32700},
      {"null", -32600},
      {"[]", -32600},
      {"[{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"shutdown\"}]", -32600},
      {"{}", -32600},
      {R"({"jsonrpc": "1.0", "id": 1, "method": "shutdown"})", -32600},
      {R"({"jsonrpc": "2.0", "id": {}, "method": "shutdown"})", -32600},
      {R"({"jsonrpc": "2.0", "id": 1, "method": 5})", -32600},
      {R"({"jsonrpc": "2.0", "id": 1, "method": "no/such"})", -32601},
      {R"({"jsonrpc": "2.0", "id": 1, "method": "$/such"})", -32601},
      {R"({"jsonrpc": "2.0", "id": 1, "method": "textDocument/hover"})", -32602},
      {R"({"jsonrpc": "2.0", "id": 1, "method": "textDocument/hover", "params": [1]})", -32602},
      {R"({"jsonrpc": "2.0", "id": 1, "method": "textDocument/hover",
           "params": {"position": {"line": "0", "character": 0}}})",
       -32602},
      {std::string(100'000, '['), -32700},
      {R"({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 1}})", 0},
      {R"({"jsonrpc": "2.0", "method": "no/such", "params": 5})", 0},
      {R"({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": 5})", 0},
      {R"({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": []}})",
       0},
      {R"({"jsonrpc": "2.0", "method": "textDocument/didOpen",
           "params": {"textDocument": {"uri": "file:///shop/playbooks/%zz.yaml", "text": ""}}})",
       0},
      {R"({"jsonrpc": "2.0", "method": "textDocument/didOpen",
           "params": {"textDocument": {"uri": "file:///shop/../etc/x.yaml", "text": ""}}})",
       0},
      {R"({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {}}})",
       0},
      {R"({"jsonrpc": "2.0", "method": "textDocument/didClose"})", 0},
      {R"({"jsonrpc": "2.0", "id": 7, "error": {"code": 1, "message": "no"}})", 0},
  }));
  CAPTURE(body.substr(0, 200));
  Editor editor;
  const auto out = editor.say(body);
  REQUIRE(out.size() == (code == 0 ? 0 : 1));
  if (code != 0) CHECK(out.front().find("error")->find("code")->as_int() == code);
}

TEST_CASE("before initialize nothing else is answered") {
  Session session({.folder = {}, .open = [](const std::string&) -> base::Result<ReadBook> {
                     return base::fail("never asked");
                   }});
  const auto out = session.handle(R"({"jsonrpc": "2.0", "id": 1, "method": "shutdown"})");
  REQUIRE(out.size() == 1);
  CHECK(cel::from_json(out.front())->find("error")->find("code")->as_int() == -32002);
  CHECK(session.handle(R"({"jsonrpc": "2.0", "method": "textDocument/didOpen"})").empty());
  CHECK(session.settle().empty());
  for (const auto kind : {Frame::Kind::too_large, Frame::Kind::broken}) {
    CHECK(session.refuse(kind).size() == 1);
  }
}

TEST_CASE("a mistake is told at its place, and gone when it is mended") {
  Editor editor;
  CHECK(editor.settle().empty());
  editor.open(
      "playbooks/p.yaml",
      "# 中😀\nstart: paid\nsteps: [{send: hello}, {notify: \"中😀\", to: \"x\"}, {send: helo}]\n");
  const auto told = editor.settle();
  const auto found = std::ranges::find_if(
      told, [](const std::string& line) { return line.find("helo") != std::string::npos; });
  REQUIRE(found != told.end());
  CHECK(found->starts_with("playbooks/p.yaml 2:"));
  CHECK(editor.settle().empty());
  editor.tell(
      "textDocument/didChange",
      cel::Map{{"textDocument", cel::Map{{"uri", "file:///shop/playbooks/p.yaml"}, {"version", 2}}},
               {"contentChanges", cel::List{cel::Map{{"text", playbook}}}}});
  CHECK(editor.settle() == std::vector<std::string>{"playbooks/p.yaml clear"});
}

TEST_CASE("places are told in the units that were agreed on") {
  const auto [capabilities, place] = GENERATE(table<std::string, std::string>({
      {R"({})", "2:22-2:26"},
      {R"({"general": {"positionEncodings": ["utf-8"]}})", "2:26-2:30"},
  }));
  Editor editor(capabilities);
  editor.open("playbooks/p.yaml", "start: paid\nsteps:\n  - {id: \"中😀\", send: helo}\n");
  std::string all;
  for (const std::string& line : editor.settle()) all += line + "\n";
  CAPTURE(all);
  CHECK(all.find("playbooks/p.yaml " + place) != std::string::npos);
}

TEST_CASE("what a file that is closed said last is taken back with what the disk says") {
  Editor editor;
  editor.open("playbooks/p.yaml", "start: paid\nsteps: [{send: helo}]\n");
  CHECK(editor.settle().size() == 1);
  editor.tell("textDocument/didClose",
              cel::Map{{"textDocument", cel::Map{{"uri", "file:///shop/playbooks/p.yaml"}}}});
  CHECK(editor.settle() == std::vector<std::string>{"playbooks/p.yaml clear"});
  editor.tell("textDocument/didSave", nullptr);
  CHECK(editor.settle().empty());
}

TEST_CASE("a file outside the workspace is nobody's business") {
  const std::string root = GENERATE("file:///shop", "file:///elsewhere", "untitled:x", "");
  Editor editor("{}", root);
  for (const char* path :
       {"../other/playbooks/p.yaml", "notes.txt", "playbooks/in/p.yaml", ".x.yaml"}) {
    CHECK(editor.look("completion", path, "start: |").is_null());
  }
  CHECK(editor.settle().empty());
}

TEST_CASE("a text that grows too long is read from the disk again, and that is told") {
  Editor editor;
  editor.open("playbooks/p.yaml", playbook);
  const auto out = editor.say(
      R"({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument":
          {"uri": "file:///shop/playbooks/p.yaml", "version": 2}, "contentChanges": [{"text": ")" +
      std::string((1 << 20) + 1, 'x') + R"("}]}})");
  REQUIRE(out.size() == 1);
  CHECK(*out.front().find("method") == "window/showMessage");
}

TEST_CASE("completion offers what may stand at the cursor, in half-typed files, too") {
  const auto [path, text, offered,
              not_offered] = GENERATE(table<std::string, std::string, std::string, std::string>({
      {"playbooks/n.yaml", "start: paid\nsteps:\n  - send: |", "hello", "send"},
      {"playbooks/n.yaml", "start: paid\nsteps:\n  - send: he|\n  - {broken: [", "hello", "send"},
      {"playbooks/n.yaml", "start: paid\nsteps:\n  - se|", "send", "playbook"},
      {"playbooks/n.yaml", "steps:\n  - send: hello\n    |\n", "hold", "within"},
      {"playbooks/n.yaml", "steps:\n  - send: hello\n    |\n", "via", "send"},
      {"playbooks/n.yaml", "steps:\n  - wait: 2d\n    da|\n", "days", "hold"},
      {"playbooks/n.yaml", "steps:\n  |", "send", "start"},
      {"playbooks/n.yaml", "steps: [{send: hello, |}]", "hold", "send"},
      {"playbooks/n.yaml", "steps: [{send: |}]", "bye", "hold"},
      {"playbooks/n.yaml", "|", "start", "send"},
      {"playbooks/n.yaml", "start: |", "paid", "hello"},
      {"playbooks/n.yaml", "stage: |", "awareness", "paid"},
      {"playbooks/n.yaml", "via: [em|", "email", "paid"},
      {"playbooks/n.yaml", "steps:\n  - end: |", "true", "false"},
      {"playbooks/n.yaml", "stop: {if: 'in_segment(\"|'}", "hot", "paid"},
      {"segments.yaml", "segments:\n  hot: {if: \"did('|')\"}", "paid", "hot"},
      {"nurtured.yaml", "channels: {email: |}", "out", "paid"},
      {"nurtured.yaml", "connectors:\n  x:\n    type: telegram\n    |", "token", "type"},
      {"nurtured.yaml", "connectors: {x: {type: |", "smtp", "url"},
      {"touchpoints.yaml", "touchpoints:\n  |", "paid", "channel"},
      {"touchpoints.yaml", "touchpoints:\n  paid: {role: |", "trust", "paid"},
      {"tests/t.yaml", "tests:\n  - expect: [{send: hello, step: |}]", "bye", "hello"},
      {"content/hello.md", "---\nkind: |\n---\n", "offer", "paid"},
      {"content/hello.md", "---\nkind: value\n---\n{% render '|' %}\n", "sign", "paid"},
      {"content/hello.md", "---\nkind: value\n---\nkind: |\n", "", "offer"},
  }));
  CAPTURE(path, text);
  Editor editor;
  editor.settle();
  const auto all = labels(editor.look("completion", path, text));
  CHECK(std::ranges::count(all, offered) == (offered.empty() ? 0 : 1));
  CHECK(std::ranges::count(all, not_offered) == 0);
}

TEST_CASE("a completion writes what YAML takes there") {
  const auto [text, label, written] = GENERATE(table<std::string, std::string, std::string>({
      {"steps:\n  - send:|", "hello", " hello"},
      {"steps:\n  - send: \"h|", "hello", "hello"},
      {"steps:\n  - se|", "send", "send: "},
      {"steps:\n  - se|nd: x", "send", "send"},
      {"steps:\n  |", "send", "- send: "},
  }));
  CAPTURE(text);
  Editor editor;
  const cel::Value items = editor.look("completion", "playbooks/n.yaml", text);
  REQUIRE(items.is_list());
  const auto item = std::ranges::find_if(
      items.as_list(), [&](const cel::Value& one) { return *one.find("label") == label; });
  REQUIRE(item != items.as_list().end());
  CHECK(item->find("textEdit")->find("newText")->as_string() == written);
}

TEST_CASE("hover tells what is meant, and never a secret") {
  const auto [path, text, told] = GENERATE(table<std::string, std::string, std::string>({
      {"playbooks/p.yaml", "start: paid\nsteps:\n  - id: invite\n    se|nd: hello\n",
       "Step `invite` of `p`"},
      {"playbooks/p.yaml", "start: paid\nsteps:\n  - se|nd: hello\n", "Sends a message"},
      {"playbooks/p.yaml", "start: paid\nsteps:\n  - send: hel|lo\n", "subject: Hello"},
      {"playbooks/p.yaml", "start: pa|id\nsteps: [{send: hello}]\n", "total: double"},
      {"playbooks/p.yaml", "start: paid\nsteps: [{wait_until: now, if: 'in_segment(\"h|ot\")'}]\n",
       "contact.score > 5"},
      {"playbooks/p.yaml", "start: pa|id\nsteps: [{send: \n", "total: double"},
      {"nurtured.yaml", "connectors: {out: {type: file}}\nchannels: {email: o|ut}\n", "connector"},
      {"nurtured.yaml", "ke|ys: {write: [secret-key]}\n", ""},
  }));
  CAPTURE(path, text);
  Editor editor;
  const std::string found = cel::to_json(editor.look("hover", path, text));
  CHECK(found.find(told) != std::string::npos);
  CHECK(found.find("secret-key") == std::string::npos);
  CHECK(found.find("outbox") == std::string::npos);
}

TEST_CASE("hover over what check warns of shows its page") {
  Editor editor;
  const std::string found = cel::to_json(editor.look(
      "hover", "playbooks/p.yaml",
      "start: paid\nagain: always\nsteps: [{end: true}, {send: he|llo}, {send: bye}]\n"));
  CHECK(found.find("nurtured: allow") != std::string::npos);
}

TEST_CASE("a name leads to where it is defined") {
  const auto [path, text, target] = GENERATE(table<std::string, std::string, std::string>({
      {"playbooks/n.yaml", "start: paid\nsteps: [{send: he|llo}]\n", "content/hello.md 0:0"},
      {"playbooks/n.yaml", "start: pa|id\nsteps: [\n", "events.yaml 1:2"},
      {"playbooks/n.yaml", "start: {segment: h|ot}\n", "segments.yaml 1:2"},
      {"playbooks/n.yaml", "start: paid\nsteps: [{leave: p|}]\n", "playbooks/p.yaml 0:0"},
      {"playbooks/n.yaml", "playbook: mine\nsteps: [{leave: mi|ne}]\n", "playbooks/n.yaml 0:10"},
      {"playbooks/n.yaml", "via: [ema|il]\n", "nurtured.yaml 2:11"},
      {"segments.yaml", "segments:\n  b: {if: in_segment('ho|t')}\n  hot: {if: true}\n",
       "segments.yaml 2:2"},
      {"touchpoints.yaml", "touchpoints:\n  pa|id: {}\n", "events.yaml 1:2"},
      {"content/hello.md", "---\nkind: value\nsubject: x\n---\n{% render 'si|gn' %}\n",
       "content/partials/sign.md 0:0"},
      {"tests/t.yaml", "tests: [{expect: [{send: bye, step: b|ye}]}]\n", "playbooks/p.yaml 4:10"},
      {"tests/t.yaml", "tests: [{expect: [{send: bye, playbook: q, step: b|ye}]}]\n", ""},
      {"playbooks/n.yaml", "steps: [{send: no|ne}]\n", ""},
      {"playbooks/n.yaml", "title: hel|lo\n", ""},
  }));
  CAPTURE(path, text);
  Editor editor;
  const cel::Value found = editor.look("definition", path, text);
  std::string where;
  if (found.is_map()) {
    const Position start = read_position(found.find("range")->find("start")).value_or(Position{});
    where = found.find("uri")->as_string().substr(13) + " " + std::to_string(start.line) + ":" +
            std::to_string(start.character);
  }
  CHECK(where == target);
}

}  // namespace
}  // namespace nurtured::daemon::lsp

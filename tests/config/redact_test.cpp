#include "config/redact.h"

#include <sstream>

#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::config {
namespace {

TEST_CASE("no problem with the settings shows a secret, however they are broken") {
  const std::vector<std::string> table{
      "connectors:\n  out: {type: telegram, token: \"12345:SEKRET\", x: 1}\n",
      "keys: {write: [SEKRET1], admin: SEKRET2, sing: SEKRET3}\n",
      "keys:\n  write:\n    - SEKRET1\n    - [SEKRET2]\n  admin: {a: SEKRET}\n",
      "keys: SEKRET\n",
      "keys: [SEKRET]\n",
      "pasword: SEKRET\n",
      "pasword: [SEKRET, {type: SEKRET: b}]\n",
      "connectors: {out: {type: smtp, pasword: SEKRET, url: \"smtp://u:SEKRET@x\"}}\n",
      "connectors: {out: {type: smtp, rate: fast, url: \"smtp://u:SEKRET@x}}\n",
      "connectors:\n  out:\n    type: smtp\n    token: |\n      a: b\n      type: SEKRET\n    x: "
      "[\n",
      "connectors:\n  out:\n    type: smtp\n    token: 'SEKRET\n      type: SEKRET'\n    x: 1\n",
      "connectors:\n  out:\n    token: !SEKRET x\n",
      "connectors:\n  out:\n    token: @SEKRET\n",
      "connectors:\n  out:\n    token: SEKRET: b\n",
      "connectors:\n  out:\n    token: ${SEKRET}\n",
      "connectors:\n  out:\n    token: ${SEKRET:x}\n",
      "connectors:\n  out: {type: webhook, url: [SEKRET]}\n",
      "http: {public_url: \"http://a:SEKRET@h\", listen: \"x://SEKRET@h\"}\n",
      "store: mysql://u:SEKRET@h/db\n",
      "timezone: UTC # SEKRET\ntimezone: UTC # SEKRET\n",
      "# SEKRET\n\t- x\n",
      "{keys: {admin: SEKRET}, admin: SEKRET, keys: x}\n",
      "hooks: {lead: {event: x, key: SEKRET, traits: {email: body.email}, colour: red}}\n",
      "hooks:\n  lead:\n    key: {secret: SEKRET, sercet: SEKRET, header: X}\n    signature: "
      "{sekret: SEKRET, secret: SEKRET}\n    kye: SEKRET\n",
  };
  for (const std::string& text : table) {
    INFO(text);
    Workspace workspace = small_workspace();
    put(workspace, "nurtured.yaml", text);
    const Compiled compiled = compile(workspace, test_options());
    REQUIRE_FALSE(compiled.problems.empty());
    std::ostringstream out;
    print_problems(out, compiled.problems,
                   [&](std::string_view path) { return workspace.source(path); });
    const std::string shown = out.str() + problems_json(compiled.problems);
    CHECK(shown.find("SEKRET") == std::string::npos);
  }
}

struct Shown {
  std::string yaml;
  std::string redacted;
};

TEST_CASE("what holds no secret stays readable, and columns stay") {
  const std::vector<Shown> table{
      {"timezone: Moskow", "timezone: Moskow"},
      {"mix: {value: 70, ofer: 30}", "mix: {value: 70, ofer: **}"},
      {"vars: {brand: \"Anna's: school\", x: [1, 2]}",
       "vars: {brand: \"Anna's: school\", x: [1, 2]}"},
      {"channels: {email: out, sms: {connector: out}}",
       "channels: {email: out, sms: {connector: out}}"},
      {"connectors:\n  email:\n    type: smtp\n    from: \"A <a@b>\"\n    password: жж ж\n",
       "connectors:\n  email:\n    type: smtp\n    from: \"A <a@b>\"\n    password: ** *\n"},
      {"keys: {write: [\"a, b\", c]}", "keys: {write: [*** **, *]}"},
      {"http: {public_url: \"https://u:p@h/x\"}", "http: {public_url: \"https://***@h/x\"}"},
      {"hooks:\n  lead: {event: form.snt, key: abc, traits: {email: bdy.email, tel: body.tel}}\n",
       "hooks:\n  lead: {event: form.snt, key: ***, traits: {email: *********, tel: body.tel}}\n"},
      {"hooks:\n  lead:\n    signature: {secret: abc, header: X-Sign, over: \"{body}\"}\n",
       "hooks:\n  lead:\n    signature: {secret: ***, header: X-Sign, over: \"{body}\"}\n"},
      {"mute: [{if: 'contact.score > 5', kinds: [offer]}]",
       "mute: [{if: 'contact.score > 5', kinds: [offer]}]"},
  };
  for (const Shown& shown : table) CHECK(redacted_settings(shown.yaml) == shown.redacted);
}

TEST_CASE("the userinfo of URLs is left out") {
  CHECK(without_userinfo("a smtp://u:p@h and http://x@y@z/@, b") ==
        "a smtp://***@h and http://***@, b");
  CHECK(without_userinfo("https://h/x a@b") == "https://h/x a@b");
  CHECK(without_userinfo("://@") == "://***@");
  CHECK(without_userinfo("") == "");
}

}  // namespace
}  // namespace nurtured::config

// The JSON Schemas of config/schema and the reader name the same keys, in both directions: an
// unknown key is planted in every map, and what the reader then says it knows is compared.
#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "config/scenario_reader.h"
#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::config {
namespace {

cel::Value schema(const std::string& name) {
  std::ifstream file("config/schema/" + name + ".schema.json", std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  auto value = cel::from_json(text.str(), {.depth_max = 64});
  REQUIRE(value.has_value());
  return *value;
}

// Follows "definitions/step_send/properties/hold/anyOf/1"; numbers are positions in lists.
const cel::Value& at(const cel::Value& root, const std::string& pointer) {
  const cel::Value* value = &root;
  std::istringstream parts(pointer);
  for (std::string part; std::getline(parts, part, '/');) {
    if (part.empty()) continue;
    value = value->is_list() ? &value->as_list().at(std::stoul(part)) : value->find(part);
    INFO(pointer << " at " << part);
    REQUIRE(value != nullptr);
  }
  return *value;
}

std::set<std::string> keys_of_schema(const cel::Value& object) {
  std::set<std::string> keys;
  for (const auto& entry : object.find("properties")->as_map()) keys.insert(entry.key.as_string());
  return keys;
}

// What stands after "known are " in the problem of the planted key.
std::set<std::string> keys_of_reader(const Compiled& compiled) {
  std::set<std::string> keys;
  for (const Problem& problem : compiled.problems) {
    if (problem.message.find("qqqqqqqq") == std::string::npos) continue;
    constexpr std::string_view intro = "known are ";
    REQUIRE(problem.remedy.substr(0, intro.size()) == intro);
    std::istringstream names(problem.remedy.substr(intro.size()));
    for (std::string name; names >> name;) {
      keys.insert(name.ends_with(',') ? name.substr(0, name.size() - 1) : name);
    }
  }
  return keys;
}

struct Case {
  std::string schema;
  std::string pointer;
  std::string path;
  std::string text;
};

std::string step(const std::string& text) {
  return "start: page.viewed\nsteps:\n  - {" + text + "}\n";
}
std::string start(const std::string& text) {
  return "start: {" + text + ", qqqqqqqq: 1}\nsteps: [{send: hello}]\n";
}
std::string message(const std::string& front) {
  return "---\nkind: value\n" + front + "\n---\nHello\n";
}
std::string settings(const std::string& line) {
  return "connectors: {out: {type: file}}\nchannels: {email: out, telegram: out}\n" + line + "\n";
}

std::string scenario(const std::string& line) {
  return "tests:\n  - {name: a, contact: {id: u}, expect: [{send: hello}], " + line + "}\n";
}

// With the problems of scenarios, which are read by themselves.
Compiled compile_all(const std::string& path, const std::string& text) {
  Workspace workspace = small_workspace();
  put(workspace, path, text);
  Compiled compiled = compile(workspace, test_options());
  Problems problems;
  read_scenarios(workspace, compiled.config.get(), problems);
  for (Problem& problem : problems.take()) compiled.problems.push_back(std::move(problem));
  return compiled;
}

TEST_CASE("schema and reader know the same keys") {
  const std::string p = "playbooks/p.yaml";
  const std::string m = "content/m.md";
  const std::string n = "nurtured.yaml";
  const std::string t = "tests/t.yaml";
  const std::vector<Case> table{
      {"playbook", "", p, "start: page.viewed\nsteps: [{send: hello}]\nqqqqqqqq: 1\n"},
      {"playbook", "definitions/start_when", p, start("when: page.viewed")},
      {"playbook", "definitions/start_segment", p, start("segment: hot")},
      {"playbook", "definitions/start_leaves", p, start("leaves: hot")},
      {"playbook", "definitions/start_date", p, start("date: contact.birthday")},
      {"playbook", "definitions/start_schedule", p, start("schedule: 0 10 * * TUE, segment: hot")},
      {"playbook", "definitions/start_once", p, start("once: 2026-03-08 10:00, segment: hot")},
      {"playbook", "definitions/start_manual", p, start("manual: true")},
      {"playbook", "properties/goal/anyOf/1", p,
       "start: page.viewed\ngoal: {when: page.viewed, qqqqqqqq: 1}\nsteps: [{send: hello}]\n"},
      {"playbook", "definitions/stop/anyOf/1", p,
       "start: page.viewed\nstop: {when: page.viewed, qqqqqqqq: 1}\nsteps: [{send: hello}]\n"},
      {"playbook", "definitions/via/anyOf/2", p,
       "start: page.viewed\nvia: {all: [email], qqqqqqqq: 1}\nsteps: [{send: hello}]\n"},
      {"playbook", "definitions/step_send", p, step("send: hello, qqqqqqqq: 1")},
      {"playbook", "definitions/hold/anyOf/1", p,
       step("send: hello, hold: {for: 1d, qqqqqqqq: 1}")},
      {"playbook", "definitions/step_series", p, step("series: [hello], every: 1d, qqqqqqqq: 1")},
      {"playbook", "definitions/step_wait", p, step("wait: 1d, qqqqqqqq: 1")},
      {"playbook", "definitions/step_wait_until", p, step("wait_until: now, qqqqqqqq: 1")},
      {"playbook", "definitions/step_wait_for", p, step("wait_for: page.viewed, qqqqqqqq: 1")},
      {"playbook", "definitions/step_wait_for/properties/wait_for/anyOf/2", p,
       step("wait_for: {any: [page.viewed], qqqqqqqq: 1}")},
      {"playbook", "definitions/step_any", p, step("any: [page.viewed], qqqqqqqq: 1")},
      {"playbook", "definitions/step_choose", p,
       step("choose: [{else: [{end: true}]}], qqqqqqqq: 1")},
      {"playbook", "definitions/step_set", p, step("set: {a: b}, qqqqqqqq: 1")},
      {"playbook", "definitions/step_tag", p, step("tag: a, qqqqqqqq: 1")},
      {"playbook", "definitions/step_untag", p, step("untag: a, qqqqqqqq: 1")},
      {"playbook", "definitions/step_move_to", p, step("move_to: decision, qqqqqqqq: 1")},
      {"playbook", "definitions/step_score", p, step("score: 1, qqqqqqqq: 1")},
      {"playbook", "definitions/step_score/properties/score/anyOf/1", p,
       step("score: {set: 1, qqqqqqqq: 1}")},
      {"playbook", "definitions/step_emit", p, step("emit: a, qqqqqqqq: 1")},
      {"playbook", "definitions/step_emit/properties/emit/anyOf/1", p,
       step("emit: {event: a, qqqqqqqq: 1}")},
      {"playbook", "definitions/step_notify", p, step("notify: a, qqqqqqqq: 1")},
      {"playbook", "definitions/step_ask", p, step("ask: hello, qqqqqqqq: 1")},
      {"playbook", "definitions/step_ask/properties/choices/anyOf/0/items/anyOf/1", p,
       step("ask: hello, choices: [{id: a, qqqqqqqq: 1}]")},
      {"playbook", "definitions/step_handoff", p, step("handoff: true, qqqqqqqq: 1")},
      {"playbook", "definitions/step_handoff/properties/handoff/anyOf/2", p,
       step("handoff: {text: a, qqqqqqqq: 1}")},
      {"playbook", "definitions/step_split", p, step("split: {a: , b: }, qqqqqqqq: 1")},
      {"playbook", "definitions/step_split/properties/split/additionalProperties/anyOf/1", p,
       step("split: {a: {qqqqqqqq: 1}, b: }")},
      {"playbook", "definitions/step_repeat", p,
       step("repeat: {times: 2, steps: [{end: true}]}, qqqqqqqq: 1")},
      {"playbook", "definitions/step_repeat/properties/repeat", p,
       step("repeat: {times: 2, steps: [{end: true}], qqqqqqqq: 1}")},
      {"playbook", "definitions/step_enroll", p, step("enroll: p, qqqqqqqq: 1")},
      {"playbook", "definitions/step_enroll/properties/enroll/anyOf/1", p,
       step("enroll: {playbook: p, qqqqqqqq: 1}")},
      {"playbook", "definitions/step_leave", p, step("leave: p, qqqqqqqq: 1")},
      {"playbook", "definitions/step_do", p, step("do: out.write, qqqqqqqq: 1")},
      {"playbook", "definitions/step_end", p, step("end: true, qqqqqqqq: 1")},
      {"message", "", m, message("qqqqqqqq: 1")},
      {"message", "properties/buttons/items", m,
       message("buttons: [{id: a, text: b, url: c, qqqqqqqq: 1}]")},
      {"message", "properties/channels/additionalProperties", m,
       message("channels: {telegram: {text: a, qqqqqqqq: 1}}")},
      {"events", "", "events.yaml", "events: {}\nqqqqqqqq: 1\n"},
      {"events", "properties/events/additionalProperties/anyOf/1", "events.yaml",
       "events: {a: {qqqqqqqq: 1}}\n"},
      {"samples", "", "samples.yaml", "samples: {}\nqqqqqqqq: 1\n"},
      {"samples", "properties/samples/additionalProperties", "samples.yaml",
       "samples: {a: {qqqqqqqq: 1}}\n"},
      {"segments", "", "segments.yaml", "segments: {}\nqqqqqqqq: 1\n"},
      {"segments", "properties/segments/additionalProperties", "segments.yaml",
       "segments: {a: {if: 'true', qqqqqqqq: 1}}\n"},
      {"touchpoints", "", "touchpoints.yaml", "touchpoints: {}\nqqqqqqqq: 1\n"},
      {"touchpoints", "properties/touchpoints/additionalProperties", "touchpoints.yaml",
       "touchpoints: {a: {qqqqqqqq: 1}}\n"},
      {"test", "", t, "qqqqqqqq: 1\ntests: []\n"},
      {"test", "definitions/scenario", t, scenario("qqqqqqqq: 1")},
      {"nurtured", "", n, settings("qqqqqqqq: 1")},
      {"nurtured", "properties/http", n, settings("http: {qqqqqqqq: 1}")},
      {"nurtured", "properties/keys", n, settings("keys: {qqqqqqqq: 1}")},
      {"nurtured", "properties/keep", n, settings("keep: {qqqqqqqq: 1}")},
      {"nurtured", "properties/hooks/additionalProperties", n,
       settings("hooks: {a: {public: true, event: b, user: body.c, qqqqqqqq: 1}}")},
      {"nurtured", "properties/hooks/additionalProperties/properties/key/anyOf/1", n,
       settings("hooks: {a: {key: {qqqqqqqq: 1}, event: b, user: body.c}}")},
      {"nurtured", "properties/hooks/additionalProperties/properties/signature", n,
       settings("hooks: {a: {signature: {qqqqqqqq: 1}, event: b, user: body.c}}")},
      {"nurtured", "properties/hooks/additionalProperties/properties/consent/additionalProperties",
       n,
       settings("hooks: {a: {public: true, event: b, user: body.c,"
                " consent: {email: {wording: d, qqqqqqqq: 1}}}}")},
      {"nurtured", "properties/handoff", n,
       settings("handoff: {to: {channel: email, to: a}, qqqqqqqq: 1}")},
      {"nurtured", "properties/handoff/properties/to/anyOf/0", n,
       settings("handoff: {to: {channel: email, to: a, qqqqqqqq: 1}}")},
      {"nurtured", "properties/pages", n, settings("pages: {consent: a, qqqqqqqq: 1}")},
      {"nurtured", "properties/tracking", n, settings("tracking: {clicks: true, qqqqqqqq: 1}")},
      {"nurtured", "properties/tracking/properties/utm", n,
       settings("tracking: {utm: {source: a, qqqqqqqq: 1}}")},
      {"nurtured", "properties/notify", n,
       settings("notify: {channel: email, to: a, qqqqqqqq: 1}")},
      {"nurtured", "properties/mix", n, settings("mix: {qqqqqqqq: 1}")},
      {"nurtured", "properties/limits", n, settings("limits: {qqqqqqqq: 1}")},
      {"nurtured", "properties/catch_up", n, settings("catch_up: {qqqqqqqq: 1}")},
      {"nurtured", "properties/fill", n,
       settings("series: {s: [hello]}\nfill: {from: s, qqqqqqqq: 1}")},
      {"nurtured", "properties/mute/items", n, settings("mute: [{if: 'true', qqqqqqqq: 1}]")},
      {"nurtured", "properties/channels/additionalProperties/anyOf/1", n,
       "connectors: {out: {type: file}}\nchannels: {email: {connector: out, qqqqqqqq: 1}}\n"},
  };
  for (const Case& c : table) {
    INFO(c.schema << " " << c.pointer);
    const cel::Value root = schema(c.schema);
    CHECK(keys_of_reader(compile_all(c.path, c.text)) == keys_of_schema(at(root, c.pointer)));
  }
}

// Each kind of entry in a list of scenarios has keys of its own: those of its schema, and the kinds
// that the reader lists are those of the schema.
void compare_kinds(const std::string& list, const std::string& prefix, const std::string& intro) {
  const cel::Value root = schema("test");
  const auto problems_of = [&](const std::string& entry) {
    const std::string other = list == "events" ? "" : "start: 2026-03-02, ";
    return compile_all("tests/t.yaml", "tests:\n  - {name: a, contact: {id: u}, " + other + list +
                                           ": [{" + entry + "}]}\n");
  };
  std::set<std::string> in_schema;
  for (const cel::Value& ref : at(root, "definitions/" + prefix + "/anyOf").as_list()) {
    const std::string name = ref.find("$ref")->as_string().substr(
        std::string("#/definitions/" + prefix.substr(0, 6) + "_").size());
    in_schema.insert(name);
    if (name == "never") continue;
    INFO(name);
    const std::string definition = "definitions/" + prefix.substr(0, 6) + "_" + name;
    CHECK(keys_of_reader(problems_of(name + ": stage, qqqqqqqq: 1")) ==
          keys_of_schema(at(root, definition)));
  }
  std::set<std::string> in_reader;
  for (const Problem& problem : problems_of("qqqqqqqq: 1").problems) {
    if (problem.remedy.substr(0, intro.size()) != intro) continue;
    std::istringstream names(problem.remedy.substr(intro.size()));
    for (std::string name; names >> name;) {
      in_reader.insert(name.ends_with(',') ? name.substr(0, name.size() - 1) : name);
    }
  }
  CHECK(in_reader == in_schema);
}

TEST_CASE("what happens and what is expected in a scenario is in its schema") {
  compare_kinds("events", "event", "what may happen is ");
  compare_kinds("expect", "expectation", "what may be expected is ");
}

TEST_CASE("every step that the reader knows is a step of the schema") {
  const cel::Value root = schema("playbook");
  std::set<std::string> in_schema;
  for (const cel::Value& ref : at(root, "definitions/step/anyOf").as_list()) {
    in_schema.insert(
        ref.find("$ref")->as_string().substr(std::string("#/definitions/step_").size()));
  }
  std::set<std::string> in_reader;
  for (const Problem& problem : compile_with("playbooks/p.yaml", step("qqqqqqqq: 1")).problems) {
    constexpr std::string_view intro = "steps are ";
    if (problem.remedy.substr(0, intro.size()) != intro) continue;
    std::istringstream names(problem.remedy.substr(intro.size()));
    for (std::string name; names >> name;) {
      in_reader.insert(name.ends_with(',') ? name.substr(0, name.size() - 1) : name);
    }
  }
  CHECK(in_reader == in_schema);
}

}  // namespace
}  // namespace nurtured::config

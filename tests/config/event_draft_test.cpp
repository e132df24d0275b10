#include "config/event_draft.h"

#include <string>

#include "config/format.h"
#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::config {
namespace {

LearnedEvents learned(const std::string& events) {
  return learned_from(cel::from_json(R"({"events": )" + events + "}").value());
}

TEST_CASE("a draft keeps what stands there and puts in what came in beside") {
  const auto [current, events, expected] = GENERATE(table<std::string, std::string, std::string>({
      {"", R"({"b.c": {"properties": {"k": "int"}}})",
       "# yaml-language-server: $schema=schema/events.schema.json\nevents:\n"
       "  b.c: {properties: {k: int}}\n"},
      {"events: {}\n", R"({"b": {"properties": {"k": "int"}}, "c": {"properties": {}}})",
       "events: {c: {}, b: {properties: {k: int}}}\n"},
      {"events:\n", R"({"b": {"properties": {}}})", "events:\n  b: {}\n"},
      {"# ours\nevents:\n    a: {} # kept\n", R"({"b": {"properties": {}}})",
       "# ours\nevents:\n  a: {} # kept\n  b: {}\n"},
      {"events:\n  a: {properties: {x: int}} # kept\n", R"({"a": {"properties": {"w": "bool"}}})",
       "events:\n  a: {properties: {w: bool, x: int}} # kept\n"},
      {"events:\n  a:\n    properties:\n      x: int # kept\n  b: {}",
       R"({"a": {"properties": {"w": "bool"}}})",
       "events:\n  a:\n    properties:\n      x: int # kept\n      w: bool\n  b: {}\n"},
      {"events: {a: {properties: {x: int}}, \"b c\": {}}\n",
       R"({"a": {"properties": {"w": "bool"}}, "d": {"properties": {}}})",
       "events: {d: {}, a: {properties: {w: bool, x: int}}, \"b c\": {}}\n"},
      // Any property may come, and still may.
      {"events:\n  a: {}\n", R"({"a": {"properties": {"w": "bool"}}})",
       "events:\n  a: {properties: {w: bool}, open: true}\n"},
      {"events:\n  \"a: b\": # kept\n", R"({"a: b": {"properties": {"w": "bool"}}})",
       "events:\n  \"a: b\": {properties: {w: bool}, open: true} # kept\n"},
      {"events:\n  a: {open: true}\n", R"({"a": {"properties": {"w": "bool"}}})",
       "events:\n  a: {open: true}\n"},
      // A declaration wins.
      {"events:\n  a: {properties: {x: int, w: double, z: string}}\n",
       R"({"a": {"properties": {"x": "string", "w": "int", "z": "timestamp"}}})",
       "events:\n  a: {properties: {x: int, w: double, z: string}}\n"
       "  # \"a\": x is declared as int and came as string\n"},
      {"events:\n  заказ: {properties: {x: int}}\n",
       R"({"заказ": {"properties": {"w": "bool"}}, "no": {"properties": {"true": "int"}}})",
       "events:\n  заказ: {properties: {w: bool, x: int}}\n"
       "  \"no\": {properties: {\"true\": int}}\n"},
      {"", R"({"a # b": {"properties": {}, "others": true}})",
       "# yaml-language-server: $schema=schema/events.schema.json\nevents:\n"
       "  # \"a # b\": properties are left out whose names may be data\n  \"a # b\": {}\n"},
  }));
  CAPTURE(current);
  const auto draft = draft_events(current, learned(events), {});
  REQUIRE(draft);
  CHECK(*draft == expected);
  // It is canonical, a workspace takes it, and what is in it already is not put in again.
  Problems problems;
  CHECK(format_yaml(*draft, "events.yaml", problems) == *draft);
  CHECK(compile_with("events.yaml", *draft).config != nullptr);
  CHECK(draft_events(*draft, learned(events), {}) == *draft);
}

TEST_CASE("a list of events is whole: what the workspace waits for stands in it") {
  const auto draft = draft_events("", learned(R"({"a": {"properties": {}}})"), {"a", "form.sent"});
  REQUIRE(draft);
  CHECK(draft->find("  form.sent: {}\n") != std::string::npos);
  CHECK(draft->find("\"form.sent\": nobody has sent it yet") != std::string::npos);
  CHECK(draft->find("\"a\": nobody") == std::string::npos);
}

TEST_CASE("a long event is written over several lines") {
  std::string properties;
  for (int i = 0; i < 20; ++i) {
    properties +=
        (i == 0 ? "" : ", ") + std::string("\"property_") + std::to_string(i) + "\": \"int\"";
  }
  const auto draft = draft_events(
      "", learned(R"({"a": {"properties": {)" + properties + R"(}, "others": true}})"), {});
  REQUIRE(draft);
  CHECK(draft->find("  a:\n    properties:\n      property_0: int\n") != std::string::npos);
  CHECK(draft->find("\n    open: true\n") != std::string::npos);
  CHECK(compile_with("events.yaml", *draft).config != nullptr);
}

TEST_CASE("an events.yaml that cannot be read is told with its place") {
  const auto text = GENERATE(as<std::string>(), "events: [\n", "events: [a]\n", "- a\n", "a\n",
                             "events: a\n", "event: {}\n", "events: {a: &x {}}\n",
                             "events: {a: {}, a: {}}\n", "\x01", "events:\n\ta: {}\n", "{}\n");
  CAPTURE(text);
  const auto draft = draft_events(text, {}, {});
  REQUIRE_FALSE(draft);
  CHECK(draft.error().kind == base::ErrorKind::invalid);
}

}  // namespace
}  // namespace nurtured::config

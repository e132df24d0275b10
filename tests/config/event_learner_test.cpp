#include "config/event_learner.h"

#include <string>
#include <vector>

#include "rules/cel/json.h"
#include "tests/catch.h"

namespace nurtured::config {
namespace {

cel::Value json(const std::string& text) {
  return cel::from_json(text).value();
}

TEST_CASE("a property has the narrowest type that all its values have") {
  const auto [values, type] = GENERATE(table<std::vector<std::string>, std::string>({
      {{"1", "2"}, "int"},
      {{"1", "2.5"}, "double"},
      {{"2.5", "1", "3"}, "double"},
      {{"true"}, "bool"},
      {{R"("a")", R"("b")"}, "string"},
      {{R"("2026-03-02T10:00:00Z")"}, "timestamp"},
      {{R"("2026-03-02T10:00:00Z")", R"("soon")"}, "string"},
      {{R"("soon")", R"("2026-03-02T10:00:00Z")"}, "string"},
      {{"[1]", "[]"}, "list"},
      {{R"({"a": 1})"}, "map"},
      {{"null"}, ""},
      {{"null", "1", "null"}, "int"},
      {{"1", R"("a")"}, "any"},
      {{"1", R"("a")", "1"}, "any"},
      {{"true", "1"}, "any"},
      {{R"("2026-03-02T10:00:00Z")", "1"}, "any"},
      {{"[1]", R"({"a": 1})"}, "any"},
  }));
  EventLearner learner;
  for (const std::string& value : values) learner.note("e", json("{\"p\": " + value + "}"));
  CHECK(learner.learned().events.at("e").properties.at("p") == type);
}

TEST_CASE("a property whose name may be data is not taken") {
  const auto name = GENERATE(as<std::string>(), "anna@example.org", "+79991234567", "79991234567",
                             "user_48213", "", " ", "two words", "a-b", "a.b", "имя", "a\\u0000b",
                             "a\\nb", "9lives", "550e8400e29b41d4a716446655440000",
                             "0123456789012345678901234567890123456789012345678901234567890123456",
                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
  EventLearner learner;
  learner.note("e", json("{\"" + name + "\": 1, \"kept_2026\": 1}"));
  const LearnedEvent& event = learner.learned().events.at("e");
  CHECK(event.properties.size() == 1);
  CHECK(event.properties.contains("kept_2026"));
  CHECK(event.has_others);
}

TEST_CASE("an event whose name may be data is not taken, nor one of ours") {
  const auto [name, is_told] = GENERATE(table<std::string, bool>({
      {"mail anna@example.org", true},
      {"call +79991234567", true},
      {std::string(201, 'a'), true},
      {"a\nb", true},
      {"", true},
      {"message.sent", false},
      {"page.viewed", false},
  }));
  EventLearner learner;
  learner.note(name, json(R"({"p": 1})"));
  CHECK(learner.learned().events.empty());
  CHECK(learner.learned().left_out == is_told);
}

TEST_CASE("keys that are more than properties are data, and none of them is told") {
  EventLearner learner({.properties_max = 3});
  learner.note("e", json(R"({"anna": 1, "bob": 2})"));
  learner.note("e", json(R"({"carl": 1, "dora": 2})"));
  learner.note("e", json(R"({"anna": 1})"));
  CHECK(learner.learned().events.at("e").properties.empty());
  CHECK(learner.learned().events.at("e").has_others);
}

TEST_CASE("different events are learnt up to a number") {
  EventLearner learner({.events_max = 2});
  for (const char* name : {"a", "b", "c", "a"}) learner.note(name, json(R"({"p": 1})"));
  CHECK(learner.learned().events.size() == 2);
  CHECK(learner.learned().has_more);
}

TEST_CASE("what was learnt goes through JSON and back, and odd JSON is passed over") {
  EventLearner learner;
  learner.note("a", json(R"({"p": 1, "q r": 2})"));
  learner.note("x@y", json("{}"));
  CHECK(learned_from(json(cel::to_json(to_value(learner.learned())))) == learner.learned());
  const auto text = GENERATE(as<std::string>(), "{}", "null", "[]", "1", R"({"events": 1})",
                             R"({"events": {"a": 1}})", R"({"events": {"a": {"properties": []}}})");
  CHECK(learned_from(json(text)).events.empty());
}

}  // namespace
}  // namespace nurtured::config

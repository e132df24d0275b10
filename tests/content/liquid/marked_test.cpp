#include <vector>

#include "content/liquid/render_line.h"
#include "tests/catch.h"
#include "tests/content/liquid/rendered.h"

namespace nurtured::content::liquid {
namespace {

// The text with what came from variables in «».
std::string marked(std::string_view source, std::string_view trusted = {}) {
  const auto data = cel::from_json(R"({"a": "A", "list": ["x", "y"], "empty": ""})");
  const auto compiled = compile("test", source);
  REQUIRE(compiled);
  const auto result = render_marked(*compiled, MapData(*data), {.trusted_variable = trusted});
  REQUIRE(result);
  std::string text;
  std::size_t at = 0;
  for (const Span& span : result->spans) {
    REQUIRE(span.begin >= at);
    text += result->text.substr(at, span.begin - at) + "«" +
            result->text.substr(span.begin, span.length) + "»";
    at = span.begin + span.length;
  }
  return text + result->text.substr(at);
}

TEST_CASE("what comes from variables is marked") {
  CHECK(marked("x{{ a }}y") == "x«A»y");
  CHECK(marked("{{ a | downcase }}{{ 'lit' }}{{ empty }}{{ none }}") == "«a»«lit»«»«»");
  CHECK(marked("{% echo a %}{{ list }}") == "«A»«xy»");
  CHECK(marked("{{ a | raw }}{{ a | raw | upcase }}") == "A«A»");
  CHECK(marked("{% cycle a, 'b' %}{% cycle 'b', 'c' %}") == "«A»b");
  CHECK(marked("{% tablerow i in list %}{{ i }}{% endtablerow %}").find("«x»") !=
        std::string::npos);
  CHECK(marked("{% increment n %}") == "0");
}

TEST_CASE("a capture keeps its marks, and loses its markup in a filter") {
  CHECK(marked("{% capture c %}<{{ a }}>{% endcapture %}{{ c }}{{ c }}") == "<«A»><«A»>");
  CHECK(marked("{% capture c %}<{{ a }}>{% endcapture %}{{ c | downcase }}") == "«<a>»");
  CHECK(marked("{% capture c %}<{{ a }}>{% endcapture %}{{ c | raw }}") == "<A>");
}

TEST_CASE("a trusted variable is the template's own text only as it is") {
  CHECK(marked("{{ a }}{{ a | upcase }}{{ empty }}", "a") == "A«A»«»");
}

TEST_CASE("what a template uses is known without rendering it") {
  const auto compiled = compile(
      "t",
      "{{ contact.first_name | default: 'x' }}\n{{ vars.html | raw }}{% assign own = event.a %}"
      "{{ own }}{% if contact.tags contains 'a' %}{% endif %}{% for t in list %}{{ t.x }}"
      "{{ forloop.index }}{% endfor %}{{ rows[0].name }}{% render 'card', x: y %}"
      "{% include which %}{{ a | nope }}");
  REQUIRE(compiled);
  const Usage& usage = compiled->usage();
  std::vector<std::string> paths;
  for (const VariableUse& use : usage.variables) paths.push_back(use.path);
  CHECK(paths == std::vector<std::string>{"contact.first_name", "vars.html", "event.a",
                                          "contact.tags", "list", "rows[0].name", "y", "which",
                                          "a"});
  CHECK(usage.variables[0].has_default);
  CHECK_FALSE(usage.variables[1].has_default);
  CHECK(usage.variables[1].is_raw);
  CHECK(usage.variables[1].place == base::Place{"t", 2, 4, 9});
  CHECK(usage.variables[3].is_condition);
  REQUIRE(usage.partials.size() == 2);
  CHECK(usage.partials[0].name == "card");
  CHECK(usage.partials[1].name.empty());
  CHECK(usage.filters.back().name == "nope");
  CHECK_FALSE(usage.filters.back().is_known);
}

TEST_CASE("the render filter answers every line") {
  CHECK(render_line(R"({"template": "{{ a }}<{{ b }}>", "data": {"a": "<", "b": 1.0}})") ==
        R"({"output":"<<1.0>"})");
  CHECK(render_line(R"({"template": "{% render 'p', x: 1 %}", "partials": {"p": "{{ x }}"}})") ==
        R"({"output":"1"})");
  CHECK(render_line(R"({"template": "a\n{% if %}"})") ==
        R"({"error":"template:2:7: error: expected a variable or a value, found the end"})");
  for (const char* line :
       {"", "{", "[]", "null", "{}", R"({"template": 5})", R"({"template": "", "data": 5})",
        R"({"template": "", "partials": []})", R"({"template": "", "partials": {"a": 1}})", "\xff",
        R"({"template": "{{ 'x' | base64_decode }}"})", R"({"template": "\ud800"})"}) {
    INFO(line);
    CHECK(render_line(line).starts_with("{\"error\":\""));
  }
}

}  // namespace
}  // namespace nurtured::content::liquid

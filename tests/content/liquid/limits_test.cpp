#include <string>
#include <string_view>
#include <vector>

#include "tests/catch.h"
#include "tests/content/liquid/rendered.h"

namespace nurtured::content::liquid {
namespace {

std::string repeated(std::string_view text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

TEST_CASE("a place is the template's name, the line and the column") {
  struct Case {
    const char* source;
    int line;
    int column;
  };
  for (const Case& one :
       {Case{"a\nb {{ x | }}", 2, 10}, Case{"{{ é.1 }}", 1, 4}, Case{"Ж {% if %}{% endif %}", 1, 9},
        Case{"{% for i of x %}{% endfor %}", 1, 10}, Case{"x\n\n  {% nope %}", 3, 6},
        Case{"{% if x %}", 1, 4}, Case{"{{ x", 1, 1}, Case{"{% assign x = 1 + 2 %}", 1, 17},
        Case{"{% liquid\n echo x\n echo 'a\n%}", 3, 7}}) {
    INFO(one.source);
    const auto compiled = compile("mail.md", one.source);
    REQUIRE_FALSE(compiled);
    CHECK(compiled.error().place.path == "mail.md");
    CHECK(compiled.error().place.line == one.line);
    CHECK(compiled.error().place.column == one.column);
  }
}

TEST_CASE("an error while rendering has its place, in a partial the partial's") {
  Partials partials;
  partials.add("inner", "a\n {{ 1 | divided_by: 0 }}");
  const auto compiled = compile("outer", "x\n{% render 'inner' %}");
  REQUIRE(compiled);
  const cel::Value nothing;
  const auto text = render(*compiled, MapData(nothing), {.partials = &partials});
  REQUIRE_FALSE(text);
  CHECK(base::to_string(text.error().place) == "inner:2:5");
  const auto missing = compile("outer", "x\n {% render 'gone' %}");
  const auto failed = render(*missing, MapData(nothing), {.partials = &partials});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == base::ErrorKind::not_found);
  CHECK(base::to_string(failed.error().place) == "outer:2:5");
}

TEST_CASE("hostile templates are refused or bounded") {
  const Limits small{.source_bytes_max = 1 << 20,
                     .nesting_max = 100,
                     .render_depth_max = 100,
                     .steps_max = 100'000,
                     .output_bytes_max = 1 << 20,
                     .string_bytes_max = 1 << 20};
  const std::vector<std::string> sources = {
      repeated("{% if true %}", 200),
      repeated("{% if true %}", 101) + repeated("{% endif %}", 101),
      "{{ " + repeated("a[", 200) + "1" + repeated("]", 200) + " }}",
      "{{ " + repeated("(", 1000) + " }}",
      "{% for i in (1..1000000000) %}{% endfor %}",
      "{% for i in (1..1000000000) %}x{% endfor %}",
      "{{ (1..1000000000) | join: ',' }}",
      "{% assign x = 'abcdefgh' %}" + repeated("{% assign x = x | append: x %}", 60),
      "{% assign x = 'abcdefgh' | split: '' %}" + repeated("{% assign x = x | concat: x %}", 60),
      "{% assign x = 'abcdefgh' %}" + repeated("{% assign x = x | replace: '', x %}", 10),
      "{% capture x %}" + repeated("0123456789", 1000) + "{% endcapture %}" +
          "{% for i in (1..2000) %}{{ x }}{% endfor %}",
      "{{ 'now' | date: '" + repeated("%1024d", 2000) + "' }}",
      "{% include 'loop' %}",
      repeated("{%", 1000),
      repeated("{{", 1000),
      repeated("{% liquid ", 300) + repeated("%}", 300),
      "{% case " + repeated("[", 20'000) + " %}{% endcase %}",
      "{% cycle " + repeated("x", 5000) + " %}",
      "{{ 99999999999999999999999 }}",
      "{% comment %}" + repeated("{% comment %}", 5000),
      "{% raw %}" + repeated("{% raw %}", 5000),
      std::string("{{ \xff }}"),
      std::string("{{ 'a\0b' | nope", 15),
      std::string((std::size_t{1} << 20) + 1, 'x'),
  };
  for (const std::string& source : sources) {
    INFO(source.substr(0, 60));
    CHECK(rendered(source, {.partials = {{"loop", "x{% include 'loop' %}"}},
                            .options = {.limits = small},
                            .compile_options = {.limits = small}})
              .starts_with("error: "));
  }
}

TEST_CASE("long but honest templates pass") {
  CHECK(rendered(repeated("{% if true %}", 99) + "x" + repeated("{% endif %}", 99)) == "x");
  CHECK(rendered("{% for i in (1..10000) %}x{% endfor %}").size() == 10'000);
}

TEST_CASE("each limit gives an error of its kind") {
  const auto kind_of = [](const Limits& limits, std::string_view source) {
    const auto compiled = compile("t", source, {.limits = limits});
    if (!compiled) return compiled.error().kind;
    const cel::Value nothing;
    const auto text = render(*compiled, MapData(nothing), {.limits = limits});
    REQUIRE_FALSE(text);
    return text.error().kind;
  };
  using enum base::ErrorKind;
  CHECK(kind_of({.source_bytes_max = 3}, "abcd") == too_large);
  CHECK(kind_of({.nesting_max = 2}, "{% if 1 %}{% if 1 %}{% endif %}{% endif %}") == too_large);
  CHECK(kind_of({.steps_max = 5}, "{% for i in (1..9) %}{% endfor %}") == too_large);
  CHECK(kind_of({.output_bytes_max = 3}, "abcd") == too_large);
  CHECK(kind_of({.output_bytes_max = 3}, "{% capture x %}abcd{% endcapture %}") == too_large);
  CHECK(kind_of({.string_bytes_max = 3}, "{{ 'ab' | append: 'cd' }}") == too_large);
  CHECK(kind_of({.render_depth_max = 2}, "{% if 1 %}{% if 1 %}x{% endif %}{% endif %}") ==
        too_large);
}

}  // namespace
}  // namespace nurtured::content::liquid

#include "content/author_text.h"

#include "tests/catch.h"

namespace nurtured::content {
namespace {

TEST_CASE("of a text everything stays that does not depend on who reads it") {
  const auto [source, left] = GENERATE(table<std::string, std::string>({
      {"Hello", "Hello"},
      {"Hello {{ contact.name }}!", "Hello https://example.org!"},
      {"{% if a %}One{% else %}two{% endif %}", "Onetwo"},
      {"{%- render 'sign' -%}", "https://example.org"},
      {"{% include 'sign' %}, {% assign a = 1 %}b", "https://example.org, b"},
      {"never {{ closed", "never https://example.org"},
      {"never {% closed", "never "},
      {"a{% comment %}[b](todo){% if c %}{% endcomment %}d", "ad"},
      {"a{%- comment -%}{{ b }}{%- endcomment -%}c", "ac"},
      {"a{% comment %}never closed", "a"},
      {"{% if rendered %}a{% endif %}", "a"},
      {"", ""},
      {"{ % } }} %}", "{ % } }} %}"},
  }));
  CHECK(author_text(source) == left);
}

TEST_CASE("a link that is written out and leads nowhere is found at its place") {
  const auto [source, line, column, length] = GENERATE(table<std::string, int, int, int>({
      {"[a](foo)", 1, 5, 3},
      {"Words\n\nи [a](javascript:alert)", 3, 7, 16},
      {"[a](https://example.org) [b](/b \"title\")", 1, 30, 2},
      {"![a](ftp://example.org/a.png)", 1, 6, 23},
      {"{{ a }} [a](foo)", 1, 13, 3},
      {"<a href=\"one\">x</a> [a](two)", 1, 25, 3},
  }));
  INFO(source);
  const auto broken = find_broken_link(source);
  REQUIRE(broken.has_value());
  CHECK(broken->place == base::Place{"", line, column, length});
  CHECK_FALSE(broken->message.empty());
}

TEST_CASE("what is no link, or may become one, is left alone") {
  const std::string source =
      GENERATE(as<std::string>(),  //
               "[a](https://example.org)", "[a](mailto:a@example.org)", "`[a](foo)`", "\\[a](foo)",
               "    [a](foo)", "[a]({{ vars.site }}/b)", "[a]({{url}})",
               "[a]({% if b %}https://example.org{% endif %})",
               "[a](https://example.org/{{ contact.id }}?b=c)", "![a](cid:1)",
               "{% comment %}[a](todo){% endcomment %} b",
               // Another link is at fault, and nobody knows where to.
               "`[a](foo)` [b]({{ c }}{{ d }})", "", "[a]", "[a](", "](", "href=\"foo\"");
  INFO(source);
  CHECK_FALSE(find_broken_link(source).has_value());
}

}  // namespace
}  // namespace nurtured::content

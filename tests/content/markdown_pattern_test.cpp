// A reader that remembers what Markdown made of a text gives what reading it anew gives.
#include "content/markdown_pattern.h"

#include <rapidcheck.h>

#include "content/html_writer.h"
#include "content/markdown.h"
#include "content/telegram_writer.h"
#include "content/text_writer.h"
#include "rules/cel/value.h"
#include "tests/catch.h"

namespace nurtured::content {
namespace {

// Everything that Markdown knows, with values and without, one within the other.
constexpr std::string_view bodies[] = {
    "Hello {{ a }}, **{{ b }}** and *plain* text\nover two lines.\n\nThe same for all.\n",
    "# {{ a }}\n\n## Same\n\n> quote {{ b }}\n> > deeper\n\n---\n\n1. one {{ a }}\n2. two\n\n   "
    "three\n",
    "- tight\n- **list** of {{ a }}\n  - deeper `code`\n\n* loose\n\n* list &amp; more\n",
    "[text {{ a }}](https://example.org/{{ b }}?q={{ a }} \"title {{ b }}\") and "
    "<https://same.org>\n",
    "![picture *{{ a }}* ~~x~~](https://example.org/a.png \"t\") [![in "
    "link](cid:a)](https://e.org)\n",
    "| a | b |\n|:--|--:|\n| {{ a }} | same |\n| `x` | ~~{{ b }}~~ |\n\n| x |\n|---|\n| y |\n",
    "```sh {{ a }}\nls {{ b }}\n```\n\n    same code\n\n`{{ a }}`\n",
    "<div title=\"{{ a }}\"><a href=\"https://e.org/{{ b }}\">x</a></div>\n\na <b>b</b> {{ a "
    "}}<br>\n",
    "{{ a }}\n\n{{ b }}\n\n&#xF0000; &#xF0001;x&#10;y\n\n\xf3\xb0\x80\x80\n",
    "{% if a == b %}*one*{% else %}other{% endif %} {{ a | raw }}\n",
    "hard  \nbreak\\\nand {{ a }}{{ b }}\n\n**bold {{ a }} [link](https://e.org) `c` end**\n",
};

struct Shown {
  std::string html;
  std::string telegram;
  std::string text;
  std::string error;
  std::string links;

  bool operator==(const Shown&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Shown& shown) {
  return out << shown.html << "\n--\n"
             << shown.telegram << "\n--\n"
             << shown.text << "\n--\n"
             << shown.error << "\n--\n"
             << shown.links;
}

Shown show(auto read) {
  Shown shown;
  const auto tree = read([&shown](std::string_view url) {
    shown.links += std::string(url) + " ";
    return "https://t.example.org/" + std::to_string(shown.links.size());
  });
  if (!tree) {
    shown.error = base::to_string(tree.error());
    return shown;
  }
  shown.html = write_html(*tree);
  shown.telegram = write_telegram(*tree);
  shown.text = write_text(*tree);
  return shown;
}

liquid::Marked marked_with(const liquid::Template& source, const std::string& a,
                           const std::string& b) {
  const cel::Value data(cel::Map{{"a", a}, {"b", b}});
  auto marked = liquid::render_marked(source, liquid::MapData(data));
  REQUIRE(marked);
  return std::move(*marked);
}

void check_same(MarkdownReader& reader, const liquid::Marked& marked) {
  const Shown anew =
      show([&](const RewriteLink& rewrite) { return read_markdown(marked, rewrite); });
  const Shown known =
      show([&](const RewriteLink& rewrite) { return reader.read(marked, rewrite); });
  CHECK(known == anew);
}

constexpr std::string_view hostile[] = {
    "",
    " ",
    "Anna",
    "*a* **b** _c_ `d` ~~e~~",
    "<script>alert(1)</script>",
    "\"><a href=x>",
    "](javascript:alert(1))",
    "javascript:alert(1)",
    "line\nbreak\r\n\r\nparagraph",
    "# heading",
    "| a | b |\n|---|---|",
    "```",
    "&lt;&#x3c;&amp;",
    "\xf3\xb0\x80\x80",
    "\xf3\xb0\x80\x81x",
    "\xf3",
    "\xff\xfe",
    "\xe2\x80\xa8sep",
    "%0d%0a/../?#",
    "    indented",
    "- item\n- item",
    "Привет 😀",
};

TEST_CASE("a remembered text is filled in as if it were read anew") {
  for (const std::string_view body : bodies) {
    INFO(body);
    const auto source = liquid::compile("body", body);
    REQUIRE(source);
    MarkdownReader reader;
    for (int round = 0; round < 3; ++round) check_same(reader, marked_with(*source, "x", "y"));
    for (const std::string_view a : hostile) {
      for (const std::string_view b : hostile) {
        check_same(reader, marked_with(*source, std::string(a), std::string(b)));
      }
    }
  }
}

TEST_CASE("any values in any order are filled in as if the text were read anew") {
  CHECK(rc::check([](const std::vector<std::pair<unsigned, std::string>>& values) {
    for (const std::string_view body : bodies) {
      const auto source = liquid::compile("body", body);
      MarkdownReader reader;
      for (const auto& [pick, noise] : values) {
        const std::string a = std::string(hostile[pick % std::size(hostile)]) + noise;
        check_same(reader, marked_with(*source, a, noise));
      }
    }
  }));
}

TEST_CASE("a reader of ever new texts answers right and keeps few of them") {
  MarkdownReader reader;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i) {
      const auto source =
          liquid::compile("body", "text *" + std::to_string(i) + "* {{ a }}\n\nsame\n");
      REQUIRE(source);
      check_same(reader, marked_with(*source, "v", ""));
      check_same(reader, marked_with(*source, "w", ""));
    }
  }
  const auto large =
      liquid::compile("body", std::string(markdown_known_bytes_max, 'x') + " {{ a }}\n");
  REQUIRE(large);
  for (int round = 0; round < 3; ++round) check_same(reader, marked_with(*large, "v", ""));
}

TEST_CASE("parts that are the same for everyone are written once") {
  const auto pattern =
      parse_pattern("Same **for** all.\n\nNot \xf3\xb0\x80\x80 *here* or there.\n");
  REQUIRE(pattern);
  const Element written = with_written_parts(*pattern);
  REQUIRE(written.children.size() == 2);
  CHECK(written.children[0].kind == ElementKind::written);
  CHECK(written.children[0].written->html == "<p>Same <strong>for</strong> all.</p>\n");
  CHECK(written.children[1].kind == ElementKind::paragraph);
  const auto& inline_parts = written.children[1].children;
  REQUIRE(inline_parts.size() == 2);
  CHECK(inline_parts[0].kind == ElementKind::text);
  CHECK(inline_parts[1].written->text == "here or there.");
}

}  // namespace
}  // namespace nurtured::content

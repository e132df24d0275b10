// Markdown to each format, one file a case: "--- markdown", "--- data" (JSON), and what is expected
// under "--- html", "--- text" and "--- telegram".
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "content/html_writer.h"
#include "content/liquid/template.h"
#include "content/markdown.h"
#include "content/telegram_writer.h"
#include "content/text_writer.h"
#include "rules/cel/json.h"
#include "tests/catch.h"

namespace nurtured::content {
namespace {

using Sections = std::map<std::string, std::string>;

Sections read_sections(const std::filesystem::path& path) {
  std::ifstream file(path);
  Sections sections;
  std::string name;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("--- ")) {
      name = line.substr(4);
      sections[name];
    } else {
      sections[name] += line + '\n';
    }
  }
  return sections;
}

std::string without_last_line_ends(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

Element read_case(const Sections& sections) {
  const auto data = cel::from_json(sections.at("data"));
  REQUIRE(data);
  const auto source = liquid::compile("case", sections.at("markdown"));
  REQUIRE(source);
  const auto marked = liquid::render_marked(*source, liquid::MapData(*data));
  REQUIRE(marked);
  auto tree = read_markdown(*marked, {});
  INFO((tree ? "" : tree.error().message));
  REQUIRE(tree);
  return std::move(*tree);
}

TEST_CASE("Markdown becomes what each format can show") {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("tests/content/cases")) {
    INFO(entry.path().string());
    const Sections sections = read_sections(entry.path());
    const Element tree = read_case(sections);
    CHECK(without_last_line_ends(write_html(tree)) == without_last_line_ends(sections.at("html")));
    CHECK(without_last_line_ends(write_text(tree)) == without_last_line_ends(sections.at("text")));
    CHECK(without_last_line_ends(write_telegram(tree)) ==
          without_last_line_ends(sections.at("telegram")));
    ++count;
  }
  CHECK(count >= 8);
}

}  // namespace
}  // namespace nurtured::content

// Every page of docs/lints: what its example gives, and that the mended one gives nothing.
#include "config/lint_pages.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::config {
namespace {

// What the pages' examples are laid over; docs/lints/README.md tells of it.
Workspace page_workspace(const std::string& example) {
  Workspace workspace;
  workspace.files = {{"nurtured.yaml",
                      "connectors: {out: {type: file, path: outbox}}\n"
                      "channels: {email: out, telegram: out}\n"}};
  const std::pair<const char*, const char*> messages[] = {
      {"hello", "value"}, {"question", "engagement"}, {"deal", "offer"}, {"answer", "reply"}};
  for (const auto& [name, kind] : messages) {
    const bool is_sent = example.find(std::string("send: ") + name) != std::string::npos ||
                         example.find(std::string("[") + name) != std::string::npos;
    if (!is_sent) continue;
    put(workspace, std::string("content/") + name + ".md",
        std::string("---\nkind: ") + kind + "\nsubject: S\n---\nText.\n");
  }
  return workspace;
}

// The section of a page under that heading.
std::string section_of(std::string_view page, std::string_view heading) {
  const std::size_t begin = page.find(heading);
  if (begin == std::string_view::npos) return "";
  return std::string(page.substr(begin, page.find("\n## ", begin) - begin));
}

Workspace example_of(const std::string& section) {
  Workspace workspace = page_workspace(section);
  std::istringstream lines(section);
  std::string path;
  std::string text;
  bool is_inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```") && is_inside) {
      if (path.starts_with("files/")) {
        workspace.seen.push_back(path);
      } else {
        put(workspace, path, text);
      }
      is_inside = false;
    } else if (line.starts_with("```")) {
      path = line.substr(line.find(' ') + 1);
      text.clear();
      is_inside = true;
    } else if (is_inside) {
      text += line + "\n";
    }
  }
  return workspace;
}

std::vector<Problem> problems_of(const std::string& section) {
  return compile(example_of(section), test_options()).problems;
}

TEST_CASE("the example of every lint's page gives that lint alone, and the mended one none") {
  REQUIRE(lint_pages().size() >= 40);
  for (const LintPage& page : lint_pages()) {
    INFO(page.name);
    const std::string failing = section_of(page.text, "## An example\n");
    const std::string passing = section_of(page.text, "## The same, mended\n");
    REQUIRE(failing.find("```") != std::string::npos);
    REQUIRE(passing.find("```") != std::string::npos);
    std::set<std::string> names;
    for (const Problem& problem : problems_of(failing)) {
      if (problem.name == "outside-the-mix" && page.name != problem.name) continue;
      names.insert(problem.name.empty() ? line_of(problem) : problem.name);
    }
    CHECK(names == std::set<std::string>{std::string(page.name)});
    std::vector<Problem> mended = problems_of(passing);
    if (page.name != "outside-the-mix") {
      std::erase_if(mended, [](const Problem& p) { return p.name == "outside-the-mix"; });
    }
    CHECK(lines_of(mended) == std::vector<std::string>{});
  }
}

TEST_CASE("every lint's page has its parts, and the list of them names it") {
  std::ifstream file("docs/lints/README.md");
  std::ostringstream list;
  list << file.rdbuf();
  for (const LintPage& page : lint_pages()) {
    INFO(page.name);
    CHECK(page.text.starts_with("# " + std::string(page.name) + ": "));
    for (const char* heading :
         {"\n## Why it matters\n", "\n## How to mend it\n", "\n## How to silence it\n"}) {
      CHECK(page.text.find(heading) != std::string_view::npos);
    }
    const std::string row = "[" + std::string(page.name) + "](" + std::string(page.name) +
                            ".md) | " + std::string(lint_title(page)) + " |";
    CHECK(list.str().find(row) != std::string::npos);
    CHECK(std::filesystem::exists(*lint_doc(page.name)));
    CHECK(page.name.size() <= lint_name_bytes_max);
  }
  CHECK(find_lint_page("no-such-lint") == nullptr);
  CHECK(lint_doc("no-such-lint") == std::nullopt);
}

TEST_CASE("a lint's comment silences it where its page says") {
  for (const char* name : {"held-for-ever", "unreachable-step", "waits-for-ever", "never-true"}) {
    INFO(name);
    Workspace workspace = example_of(section_of(find_lint_page(name)->text, "## An example\n"));
    const auto found = compile(workspace, test_options()).problems;
    REQUIRE(found.size() == 1);
    const base::Place place = found.front().place;
    std::istringstream lines(std::string(workspace.source(place.path)));
    std::string text;
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
      text += line;
      if (++number == place.line) text += " # nurtured: allow " + std::string(name) + " - wanted";
      text += '\n';
    }
    put(workspace, place.path, text);
    CHECK(lines_of(compile(workspace, test_options()).problems) == std::vector<std::string>{});
  }
}

}  // namespace
}  // namespace nurtured::config

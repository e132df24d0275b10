// Every page of docs/lints: what its example gives, and that the mended one gives nothing.
#include "config/lint_pages.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "config/scenario_reader.h"
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

// As `check` finds them.
std::vector<Problem> problems_of(const Workspace& workspace) {
  Compiled compiled = compile(workspace, test_options());
  Problems problems;
  for (Problem& problem : compiled.problems) problems.add(std::move(problem));
  read_scenarios(workspace, compiled.config.get(), problems);
  return problems.take();
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
    for (const Problem& problem : problems_of(example_of(failing))) {
      if (problem.name == "outside-the-mix" && page.name != problem.name) continue;
      names.insert(problem.name.empty() ? line_of(problem) : problem.name);
    }
    CHECK(names == std::set<std::string>{std::string(page.name)});
    std::vector<Problem> mended = problems_of(example_of(passing));
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

// The file with the comment at the end of that line, or above it where it ends in one already, or
// below the file's last where that is 0.
std::string with_comment(std::string_view text, int line, const std::string& comment) {
  std::istringstream lines{std::string(text)};
  std::string out;
  int number = 0;
  for (std::string read; std::getline(lines, read);) {
    const bool is_there = ++number == line;
    const bool has_one = read.find(" #") != std::string::npos;
    if (is_there && has_one) out += comment + "\n";
    out += read;
    if (is_there && !has_one) out += " " + comment;
    out += '\n';
  }
  return line == 0 ? out + comment + "\n" : out;
}

TEST_CASE("a comment silences every lint where its page says") {
  for (const LintPage& page : lint_pages()) {
    if (page.name == "unused-allow") continue;
    INFO(page.name);
    Workspace workspace = example_of(section_of(page.text, "## An example\n"));
    auto found = problems_of(workspace);
    std::erase_if(found, [&](const Problem& problem) { return problem.name != page.name; });
    REQUIRE(!found.empty());
    const std::string comment =
        "# nurtured: allow " + std::string(page.name) + " \xe2\x80\x94 wanted";
    const bool is_message = found.front().place.path.ends_with(".md");
    const bool is_partial = found.front().place.path.starts_with("content/partials/");
    std::string path = found.front().place.path;
    std::string text;
    if (is_message && !is_partial) {
      text = std::string(workspace.source(path)).insert(4, comment + "\n");
    } else {
      if (!path.ends_with(".yaml")) path = "nurtured.yaml";
      text = with_comment(workspace.source(path), found.front().place.line, comment);
    }
    put(workspace, path, text);
    auto left = problems_of(workspace);
    std::erase_if(left, [](const Problem& p) { return p.name == "outside-the-mix"; });
    CHECK(lines_of(left) == std::vector<std::string>{});
  }
}

}  // namespace
}  // namespace nurtured::config

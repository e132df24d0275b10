// Everything that we ship as an example loads, and is what it claims to be.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::config {
namespace {

TEST_CASE("every sample workspace loads without an error or a warning") {
  std::vector<std::string> folders{"config/default"};
  for (const auto& entry : std::filesystem::directory_iterator("config/examples")) {
    folders.push_back(entry.path().string());
  }
  for (const std::string& folder : folders) {
    INFO(folder);
    const auto workspace = read_workspace(folder);
    REQUIRE(workspace.has_value());
    const Compiled compiled = compile(*workspace, test_options());
    std::vector<Problem> problems = compiled.problems;
    std::erase_if(problems, [](const Problem& p) { return p.severity == Severity::note; });
    CHECK(lines_of(problems) == std::vector<std::string>{});
    CHECK(compiled.config != nullptr);
    for (const File& file : workspace->files) {
      const bool is_variant = file.path.find(".ru.") != std::string::npos;
      const bool is_settings = file.path.ends_with(".yaml") || file.path.ends_with(".md");
      if (is_variant || !is_settings || file.path.find("partials") != std::string::npos) continue;
      INFO(file.path);
      CHECK(file.text.find("# yaml-language-server: $schema=../") != std::string::npos);
    }
  }
}

TEST_CASE("the sentence of the contract is a playbook of under fifteen lines") {
  const std::vector<File> files = preset_workspace(default_preset);
  const auto playbook = std::find_if(files.begin(), files.end(), [](const File& file) {
    return file.path == "playbooks/checklist-to-webinar.yaml";
  });
  REQUIRE(playbook != files.end());
  CHECK(std::count(playbook->text.begin(), playbook->text.end(), '\n') < 15);
}

TEST_CASE("the embedded workspace is config/default with its schemas inside") {
  Workspace workspace;
  workspace.files = preset_workspace(default_preset);
  CHECK(std::is_sorted(workspace.files.begin(), workspace.files.end(),
                       [](const File& a, const File& b) { return a.path < b.path; }));
  const auto folder = read_workspace("config/default");
  REQUIRE(folder.has_value());
  for (const File& file : folder->files) {
    INFO(file.path);
    REQUIRE(workspace.find(file.path) != nullptr);
    // But for the line that points to the schema it is the same.
    const auto body = [](std::string_view text) { return text.substr(text.find("\n#\n")); };
    if (file.path == "nurtured.yaml") CHECK(body(workspace.source(file.path)) == body(file.text));
  }
  CHECK(workspace.source("nurtured.yaml").find("$schema=schema/nurtured.schema.json") !=
        std::string_view::npos);
  CHECK(workspace.source("playbooks/checklist-to-webinar.yaml")
            .find("$schema=../schema/playbook.schema.json") != std::string_view::npos);
  CHECK(workspace.find("schema/playbook.schema.json") != nullptr);
  const Compiled compiled = compile(workspace, test_options());
  CHECK(compiled.config != nullptr);
}

TEST_CASE("a preset for each trade keeps its own promises: mostly value, few offers") {
  CHECK(preset_names() == std::vector<std::string>{"b2b", "expert", "fmcg", "retail"});
  for (const std::string& name : preset_names()) {
    INFO(name);
    Workspace workspace;
    workspace.files = preset_workspace(name);
    for (const File& file : workspace.files) {
      INFO(file.path);
      const std::size_t schema = file.text.find("$schema=");
      if (schema == std::string::npos || file.path.ends_with(".json")) continue;
      const std::string up = file.path.find('/') == std::string::npos ? "" : "../";
      CHECK(file.text.compare(schema, 8 + up.size() + 7, "$schema=" + up + "schema/") == 0);
    }
    // files/ holds attachments, which are no part of what is compiled.
    std::erase_if(workspace.files,
                  [](const File& file) { return file.path.starts_with("files/"); });
    workspace.knows_files = false;
    const Compiled compiled = compile(workspace, test_options());
    REQUIRE(compiled.config != nullptr);
    const auto& book = *compiled.config->book;
    CHECK(book.current().size() >= 2);
    CHECK(book.current().size() <= 4);
    std::size_t value = 0;
    std::size_t offers = 0;
    std::size_t marketing = 0;
    for (const auto& [message, content] : compiled.config->messages) {
      const rules::Kind kind = content.kind();
      if (kind == rules::Kind::value) ++value;
      if (kind == rules::Kind::offer) ++offers;
      if (rules::is_marketing(kind)) ++marketing;
    }
    CHECK(offers >= 1);
    if (name == "expert") continue;  // smaller: its evergreen series is sent again and again
    CHECK(value * 10 >= marketing * 7);
    CHECK(offers * 10 <= marketing);
  }
}

}  // namespace
}  // namespace nurtured::config

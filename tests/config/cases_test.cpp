// Every file of cases/ is a workspace and the problems that it must give. A case's files replace
// or join those of small_workspace().
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::config {
namespace {

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_CASE("each faulty workspace gives all its problems, each at its place") {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator("tests/config/cases")) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  REQUIRE(paths.size() >= 10);
  for (const auto& path : paths) {
    INFO(path.string());
    Problems unreadable;
    const auto root = parse_yaml(read_text(path), path.string(), unreadable);
    REQUIRE(lines_of(unreadable.take()) == std::vector<std::string>{});
    Section section(*root, "", unreadable);
    section.require("about");
    section.text("about");
    Workspace workspace = small_workspace();
    for (const Entry& entry : section.node("files")->entries) {
      put(workspace, entry.key, entry.value.text);
    }
    for (const std::string& seen : section.texts("seen")) workspace.seen.push_back(seen);
    std::vector<std::string> expected;
    for (const Node& line : section.node("expect")->items) expected.push_back(line.text);
    section.finish();
    REQUIRE(lines_of(unreadable.take()) == std::vector<std::string>{});
    const Compiled compiled = compile(workspace, test_options());
    CHECK(lines_of(compiled.problems) == expected);
    CHECK((compiled.config == nullptr) == has_errors(compiled.problems));
  }
}

}  // namespace
}  // namespace nurtured::config

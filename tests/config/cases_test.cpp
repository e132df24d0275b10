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
    std::vector<std::string> own;
    for (const Entry& entry : section.node("files")->entries) {
      put(workspace, entry.key, entry.value.text);
      own.push_back(entry.key);
    }
    for (const std::string& seen : section.texts("seen")) workspace.seen.push_back(seen);
    std::vector<std::string> expected;
    for (const Node& line : section.node("expect")->items) expected.push_back(line.text);
    section.finish();
    REQUIRE(lines_of(unreadable.take()) == std::vector<std::string>{});
    const Compiled compiled = compile(workspace, test_options());
    std::vector<Problem> problems = compiled.problems;
    // The small workspace has messages for cases to send: none has to.
    std::erase_if(problems, [&](const Problem& problem) {
      return problem.name == "unused-message" &&
             std::find(own.begin(), own.end(), problem.place.path) == own.end();
    });
    CHECK(lines_of(problems) == expected);
    CHECK((compiled.config == nullptr) == has_errors(compiled.problems));
  }
}

}  // namespace
}  // namespace nurtured::config

#include "config/workspace.h"

#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::config {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / "nurtured-workspace-test") {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }

  void write(const std::string& name, const std::string& text = "x: y\n") const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  fs::path operator/(const std::string& name) const { return path_ / name; }
  std::string string() const { return path_.string(); }

 private:
  fs::path path_;
};

std::vector<std::string> paths_of(const Workspace& workspace) {
  std::vector<std::string> paths;
  for (const File& file : workspace.files) paths.push_back(file.path);
  return paths;
}

TEST_CASE("a workspace is what its folders hold, and nothing else") {
  const Folder folder;
  for (const char* name :
       {"nurtured.yaml", "events.yaml", "playbooks/a.yaml", "playbooks/b.yaml", "content/m.md",
        "content/m.ru.md", "content/layouts/l.html", "content/partials/p.md", "tests/t.yaml",
        "files/deep/er/picture.png", "files/guide.pdf", "README.md", ".git/config",
        "playbooks/.a.yaml.swp", "playbooks/a.yaml~", "playbooks/old.yml", "content/notes.txt",
        "other/x.yaml", "playbooks/deeper/c.yaml"}) {
    folder.write(name);
  }
  const auto workspace = read_workspace(folder.string());
  REQUIRE(workspace.has_value());
  CHECK(paths_of(*workspace) ==
        std::vector<std::string>{"content/layouts/l.html", "content/m.md", "content/m.ru.md",
                                 "content/partials/p.md", "events.yaml", "nurtured.yaml",
                                 "playbooks/a.yaml", "playbooks/b.yaml", "tests/t.yaml"});
  CHECK(workspace->seen == std::vector<std::string>{"content/notes.txt",
                                                    "files/deep/er/picture.png", "files/guide.pdf",
                                                    "playbooks/deeper/", "playbooks/old.yml"});
  CHECK(lines_of(workspace->problems) == std::vector<std::string>{});
  CHECK(workspace->source("events.yaml") == "x: y\n");
  CHECK(workspace->source("nobody.yaml").empty());
  CHECK(workspace->root == folder.string());
}

TEST_CASE("the path may name nurtured.yaml itself") {
  const Folder folder;
  folder.write("nurtured.yaml");
  const auto workspace = read_workspace((folder / "nurtured.yaml").string());
  REQUIRE(workspace.has_value());
  CHECK(workspace->root == folder.string());
}

TEST_CASE("a folder without nurtured.yaml, and no folder, are told apart from a broken one") {
  const Folder folder;
  CHECK(read_workspace(folder.string()).error().kind == base::ErrorKind::not_found);
  CHECK(read_workspace((folder / "absent").string()).error().kind == base::ErrorKind::not_found);
  folder.write("file");
  CHECK(read_workspace((folder / "file").string()).error().kind == base::ErrorKind::not_found);
}

TEST_CASE("nothing outside the folder is read through a link") {
  const Folder folder;
  folder.write("nurtured.yaml");
  folder.write("playbooks/a.yaml");
  fs::create_symlink("/etc/passwd", folder / "events.yaml");
  fs::create_symlink("/etc/hostname", folder / "playbooks/link.yaml");
  fs::create_directory_symlink("/etc", folder / "content");
  fs::create_directories(folder / "files");
  fs::create_symlink("/etc/passwd", folder / "files/p.txt");
  REQUIRE(::mkfifo((folder / "playbooks/fifo.yaml").c_str(), 0600) == 0);
  const auto workspace = read_workspace(folder.string());
  REQUIRE(workspace.has_value());
  CHECK(paths_of(*workspace) == std::vector<std::string>{"nurtured.yaml", "playbooks/a.yaml"});
  std::vector<std::string> refused;
  for (const Problem& problem : workspace->problems) refused.push_back(problem.place.path);
  std::sort(refused.begin(), refused.end());
  refused.erase(std::unique(refused.begin(), refused.end()), refused.end());
  CHECK(refused == std::vector<std::string>{"content", "content/layouts", "content/partials",
                                            "events.yaml", "files/p.txt", "playbooks/fifo.yaml",
                                            "playbooks/link.yaml"});
}

TEST_CASE("the workspace's folder itself may be a link") {
  const Folder folder;
  folder.write("real/nurtured.yaml");
  fs::create_directory_symlink(folder / "real", folder / "link");
  CHECK(read_workspace((folder / "link").string()).has_value());
}

TEST_CASE("a workspace is bounded in files and bytes") {
  const Folder folder;
  folder.write("nurtured.yaml");
  folder.write("playbooks/large.yaml", std::string(300, 'x'));
  folder.write("playbooks/a.yaml", std::string(90, 'x'));
  folder.write("playbooks/b.yaml", std::string(90, 'x'));
  const auto large = read_workspace(folder.string(), {.file_bytes_max = 200});
  REQUIRE(large.has_value());
  CHECK(lines_of(large->problems) ==
        std::vector<std::string>{
            "playbooks/large.yaml: error: this has more than 200 bytes; split it"});
  const auto total =
      read_workspace(folder.string(), {.file_bytes_max = 200, .total_bytes_max = 120});
  REQUIRE(total.has_value());
  CHECK(total->problems.size() == 2);
  const auto many = read_workspace(folder.string(), {.files_max = 3});
  REQUIRE(many.has_value());
  CHECK(many->problems.size() == 1);
}

TEST_CASE("problems of reading are problems of the workspace") {
  Workspace workspace = small_workspace();
  workspace.problems.push_back({Severity::error, {"playbooks/x.yaml", 0, 0, 1}, "", "bad", ""});
  const Compiled compiled = compile(workspace, test_options());
  CHECK(compiled.config == nullptr);
  CHECK(lines_of(compiled.problems) == std::vector<std::string>{"playbooks/x.yaml: error: bad"});
}

}  // namespace
}  // namespace nurtured::config

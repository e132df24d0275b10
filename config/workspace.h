// A workspace's files as texts in memory: read from a folder, from the binary (the default) or from
// the store (the applied book). What they mean is config/compile.h's business.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/problem.h"

namespace nurtured::config {

struct WorkspaceLimits {
  std::size_t files_max = 10'000;
  std::size_t file_bytes_max = std::size_t{1} << 20;
  std::size_t total_bytes_max = std::size_t{64} << 20;
};

struct File {
  std::string path;  // within the workspace, with slashes: "playbooks/welcome.yaml"
  std::string text;

  bool operator==(const File&) const = default;
};

struct Workspace {
  std::string root;         // the folder; empty for one that lives in memory
  std::vector<File> files;  // by path; what compile() reads
  // By path; there, and not read: files/*, stray files, and stray folders with a slash at the end.
  std::vector<std::string> seen;
  // False for texts that come without their folder (the applied book): nobody knows what files/
  // holds, and an attachment is looked for when its message leaves.
  bool knows_files = true;
  std::vector<Problem>
      problems;  // of single files that could not be read; compile() passes them on

  // nullptr when there is no such file.
  const File* find(std::string_view path) const;
  // For print_problems.
  std::string_view source(std::string_view path) const;
};

// `path` is the folder or its nurtured.yaml. Reads the root's *.yaml, playbooks/*.yaml,
// content/*.md, content/layouts, content/partials and tests/*.yaml, and lists files/*; hidden files
// and other folders of the root are passed over. Symbolic links inside are refused, so that nothing
// outside the folder is read. `not_found` when there is no folder or no nurtured.yaml in it.
base::Result<Workspace> read_workspace(const std::string& path, const WorkspaceLimits& limits = {});

// Whether that reads a file of this path, seen from the workspace: "playbooks/welcome.yaml".
bool is_read(std::string_view path);

// The workspaces that the program carries inside, which `nurtured init` writes. The default one is
// config/default of the source: SQLite, the `file` connector, one playbook. The others, sorted by
// name, are the folders of config/examples: whole workspaces for a trade.
inline constexpr std::string_view default_preset = "default";
std::vector<std::string> preset_names();
// Its files, and the schemas beside them, sorted by path. `name` is one of those or the default.
std::vector<File> preset_workspace(std::string_view name);

}  // namespace nurtured::config

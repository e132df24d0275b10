#include <algorithm>

#include "config/embedded.h"
#include "config/workspace.h"

namespace nurtured::config {

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.workspace.empty() || file.workspace == default_preset) continue;
    if (names.empty() || names.back() != file.workspace) names.emplace_back(file.workspace);
  }
  return names;
}

std::vector<File> preset_workspace(std::string_view name) {
  std::vector<File> files;
  for (const EmbeddedFile& file : embedded_files()) {
    if (!file.workspace.empty() && file.workspace != name) continue;
    files.push_back({std::string(file.path), std::string(file.text)});
  }
  std::sort(files.begin(), files.end(),
            [](const File& a, const File& b) { return a.path < b.path; });
  return files;
}

}  // namespace nurtured::config

#include "daemon/places.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace nurtured::daemon {
namespace {

constexpr std::string_view sqlite_scheme = "sqlite:";
constexpr std::string_view memory = "sqlite::memory:";
constexpr std::string_view default_store = "sqlite:nurtured.db";

std::string first_of_environment(const char* name) {
  // Read once, at the start, before there are other threads.
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr) return {};
  const std::string_view list(value);
  return std::string(list.substr(0, list.find(':')));
}

bool is_installed(std::string_view root) {
  return root == installed_config;
}

std::string below(std::string_view folder, std::string_view path) {
  if (folder.empty() || folder == ".") return std::string(path);
  return (std::filesystem::path(folder) / path).string();
}

}  // namespace

Surroundings read_surroundings() {
  return {.state_directory = first_of_environment("STATE_DIRECTORY"),
          .runtime_directory = first_of_environment("RUNTIME_DIRECTORY"),
          .credentials_directory = first_of_environment("CREDENTIALS_DIRECTORY")};
}

std::string read_boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

std::string workspace_folder(std::string_view config_path) {
  std::filesystem::path path(config_path);
  if (path.filename() == "nurtured.yaml") path = path.parent_path();
  if (!path.has_filename() && path.has_parent_path()) path = path.parent_path();
  return path.empty() ? "." : path.string();
}

std::string store_location(std::string_view store, std::string_view root,
                           const Surroundings& surroundings) {
  if (store == memory || !store.starts_with(sqlite_scheme)) return std::string(store);
  const std::string_view path = store.substr(sqlite_scheme.size());
  if (path.starts_with('/')) return std::string(store);
  std::string folder(root);
  if (!surroundings.state_directory.empty()) {
    folder = surroundings.state_directory;
  } else if (is_installed(root)) {
    folder = installed_state;
  }
  return std::string(sqlite_scheme) + below(folder, path);
}

std::string store_file(std::string_view location) {
  if (location == memory || !location.starts_with(sqlite_scheme)) return {};
  return std::string(location.substr(sqlite_scheme.size()));
}

std::string control_path(std::string_view root, std::string_view location,
                         const Surroundings& surroundings) {
  if (!surroundings.runtime_directory.empty()) {
    return below(surroundings.runtime_directory, "control");
  }
  if (is_installed(root)) return below(installed_runtime, "control");
  const std::string file = store_file(location);
  return file.empty() ? file : file + ".control";
}

std::string workspace_control_path(std::string_view root, const Surroundings& surroundings) {
  const bool is_fixed = !surroundings.runtime_directory.empty() || is_installed(root);
  return is_fixed ? std::string() : (std::filesystem::path(root) / ".nurtured.control").string();
}

std::string guess_store(std::string_view settings_text) {
  constexpr std::string_view key = "store:";
  while (!settings_text.empty()) {
    const std::size_t end = settings_text.find('\n');
    std::string_view line = settings_text.substr(0, end);
    settings_text.remove_prefix(end == std::string_view::npos ? settings_text.size() : end + 1);
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    const std::size_t start = line.find_first_not_of(" \t\"'");
    if (start == std::string_view::npos) break;
    line = line.substr(start);
    line = line.substr(0, line.find_first_of(" \t\r\"'"));
    if (line.starts_with(sqlite_scheme)) return std::string(line);
  }
  return std::string(default_store);
}

}  // namespace nurtured::daemon

#include "config/workspace.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/descriptor.h"

namespace nurtured::config {
namespace {

using base::ErrorKind;

std::string reason(int error_number) {
  return std::generic_category().message(error_number);
}

// The folders that are read, the endings that count there, and whether they are read or listed.
struct Folder {
  std::string_view path;  // "" is the root
  std::array<std::string_view, 2> endings;
  bool is_listed = false;  // names alone, with the folders inside
};
constexpr std::array folders{
    Folder{"", {".yaml", ""}},
    Folder{"playbooks", {".yaml", ""}},
    Folder{"content", {".md", ""}},
    Folder{"content/layouts", {".html", ""}},
    Folder{"content/partials", {".md", ".html"}},
    Folder{"tests", {".yaml", ""}},
    Folder{"files", {}, true},
};

bool has_ending(std::string_view name, const Folder& folder) {
  return std::any_of(folder.endings.begin(), folder.endings.end(), [&](std::string_view e) {
    return !e.empty() && name.size() > e.size() && name.ends_with(e);
  });
}

// Folders within files/ that are listed, one in another.
constexpr int listed_depth_max = 8;

class Reader {
 public:
  Reader(Workspace& workspace, const WorkspaceLimits& limits)
      : workspace_(workspace), limits_(limits) {}

  void read_folder(int root, const Folder& folder) {
    const Descriptor fd = folder.path.empty() ? Descriptor(::dup(root)) : open_below(root, folder);
    if (fd.get() < 0) return;
    if (folder.is_listed) {
      list_folder(fd.get(), std::string(folder.path), 0);
      return;
    }
    for (const std::string& name : names_in(fd.get(), std::string(folder.path))) {
      const std::string path = folder.path.empty() ? name : std::string(folder.path) + "/" + name;
      if (has_ending(name, folder)) {
        read_file(fd.get(), name, path);
      } else if (!folder.path.empty() || name.ends_with(".yml")) {
        note_stray(fd.get(), name, path);
      }
    }
  }

 private:
  // Component by component and never through a link. A folder that is not there is an empty one.
  Descriptor open_below(int root, const Folder& folder) {
    Descriptor at(::dup(root));
    std::string_view rest = folder.path;
    while (!rest.empty() && at.get() >= 0) {
      const std::string name(rest.substr(0, rest.find('/')));
      rest.remove_prefix(std::min(rest.size(), name.size() + 1));
      at = descend(at.get(), name, folder.path);
    }
    return at;
  }

  Descriptor descend(int parent, const std::string& name, std::string_view path) {
    Descriptor fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (fd.get() < 0 && errno != ENOENT) {
      const bool is_link = errno == ELOOP || errno == ENOTDIR;
      problem(std::string(path), is_link ? "is no folder" : "cannot be read: " + reason(errno),
              is_link ? "put the folder itself here, not a link to it" : "");
    }
    return fd;
  }

  std::vector<std::string> names_in(int fd, const std::string& path) {
    std::vector<std::string> names;
    Descriptor copy(::dup(fd));
    DIR* const folder = ::fdopendir(copy.get());
    if (folder == nullptr) {
      problem(path, "cannot be listed: " + reason(errno), "");
      return names;
    }
    copy.release();
    ::rewinddir(folder);
    // readdir is safe here: the stream is this function's own.
    while (const dirent* entry = ::readdir(folder)) {  // NOLINT(concurrency-mt-unsafe)
      const std::string_view name = static_cast<const char*>(entry->d_name);
      if (name.starts_with('.')) continue;
      if (++counted_ > limits_.files_max) {
        if (counted_ == limits_.files_max + 1) {
          problem(path, fmt::format("the workspace has more than {} files", limits_.files_max),
                  "keep what the daemon does not read elsewhere");
        }
        break;
      }
      names.emplace_back(name);
    }
    ::closedir(folder);
    std::sort(names.begin(), names.end());
    return names;
  }

  void list_folder(int fd, const std::string& path, int depth) {
    for (const std::string& name : names_in(fd, path)) {
      const std::string inner = path + "/" + name;
      struct stat status{};
      if (::fstatat(fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
      if (S_ISREG(status.st_mode)) {
        workspace_.seen.push_back(inner);
      } else if (S_ISDIR(status.st_mode) && depth < listed_depth_max) {
        const Descriptor below = descend(fd, name, inner);
        if (below.get() >= 0) list_folder(below.get(), inner, depth + 1);
      } else {
        problem(inner, "is neither a file nor a folder that is read here",
                "put the file itself here, not a link to it");
      }
    }
  }

  void note_stray(int fd, const std::string& name, const std::string& path) {
    struct stat status{};
    if (::fstatat(fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    const bool is_known = std::any_of(folders.begin(), folders.end(),
                                      [&](const Folder& folder) { return folder.path == path; });
    if (is_known) return;
    // What editors leave behind is nobody's mistake.
    if (name.ends_with('~') || name.ends_with('#')) return;
    workspace_.seen.push_back(S_ISDIR(status.st_mode) ? path + "/" : path);
  }

  void read_file(int folder, const std::string& name, const std::string& path) {
    const Descriptor fd(
        ::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (fd.get() < 0) {
      const bool is_link = errno == ELOOP;
      problem(path, is_link ? "is a symbolic link" : "cannot be read: " + reason(errno),
              is_link ? "put the file itself here, so that nothing outside is read" : "");
      return;
    }
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
      problem(path, "is no plain file", "");
      return;
    }
    auto text = read_all(fd.get());
    if (!text) {
      problem(path, text.error().message, text.error().remedy);
      return;
    }
    total_ += text->size();
    if (total_ > limits_.total_bytes_max) {
      problem(path,
              fmt::format("the workspace has more than {} bytes of text", limits_.total_bytes_max),
              "keep what the daemon does not read elsewhere");
      return;
    }
    workspace_.files.push_back({path, std::move(*text)});
  }

  base::Result<std::string> read_all(int fd) const {
    std::string text;
    std::array<char, 16384> buffer{};
    while (text.size() <= limits_.file_bytes_max) {
      const ssize_t count = ::read(fd, buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return base::fail("cannot be read: " + reason(errno));
      if (count == 0) return text;
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return base::fail(ErrorKind::too_large,
                      fmt::format("has more than {} bytes", limits_.file_bytes_max), "split it");
  }

  void problem(const std::string& path, std::string message, std::string remedy) {
    const bool is_whole = message.starts_with("the workspace");
    workspace_.problems.push_back({Severity::error,
                                   {path, 0, 0, 1},
                                   {},
                                   (is_whole ? "" : "this ") + std::move(message),
                                   std::move(remedy)});
  }

  Workspace& workspace_;
  const WorkspaceLimits& limits_;
  std::size_t counted_ = 0;
  std::size_t total_ = 0;
};

// The folder that `path` means: itself, or that of the nurtured.yaml it names.
std::string folder_of(const std::string& path) {
  constexpr std::string_view settings = "nurtured.yaml";
  if (path == settings) return ".";
  const std::string ending = "/" + std::string(settings);
  if (path.ends_with(ending)) {
    const std::string folder = path.substr(0, path.size() - ending.size());
    return folder.empty() ? "/" : folder;
  }
  return path.empty() ? "." : path;
}

}  // namespace

const File* Workspace::find(std::string_view path) const {
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const File& file) { return file.path == path; });
  return found == files.end() ? nullptr : &*found;
}

std::string_view Workspace::source(std::string_view path) const {
  const File* file = find(path);
  return file == nullptr ? std::string_view() : std::string_view(file->text);
}

bool is_read(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = path.substr(slash + 1);
  const std::string_view in = slash == std::string_view::npos ? "" : path.substr(0, slash);
  return !name.starts_with('.') &&
         std::any_of(folders.begin(), folders.end(), [&](const Folder& folder) {
           return folder.path == in && has_ending(name, folder);
         });
}

base::Result<Workspace> read_workspace(const std::string& path, const WorkspaceLimits& limits) {
  Workspace workspace;
  workspace.root = folder_of(path);
  const Descriptor root(::open(workspace.root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (root.get() < 0) {
    return base::fail(
        errno == ENOENT || errno == ENOTDIR ? ErrorKind::not_found : ErrorKind::denied,
        "the workspace " + workspace.root + " cannot be read: " + reason(errno),
        "name a folder with --config, or make one with `nurtured init`");
  }
  Reader reader(workspace, limits);
  for (const Folder& folder : folders) reader.read_folder(root.get(), folder);
  const auto is_settings = [](const auto& entry) { return entry == "nurtured.yaml"; };
  const bool was_refused =
      std::any_of(workspace.problems.begin(), workspace.problems.end(),
                  [&](const Problem& problem) { return is_settings(problem.place.path); });
  if (workspace.find("nurtured.yaml") == nullptr && !was_refused) {
    return base::fail(ErrorKind::not_found, "there is no nurtured.yaml in " + workspace.root,
                      "name another folder with --config, or make one with `nurtured init`");
  }
  std::sort(workspace.files.begin(), workspace.files.end(),
            [](const File& a, const File& b) { return a.path < b.path; });
  std::sort(workspace.seen.begin(), workspace.seen.end());
  return workspace;
}

}  // namespace nurtured::config

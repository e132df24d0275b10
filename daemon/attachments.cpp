#include "daemon/attachments.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace nurtured::daemon {
namespace {

class FileHandle {
 public:
  explicit FileHandle(int descriptor) : descriptor_(descriptor) {}
  ~FileHandle() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

struct FileType {
  std::string_view ending;
  std::string_view content_type;
  std::string_view charset = {};  // what people write today, where the file itself cannot say
};

FileType file_type(const std::string& name) {
  constexpr std::array types = {
      FileType{".pdf", "application/pdf"},
      FileType{".png", "image/png"},
      FileType{".jpg", "image/jpeg"},
      FileType{".jpeg", "image/jpeg"},
      FileType{".gif", "image/gif"},
      FileType{".webp", "image/webp"},
      FileType{".txt", "text/plain", "utf-8"},
      FileType{".csv", "text/csv", "utf-8"},
      FileType{".ics", "text/calendar", "utf-8"},
      FileType{".zip", "application/zip"},
      FileType{".mp3", "audio/mpeg"},
      FileType{".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
  };
  const auto* found = std::ranges::find_if(
      types, [&](const FileType& type) { return name.ends_with(type.ending); });
  return found == types.end() ? FileType{"", "application/octet-stream"} : *found;
}

base::Result<std::string> read_beneath(const std::string& root, const std::string& path) {
  const auto fail = [&](base::ErrorKind kind, const std::string& why) {
    return base::fail(kind, "the attachment " + path + " " + why);
  };
  const FileHandle folder(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return fail(base::ErrorKind::not_found, "has no workspace to be read from");
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const FileHandle file(
      static_cast<int>(::syscall(SYS_openat2, folder.get(), path.c_str(), &how, sizeof how)));
  if (file.get() < 0) {
    return fail(errno == ENOENT ? base::ErrorKind::not_found : base::ErrorKind::denied,
                "cannot be read: " + std::generic_category().message(errno));
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(base::ErrorKind::invalid, "is not a file");
  }
  if (static_cast<std::size_t>(status.st_size) > attachment_bytes_max) {
    return fail(base::ErrorKind::too_large, "is larger than 10 MB");
  }
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace

base::Result<std::vector<connectors::Attachment>> read_attachments(
    const std::string& root, const std::vector<std::string>& paths) {
  std::vector<connectors::Attachment> attachments;
  std::size_t total = 0;
  for (const auto& path : paths) {
    auto bytes = read_beneath(root, path);
    if (!bytes) return base::fail(bytes.error());
    total += bytes->size();
    if (total > attachments_bytes_max) {
      return base::fail(base::ErrorKind::too_large,
                        "the attachments together are larger than 20 MB");
    }
    std::string name = std::filesystem::path(path).filename().string();
    const FileType type = file_type(name);
    attachments.push_back({.name = std::move(name),
                           .content_type = std::string(type.content_type),
                           .bytes = *std::move(bytes),
                           .charset = std::string(type.charset)});
  }
  return attachments;
}

}  // namespace nurtured::daemon

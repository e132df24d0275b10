#include "daemon/cli/replace_file.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nurtured::daemon::cli {
namespace {

using base::ErrorKind;
using base::Result;

constexpr mode_t readable_by_all = 0644;
constexpr std::size_t name_bytes_max = 60;

Result<void> disk_error(const std::string& path, int code) {
  return base::fail(ErrorKind::disk,
                    path + " cannot be written: " + std::generic_category().message(code));
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

Result<void> replace_file(const std::string& path, std::string_view text) {
  std::error_code unresolved;
  const auto real = std::filesystem::canonical(path, unresolved);
  const std::string target = unresolved ? path : real.string();
  struct stat former{};
  const bool is_there = ::stat(target.c_str(), &former) == 0;
  std::string aside = target + ".XXXXXX";
  const int file = ::mkostemp(aside.data(), O_CLOEXEC);
  if (file < 0) return disk_error(path, errno);
  const bool written = write_all(file, text) &&
                       ::fchmod(file, is_there ? former.st_mode & 07777U : readable_by_all) == 0 &&
                       ::fsync(file) == 0;
  int fault = written ? 0 : errno;
  if (::close(file) != 0 && fault == 0) fault = errno;
  if (fault == 0 && std::rename(aside.c_str(), target.c_str()) != 0) fault = errno;
  if (fault == 0) return {};
  ::unlink(aside.c_str());
  return disk_error(path, fault);
}

Result<std::string> write_private_file(std::string_view name, std::string_view ending,
                                       std::string_view text) {
  std::string plain(name.substr(0, name_bytes_max));
  for (char& c : plain) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!is_plain) c = '_';
  }
  std::error_code unknown;
  const auto folder = std::filesystem::temp_directory_path(unknown);
  if (unknown) return base::fail(ErrorKind::disk, "there is no folder for temporary files");
  std::string path = (folder / ("nurtured-" + plain + "-XXXXXX")).string();
  path += ending;
  // It is made with mode 0600.
  const int file = ::mkostemps(path.data(), static_cast<int>(ending.size()), O_CLOEXEC);
  if (file < 0) return base::fail(disk_error(path, errno).error());
  const int fault = write_all(file, text) ? 0 : errno;
  if (::close(file) == 0 && fault == 0) return path;
  ::unlink(path.c_str());
  return base::fail(disk_error(path, fault).error());
}

}  // namespace nurtured::daemon::cli

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

}  // namespace nurtured::daemon::cli

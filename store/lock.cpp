#include "store/lock.h"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace nurtured::store {
namespace {

using base::ErrorKind;
using base::Result;

ErrorKind kind_of(int number) {
  switch (number) {
    case ENOENT:
      return ErrorKind::not_found;
    case EACCES:
    case EPERM:
      return ErrorKind::denied;
    case EEXIST:
      return ErrorKind::conflict;
    default:
      return ErrorKind::disk;
  }
}

std::string owner_in(const File& file) {
  std::array<char, 16> text{};
  const ssize_t count = ::pread(file.descriptor(), text.data(), text.size(), 0);
  std::string owner(text.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
  owner.erase(std::find_if(owner.begin(), owner.end(), [](char c) { return c < '0' || c > '9'; }),
              owner.end());
  return owner;
}

}  // namespace

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

base::Error system_error(int number, const std::string& what, const std::string& path) {
  return {kind_of(number), what + ": " + std::generic_category().message(number), {}, {path}};
}

Result<File> open_file(const std::string& path, int flags) {
  File file(::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) return base::fail(system_error(errno, "cannot open the file", path));
  return file;
}

Result<File> lock_store(const std::string& path) {
  auto file = open_file(path, O_RDWR | O_CREAT);
  if (!file) return file;
  if (::flock(file->descriptor(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return base::fail(system_error(errno, "cannot lock", path));
    const std::string owner = owner_in(*file);
    return base::fail(base::Error{
        ErrorKind::conflict,
        "the store is in use by " + (owner.empty() ? "another process" : "process " + owner),
        "stop it, or ask it through its control socket",
        {path}});
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file->descriptor(), 0) != 0 ||
      ::pwrite(file->descriptor(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return base::fail(system_error(errno, "cannot write the lock", path));
  }
  return file;
}

}  // namespace nurtured::store

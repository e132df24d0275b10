// One process a store: an advisory lock on a file beside it (flock), which the kernel releases
// however the process ends. Inside store/, and for what the daemon does with files beside the
// store: the restore, which replaces it, and the crash record.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace nurtured::store {

// An open file descriptor, closed when it goes.
class File {
 public:
  File() = default;
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File();
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }

  int descriptor() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

// open(2) with O_CLOEXEC; files it makes have mode 0600. `not_found`, `denied` or `disk`.
base::Result<File> open_file(const std::string& path, int flags);
// The error that `errno` stands for, about that file.
base::Error system_error(int number, const std::string& what, const std::string& path);

// Held as long as the File lives. The file holds the owner's pid as text, for the message to a
// second one: `conflict`.
base::Result<File> lock_store(const std::string& path);

}  // namespace nurtured::store

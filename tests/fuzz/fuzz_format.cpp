// The formatter on arbitrary files: it settles at once, and says why where it does nothing. What it
// cannot write without changing what the file means it refuses by itself. The first byte says
// whether the rest is YAML or a message.
#include <cstddef>
#include <cstdint>
#include <string>

#include "config/format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nurtured::config;
  if (size == 0) return 0;
  const File file{data[0] % 2 == 0 ? "a.yaml" : "a.md",
                  std::string(reinterpret_cast<const char*>(data) + 1, size - 1)};
  Problems problems;
  const auto once = format_file(file, problems);
  if (!once && !problems.has_errors()) __builtin_trap();
  if (once && format_file({file.path, *once}, problems) != once) __builtin_trap();
  return 0;
}

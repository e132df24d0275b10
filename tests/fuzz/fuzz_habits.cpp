// The reader of habits on arbitrary text, beside a small workspace that is right.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/compile.h"
#include "config/habits.h"

namespace {

using namespace nurtured::config;

std::shared_ptr<const Config> small() {
  Workspace workspace;
  workspace.files = {
      {"content/hello.md", "---\nkind: value\nsubject: Hello\n---\nHello!\n"},
      {"nurtured.yaml", "connectors: {out: {type: file}}\nchannels: {email: out}\n"},
  };
  return compile(workspace, {}).config;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto config = small();
  Problems problems;
  const auto habits = read_habits(std::string_view(reinterpret_cast<const char*>(data), size),
                                  "habits.yaml", *config->book, problems);
  if (habits.has_value() == problems.has_errors()) __builtin_trap();
  return 0;
}

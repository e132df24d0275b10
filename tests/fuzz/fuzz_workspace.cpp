// The workspace reader and compiler on arbitrary files: the first line says which file the rest is,
// beside a small workspace that is right.
#include <array>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>

#include "config/compile.h"
#include "config/problem.h"

namespace {

using namespace nurtured::config;

constexpr std::array<std::string_view, 6> paths{"playbooks/p.yaml", "nurtured.yaml",
                                                "events.yaml",      "touchpoints.yaml",
                                                "content/more.md",  "content/hello.ru.md"};

Workspace small() {
  Workspace workspace;
  workspace.files = {
      {"content/hello.md", "---\nkind: value\nsubject: Hello\n---\nHello!\n"},
      {"nurtured.yaml", "connectors: {out: {type: file}}\nchannels: {email: out}\n"},
  };
  return workspace;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view path = paths[data[0] % paths.size()];
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Workspace workspace = small();
  std::erase_if(workspace.files, [&](const File& file) { return file.path == path; });
  workspace.files.push_back({std::string(path), text});
  const Compiled compiled = compile(workspace, {});
  if ((compiled.config == nullptr) != has_errors(compiled.problems)) __builtin_trap();
  std::ostringstream out;
  print_problems(out, compiled.problems,
                 [&](std::string_view name) { return workspace.source(name); });
  if (problems_json(compiled.problems).empty()) __builtin_trap();
  return 0;
}

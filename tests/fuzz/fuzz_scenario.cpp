// The reader of scenarios on arbitrary files, with the names of a small workspace and without.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include "config/compile.h"
#include "config/problem.h"
#include "config/scenario_reader.h"

namespace {

using namespace nurtured::config;

Workspace small() {
  Workspace workspace;
  workspace.files = {
      {"content/hello.md",
       "---\nkind: value\nsubject: Hello\nbuttons: [{id: more, text: More, url: "
       "https://example.org}]\n---\nHello!\n"},
      {"events.yaml", "events: {paid: {properties: {at: timestamp, total: double}}}\n"},
      {"nurtured.yaml", "connectors: {out: {type: file}}\nchannels: {email: out}\n"},
      {"playbooks/p.yaml", "start: paid\nsteps: [{send: hello}]\n"},
  };
  return workspace;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Compiled compiled = compile(small(), {});
  Workspace workspace;
  workspace.files = {{"tests/t.yaml", std::string(reinterpret_cast<const char*>(data), size)}};
  for (const Config* config : {compiled.config.get(), static_cast<const Config*>(nullptr)}) {
    Problems problems;
    for (const Scenario& scenario : read_scenarios(workspace, config, problems)) {
      if (scenario.contacts.empty() || scenario.until < scenario.start) __builtin_trap();
    }
    std::ostringstream out;
    print_problems(out, problems.take(),
                   [&](std::string_view name) { return workspace.source(name); });
  }
  return 0;
}

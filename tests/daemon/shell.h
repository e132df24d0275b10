// The program as its user has it: commands with their arguments, what they print and how they end.
#pragma once

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "daemon/cli/cli.h"
#include "tests/daemon/operator_world.h"

namespace nurtured::tests {

using Arguments = std::vector<std::string>;

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
};

// A shell in which one command after the other is run.
class Shell {
 public:
  Shell() { write_small_workspace(folder_); }

  Ran run(Arguments arguments, const std::string& input = {}) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    daemon::cli::Console console{.in = in, .out = out, .err = err};
    const daemon::cli::World world{
        .clock = clock_,
        .surroundings = {},
        .run_daemon = [this](const std::string& config, const std::string& level) {
          daemon_ = config + " " + level;
          return 0;
        }};
    if (arguments.empty() || arguments.front() != "--config") {
      arguments.insert(arguments.begin(), {"--config", folder_.path()});
    }
    const int status = daemon::cli::run(arguments, console, world);
    return {status, out.str(), err.str()};
  }

  const TemporaryFolder& folder() const { return folder_; }
  const std::string& daemon() const { return daemon_; }
  base::VirtualClock& clock() { return clock_; }

 private:
  TemporaryFolder folder_;
  base::VirtualClock clock_{at("2026-03-01T10:00:00Z")};
  std::string daemon_;
};

inline std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace nurtured::tests

// The command line: what main() calls, with everything it touches handed in, so that tests run
// commands with string streams. A command is read here, done by the daemon over its control socket
// or by this process, and printed (CONTRACT section 5).
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/instant.h"
#include "daemon/places.h"

namespace nurtured::daemon::cli {

// Exit statuses.
inline constexpr int done = 0;
inline constexpr int found_problem = 1;
inline constexpr int wrong_usage = 2;

struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool interactive_in = false;  // a person types: filters answer each line at once
  bool colour = false;          // complaints may be coloured
  bool shows_progress = false;  // `err` is a terminal: a line of it may be written anew
};

struct World {
  const base::Clock& clock;
  Surroundings surroundings;
  // `run`: takes the workspace and the log level.
  std::function<int(const std::string& config, const std::string& log_level)> run_daemon;
};

// `arguments` without the program's name. Never throws for what they or the files say.
int run(const std::vector<std::string>& arguments, Console& console, const World& world);

}  // namespace nurtured::daemon::cli

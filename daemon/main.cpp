#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <unistd.h>

#include "daemon/app.h"
#include "daemon/cli/cli.h"
#include "daemon/system_clock.h"

int main(int count, char** arguments) {
  using namespace nurtured::daemon;
  // A reader that went away is a write that fails, and no reason to die in the middle of one.
  std::signal(SIGPIPE, SIG_IGN);
  std::ios::sync_with_stdio(false);
  std::cin.tie(nullptr);
  const SystemClock clock;
  const char* no_color = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe)
  cli::Console console{
      .in = std::cin,
      .out = std::cout,
      .err = std::cerr,
      .interactive_in = ::isatty(STDIN_FILENO) == 1,
      .colour = ::isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0'),
      .shows_progress = ::isatty(STDERR_FILENO) == 1};
  const cli::World world{.clock = clock,
                         .surroundings = read_surroundings(),
                         .run_daemon = [](const std::string& config, const std::string& log_level) {
                           return run_daemon({.config = config, .log_level = log_level});
                         }};
  const int status = cli::run({arguments + 1, arguments + count}, console, world);
  std::cout.flush();
  return std::cout ? status : cli::found_problem;
}

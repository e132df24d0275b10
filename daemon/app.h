// The daemon as a whole: builds everything in the order in which it lives, runs until told to stop,
// and takes it down again. The only place that names the real clock.
#pragma once

#include <string>

namespace nurtured::daemon {

struct RunOptions {
  std::string config = "/etc/nurtured";  // a workspace's folder, or its nurtured.yaml
  std::string log_level = "info";        // spdlog's names: trace debug info warn error
};

// Blocks until SIGTERM or SIGINT has drained it. 0: it ended as asked; 1: it could not start or had
// to end (the log says why).
int run_daemon(const RunOptions& options);

}  // namespace nurtured::daemon

// A command's question to the running daemon over its control socket (daemon/control_server.h).
#pragma once

#include <string>
#include <string_view>

#include "base/instant.h"
#include "base/result.h"
#include "daemon/operations.h"
#include "rules/cel/value.h"

namespace nurtured::daemon {

// A reload of a large workspace and a backup of a large store take their time.
inline constexpr base::Milliseconds control_time_max = std::chrono::minutes{30};

// Blocks until the answer is there. `not_found` when no daemon listens at `path`, `denied` when it
// is not for us, `unavailable` when it does not answer in time, and the daemon's own errors.
base::Result<Answer> ask_daemon(const std::string& path, std::string_view operation,
                                const cel::Value& request,
                                base::Milliseconds time_max = control_time_max);

// False when surely nobody listens there; a socket that we may not use counts as true.
bool daemon_listens(const std::string& path);

}  // namespace nurtured::daemon

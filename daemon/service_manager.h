// What systemd is told (sd_notify(3)); nothing happens where no service manager listens.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace nurtured::daemon {

void tell_ready(const std::string& status);
void tell_reloading();
void tell_stopping();
void tell_status(const std::string& status);
// The watchdog's sign of life: called by the engine's own loop, so that a loop that hangs is seen.
void tell_alive();

}  // namespace nurtured::daemon

#include "daemon/service_manager.h"

#include <ctime>

#include <systemd/sd-daemon.h>

namespace nurtured::daemon {
namespace {

void tell(const std::string& state) {
  // A negative answer means that the manager has gone, which changes nothing for us.
  static_cast<void>(sd_notify(0, state.c_str()));
}

}  // namespace

void tell_ready(const std::string& status) {
  tell("READY=1\nSTATUS=" + status);
}

void tell_reloading() {
  // Type=notify-reload of newer systemd wants the moment as well; older ones ignore the line.
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const long long micros = static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(micros));
}

void tell_stopping() {
  tell("STOPPING=1\nSTATUS=Finishing what was taken");
}

void tell_status(const std::string& status) {
  tell("STATUS=" + status);
}

void tell_alive() {
  tell("WATCHDOG=1");
}

}  // namespace nurtured::daemon

// Where a workspace's store and control socket lie, the same for the daemon and for the commands
// that look for it (CONTRACT sections 5 and 7). Pure, but for the two functions that read the
// environment.
#pragma once

#include <string>
#include <string_view>

namespace nurtured::daemon {

// The installed workspace, and where systemd/nurtured.service keeps its state and socket.
inline constexpr std::string_view installed_config = "/etc/nurtured";
inline constexpr std::string_view installed_state = "/var/lib/nurtured";
inline constexpr std::string_view installed_runtime = "/run/nurtured";

// What systemd tells a service through its environment; each is empty where it is not set.
struct Surroundings {
  std::string state_directory;
  std::string runtime_directory;
  std::string credentials_directory;
};

// $STATE_DIRECTORY, $RUNTIME_DIRECTORY and $CREDENTIALS_DIRECTORY; of a list with colons
// (systemd.exec(5)) the first.
Surroundings read_surroundings();

// Names this boot of the machine (random(4), boot_id); empty where the kernel does not tell.
std::string read_boot_id();

// The folder that --config means: itself, or that of the nurtured.yaml that it names.
std::string workspace_folder(std::string_view config_path);

// nurtured.yaml's `store` as store::open() takes it: a relative SQLite path is put below
// $STATE_DIRECTORY, else below the workspace `root`. The installed workspace has its state in
// /var/lib/nurtured, also for an operator's shell, where systemd set nothing.
std::string store_location(std::string_view store, std::string_view root,
                           const Surroundings& surroundings);

// The file of an SQLite location; empty for one that has none ("sqlite::memory:").
std::string store_file(std::string_view location);

// The control socket: $RUNTIME_DIRECTORY/control, /run/nurtured/control for the installed
// workspace, else STORE.control beside the store. Empty where there is no place for one.
std::string control_path(std::string_view root, std::string_view location,
                         const Surroundings& surroundings);

// Where a daemon listens as well while control_path() depends on the store: a hidden socket in the
// workspace, so that commands find it after `store:` was edited. Empty where control_path() does
// not move.
std::string workspace_control_path(std::string_view root, const Surroundings& surroundings);

// The value of `store:` in a nurtured.yaml that does not compile: a start with broken files must
// still find the store that holds the applied book. The default where it cannot be told.
std::string guess_store(std::string_view settings_text);

}  // namespace nurtured::daemon

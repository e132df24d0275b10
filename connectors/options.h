// Reading the keys that connectors share from their sections of nurtured.yaml.
#pragma once

#include <initializer_list>
#include <string_view>

#include "config/section.h"
#include "connectors/connector.h"

namespace nurtured::connectors {

inline constexpr int concurrency_max = 1000;

// SCHEME HOST, with a port or without, and nothing behind it.
bool is_server_url(std::string_view url, std::initializer_list<std::string_view> schemes);

// `rate` and `concurrency`, or the descriptor's.
Limits read_limits(config::Section& section, const Limits& fallback);

}  // namespace nurtured::connectors

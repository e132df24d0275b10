// What is known of the connector behind a channel. Pure.
#pragma once

#include <string_view>

#include "config/config.h"
#include "connectors/connector.h"

namespace nurtured::daemon {

// nullptr where the workspace has no such channel, or nothing to carry it.
const connectors::Descriptor* descriptor_of(const config::Config& config, std::string_view channel);

}  // namespace nurtured::daemon

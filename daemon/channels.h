// What is known of connectors by their type, and of the one behind a channel. Pure.
#pragma once

#include <string_view>

#include "config/config.h"
#include "connectors/connector.h"

namespace nurtured::daemon {

// nullptr where the workspace has no such connector.
const connectors::Descriptor* connector_descriptor(const config::Config& config,
                                                   std::string_view connector);
// nullptr where the workspace has no such channel, or nothing to carry it.
const connectors::Descriptor* descriptor_of(const config::Config& config, std::string_view channel);

}  // namespace nurtured::daemon

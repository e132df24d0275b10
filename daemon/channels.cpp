#include "daemon/channels.h"

#include "connectors/registry.h"

namespace nurtured::daemon {

const connectors::Descriptor* connector_descriptor(const config::Config& config,
                                                   std::string_view connector) {
  const auto found = config.connectors.find(connector);
  return found == config.connectors.end() ? nullptr
                                          : connectors::find_descriptor(found->second.type);
}

const connectors::Descriptor* descriptor_of(const config::Config& config,
                                            std::string_view channel) {
  const auto& channels = config.book->settings().channels;
  const auto found = channels.find(channel);
  return found == channels.end() ? nullptr : connector_descriptor(config, found->second.connector);
}

}  // namespace nurtured::daemon

#include "daemon/channels.h"

#include "connectors/registry.h"

namespace nurtured::daemon {

const connectors::Descriptor* descriptor_of(const config::Config& config,
                                            std::string_view channel) {
  const auto& channels = config.book->settings().channels;
  const auto found = channels.find(channel);
  if (found == channels.end()) return nullptr;
  const auto connector = config.connectors.find(found->second.connector);
  if (connector == config.connectors.end()) return nullptr;
  return connectors::find_descriptor(connector->second.type);
}

}  // namespace nurtured::daemon

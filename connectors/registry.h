// All types of connectors there are. A new one is one line in registry.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "config/section.h"
#include "connectors/chat.h"
#include "connectors/connector.h"

namespace boost::asio {
class io_context;
}
namespace nurtured::http {
class Client;
}

namespace nurtured::connectors {

// What connectors are built from; all of it outlives them.
struct Environment {
  boost::asio::io_context& io;
  http::Client& client;
  const base::Clock& clock;
  std::string folder;            // where relative paths start
  std::string webhook_url = {};  // where a provider posts to: PUBLIC_URL/hooks/NAME; empty: nowhere
};

// Sorted by name.
std::vector<const Descriptor*> descriptors();
// nullptr for an unknown type.
const Descriptor* find_descriptor(std::string_view type);

// Reads a connector's section (whose `type` has been read) and builds it. nullptr when the section
// has faults: they are in its problems. finish() is the caller's.
std::unique_ptr<Connector> make_connector(std::string_view type, config::Section& section,
                                          const Environment& environment);

// Likewise what it offers of chats beside sending. nullopt for a type without chats, and when the
// section has faults.
std::optional<ChatSide> make_chat_side(std::string_view type, config::Section& section);

// For config/: names, and the check that make_connector does, without building anything.
config::ConnectorTypes connector_types();

}  // namespace nurtured::connectors

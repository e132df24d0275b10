// What people do in a messenger, as inputs to the engine: the seam between a connector that listens
// (connectors/chat.h) and everything that acts. Pure.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "config/config.h"
#include "connectors/chat.h"
#include "daemon/inputs.h"
#include "daemon/links.h"

namespace nurtured::daemon {

// A link to a contact's page answers for this long after the message that held it.
inline constexpr base::Milliseconds answer_link_max = std::chrono::hours{24 * 30};

// One connector's chats.
struct ChatContext {
  const config::Config& config;
  const LinkSigner& signer;
  std::string_view connector;
};

// In their order; the same update gives inputs that the engine takes once. What a human writes in a
// chat of `handoff.to` in reply to what they were told goes to that contact, `/back` gives it back;
// all other talk in groups is none of ours. Empty also where no channel uses the connector.
std::vector<EngineInput> inputs_of_chat(const ChatContext& context,
                                        const std::vector<connectors::ChatUpdate>& updates,
                                        base::Instant now);

// The first channel that the connector carries, whose addresses are its chats; empty: none does.
std::string channel_of(const config::Config& config, std::string_view connector);

// What the connectors of a workspace offer of chats, by the connector's name. Without `secrets`
// only the links are of use.
std::map<std::string, connectors::ChatSide, std::less<>> chat_sides(const config::Config& config,
                                                                    const config::Secrets* secrets);

// By channel: the links that open a chat there and bring `payload` along. Only those that can be
// made.
std::map<std::string, std::string, std::less<>> start_links(
    const config::Config& config,
    const std::map<std::string, connectors::ChatSide, std::less<>>& sides,
    std::string_view payload);

}  // namespace nurtured::daemon

// From a delivery that may leave to what its connector is to send: the message in the contact's
// language and the channel's format. Shared by the dispatcher, the simulator and `nurtured render`.
// Pure, for any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"
#include "content/message.h"
#include "daemon/engine.h"
#include "daemon/tracking.h"

namespace nurtured::daemon {

// How the channel shows a message: telegram's markup, e-mail, or plain text. By the channel's
// connector, and for a connector that takes any channel (`file`, `webhook`) by the channel's name.
content::Format format_of(const config::Config& config, const std::string& channel);

// A message's pages and chats as the variables that its text has them by; those that there are.
void set_links(cel::Map& variables, const MessageLinks& links);

// The locale variant is the contact's, the zone too.
base::Result<content::Rendered> render(const config::Config& config, const DeliveryNotice& notice,
                                       const MessageLinks& links, base::Instant now);

}  // namespace nurtured::daemon

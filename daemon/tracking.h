// What a message's links become as it leaves: its pages (unsubscribe and so on), its own links by
// way of /c/TOKEN, so that a click is known, and the picture at /o/TOKEN that tells of an opening.
// Pure, for any thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "config/config.h"
#include "content/links.h"
#include "daemon/engine.h"
#include "daemon/links.h"

namespace nurtured::daemon {

// The pages, and how the links of the text are written.
struct MessageLinks {
  std::string unsubscribe_url = {};
  std::string preferences_url = {};
  std::string confirm_url = {};  // of a double opt-in: asking for it is no marketing
  std::map<std::string, std::string, std::less<>> chat_urls = {};  // by channel: chat_intake.h
  std::string open_url = {};
  std::shared_ptr<const content::Links> destinations = {};  // null: as the author wrote them
};

// Links are followed through us only where their readers can reach us: `http.public_url` is set, or
// the message is read on this machine. `signer` must outlive the result.
MessageLinks message_links(const std::shared_ptr<const config::Config>& config,
                           const LinkSigner& signer, const DeliveryNotice& notice);

// What stands in their place where nothing leaves: `simulate` and `render`.
MessageLinks example_links(const config::Config& config, rules::Kind kind);

// `url` with the workspace's utm_… parameters, those that it has already left as they are. A
// parameter whose text fails for this message, or is empty, is left out.
std::string with_utm(const config::Tracking& tracking, const rules::Delivery& delivery,
                     std::string_view link_id, std::string_view url);

}  // namespace nurtured::daemon

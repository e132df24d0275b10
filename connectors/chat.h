// What people do in a messenger, as every connector that has one tells it: the same few kinds,
// whatever the provider calls them. Plain values.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "http/headers.h"

namespace nurtured::connectors {

enum class ChatKind {
  started,    // pressed Start, or came by a link to the bot: `payload`
  said,       // wrote something, or sent a file
  pressed,    // a button under a message of ours: `data`
  blocked,    // wants nothing from us there any more
  unblocked,  // takes that back
};

// What of a person's own words is kept, in bytes; what is longer is cut.
inline constexpr std::size_t chat_text_bytes_max = 16'384;

struct ChatUpdate {
  ChatKind kind = ChatKind::said;
  std::string id;         // unique within the connector, and the same when it is told again
  base::Instant at;       // to the second; the epoch where the provider does not say
  std::string chat;       // the address that an answer goes to
  bool is_group = false;  // several people read it
  // Who did it, in the provider's words; each may be empty.
  std::string sender;  // the provider's id
  std::string username;
  std::string first_name;
  std::string last_name;
  std::string locale;  // BCP 47
  // Of `said`.
  std::string text;   // as written; of a file, what was written under it
  std::string media;  // "photo", "voice", "document" …; empty: text alone
  std::string file;   // the provider's id of it
  std::string phone;  // the sender's own number, where they shared it
  // It answers a message of ours, whose links were these, as they were sent.
  std::vector<std::string> answered_links;
  std::string payload;  // of `started`: what the link held, unchecked
  std::string data;     // of `pressed`: what the button held (content::Button::data), unchecked

  bool operator==(const ChatUpdate&) const = default;
};

// What a provider posted to /hooks/CONNECTOR.
struct WebhookRequest {
  const http::Headers& headers;
  std::string_view body;
};

// What it said, and what it is answered once that is on disk.
struct WebhookRead {
  std::vector<ChatUpdate> updates;
  std::string answer = {};  // JSON; empty: nothing
};

// What a messenger's connector offers beside sending. Pure, for any thread.
struct ChatSide {
  // `denied` where the request does not prove that the provider sent it, `invalid` and `too_large`
  // for a body that cannot be read. Empty: it takes no webhooks.
  std::function<base::Result<WebhookRead>(const WebhookRequest& request)> read_webhook;
  // A link that opens the chat and brings `payload` along (ChatUpdate::payload): at most
  // chat_payload_bytes_max of A-Z a-z 0-9 _ -. Empty: the bot's name is not known.
  std::function<std::string(std::string_view payload)> start_link;
};

// Bot API, deep linking; other messengers take more.
inline constexpr std::size_t chat_payload_bytes_max = 64;

}  // namespace nurtured::connectors

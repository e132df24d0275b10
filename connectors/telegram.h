// Messages by a Telegram bot (Bot API): HTML text, buttons that are links or answers, pictures and
// files; and what people write to the bot. A bot may write only to those who have written to it.
// The API knows no key for repeats, so an unanswered request is uncertain, and so is a message
// whose text has left and whose files have not.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "connectors/chat.h"
#include "connectors/connector.h"
#include "connectors/registry.h"

namespace nurtured::connectors {

// How what people do in the bot's chats comes in. Telegram offers one of the two at a time.
enum class TelegramUpdateMode {
  poll,     // getUpdates, again and again
  webhook,  // Telegram posts to PUBLIC_URL/hooks/CONNECTOR
  none,     // it does not: somebody else's program has them
};

// Between one look for updates and the next.
struct TelegramPauses {
  base::Milliseconds idle{500};      // after an answer that said nothing new
  base::Milliseconds first{1'000};   // after the first failure
  base::Milliseconds most{300'000};  // after many, and after what people must mend
};

struct TelegramOptions {
  config::Secret token;
  std::string api = "https://api.telegram.org";  // or a Bot API server of one's own
  bool allow_private = false;                    // `api` may be inside the network
  bool link_preview = true;
  std::string bot;  // the bot's @name without the @; empty: not known
  TelegramUpdateMode updates = TelegramUpdateMode::poll;
  std::chrono::milliseconds total_time_max{30'000};
  Limits limits;
  TelegramPauses pauses;  // not in the section
};

const Descriptor& telegram_descriptor();
std::optional<TelegramOptions> read_telegram(config::Section& section);
std::unique_ptr<Connector> make_telegram(TelegramOptions options, const Environment& environment);
ChatSide make_telegram_chat(const TelegramOptions& options);

// What Telegram is to send as X-Telegram-Bot-Api-Secret-Token: made from the bot's token, so that
// whoever sets the webhook and whoever takes its requests agree without another setting. 43
// characters of base64url. Pure.
std::string telegram_webhook_secret(const config::Secret& token);
// The bot's own user id, which its token begins with. 0 for what is no token.
std::int64_t telegram_bot_id(const config::Secret& token);
// The parameters of answerCallbackQuery, which stops the button's clock; with the method's name in
// them they may be the answer to a webhook's request (Bot API, "Making requests when getting
// updates").
std::string telegram_callback_answer(std::string_view callback, bool names_method);

}  // namespace nurtured::connectors

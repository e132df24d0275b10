// What Telegram tells of people in a bot's chats (Bot API, Update), as ChatUpdates: what was
// written, which buttons were pressed, who blocked the bot. Polling and the webhook both read with
// this. Edited messages, channels, what the service itself notes in a chat ("joined the group") and
// what other bots write are nobody's words to us, and give nothing. Pure.
//
// A press tells no time (Bot API, CallbackQuery): its `at` is the epoch. In a group it has no
// `chat` either, for what one member presses is not the group's answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connectors/chat.h"

namespace nurtured::connectors {

// The body of a webhook's request.
inline constexpr std::size_t telegram_update_bytes_max = std::size_t{1} << 20;
// An answer of getUpdates, with at most telegram_updates_max of them.
inline constexpr std::size_t telegram_updates_bytes_max = std::size_t{16} << 20;
inline constexpr int telegram_updates_max = 100;
// Of a first or a last name: 64 characters.
inline constexpr std::size_t telegram_name_bytes_max = 256;
// Of a message of ours that is answered; more are left out.
inline constexpr std::size_t telegram_links_max = 100;
// Bot API, InlineKeyboardButton.callback_data.
inline constexpr std::size_t telegram_data_bytes_max = 64;

struct TelegramUpdate {
  std::int64_t id = 0;             // update_id
  std::optional<ChatUpdate> told;  // nullopt: nothing that concerns us
  std::string callback;            // of `pressed`: what answerCallbackQuery wants to be told
  std::string fault = {};          // why there is nothing, where that is not as it should be
};

// One update; `bot` is the bot's own id, by which its messages are known when they are answered.
// `too_large` for the body, `invalid` for what is no update: there is no number that could confirm
// it. Anything else that is wrong with it is told by `fault`.
base::Result<TelegramUpdate> read_telegram_update(std::string_view body, std::int64_t bot);

struct TelegramUpdates {
  std::vector<TelegramUpdate> updates;  // as they came
  std::size_t nameless = 0;             // were none, and are passed over with the others
  std::int64_t next = 0;                // the offset that confirms all of them; 0: there were none
};

// The answer of getUpdates. `invalid` where it is none, or where nothing in it could be confirmed.
base::Result<TelegramUpdates> read_telegram_updates(std::string_view answer, std::int64_t bot);

}  // namespace nurtured::connectors

#include <charconv>

#include <boost/json.hpp>

#include "base/digest.h"
#include "base/encoding.h"
#include "connectors/telegram.h"
#include "connectors/telegram_updates.h"

namespace nurtured::connectors {
namespace {

namespace json = boost::json;
using base::Result;

// Telegram was told the secret that this makes: with another label its requests are refused until
// it is told anew.
constexpr std::string_view webhook_secret_label = "nurtured telegram webhook";
constexpr std::string_view webhook_secret_header = "X-Telegram-Bot-Api-Secret-Token";

Result<WebhookRead> read_webhook(const WebhookRequest& request, std::string_view secret,
                                 std::int64_t bot) {
  const auto shown = request.headers.find(webhook_secret_header);
  if (!shown || !base::equal_constant_time(*shown, secret)) {
    return base::fail(base::ErrorKind::denied, "the request does not show the webhook's secret");
  }
  auto update = read_telegram_update(request.body, bot);
  if (!update) return base::fail(std::move(update.error()));
  WebhookRead read;
  if (update->told) read.updates.push_back(*std::move(update->told));
  if (!update->callback.empty()) read.answer = telegram_callback_answer(update->callback, true);
  return read;
}

}  // namespace

std::string telegram_webhook_secret(const config::Secret& token) {
  return base::to_base64url(base::view(base::hmac_sha256(token.reveal(), webhook_secret_label)));
}

std::int64_t telegram_bot_id(const config::Secret& token) {
  const std::string& text = token.reveal();
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc() && end != text.data() + text.size() && *end == ':' ? id : 0;
}

std::string telegram_callback_answer(std::string_view callback, bool names_method) {
  json::object answer;
  if (names_method) answer["method"] = "answerCallbackQuery";
  answer["callback_query_id"] = callback;
  return json::serialize(answer);
}

ChatSide make_telegram_chat(const TelegramOptions& options) {
  ChatSide side;
  if (options.updates == TelegramUpdateMode::webhook) {
    side.read_webhook = [secret = telegram_webhook_secret(options.token),
                         bot = telegram_bot_id(options.token)](const WebhookRequest& request) {
      return read_webhook(request, secret, bot);
    };
  }
  side.start_link = [bot = options.bot](std::string_view payload) {
    return bot.empty() ? std::string() : "https://t.me/" + bot + "?start=" + std::string(payload);
  };
  return side;
}

}  // namespace nurtured::connectors

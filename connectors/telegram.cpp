#include "connectors/telegram.h"

#include <charconv>

#include <boost/json.hpp>

#include "connectors/http_outcome.h"
#include "connectors/outcome_post.h"
#include "connectors/telegram_answer.h"
#include "connectors/telegram_api.h"
#include "connectors/telegram_poller.h"

namespace nurtured::connectors {
namespace {

namespace json = boost::json;

// A chat's number, or a channel's @name.
std::optional<json::value> chat_id(std::string_view to) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(to.data(), to.data() + to.size(), id);
  if (error == std::errc() && end == to.data() + to.size() && id != 0) return json::value(id);
  const bool is_name = to.size() > 1 && to.size() <= 64 && to.front() == '@' &&
                       to.find_first_not_of(
                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                           "0123456789_",
                           1) == std::string_view::npos;
  if (is_name) return json::value(to);
  return std::nullopt;
}

std::string payload_of(const OutboundMessage& message, json::value chat, bool link_preview) {
  json::object payload;
  payload["chat_id"] = std::move(chat);
  payload["text"] = message.rendered.html;
  payload["parse_mode"] = "HTML";
  if (!link_preview) payload["link_preview_options"] = {{"is_disabled", true}};
  if (!message.rendered.buttons.empty()) {
    json::array rows;
    for (const content::Button& button : message.rendered.buttons) {
      rows.push_back(json::array{{{"text", button.text}, {"url", button.url}}});
    }
    payload["reply_markup"] = {{"inline_keyboard", std::move(rows)}};
  }
  return json::serialize(payload);
}

class TelegramConnector final : public Connector {
 public:
  TelegramConnector(TelegramOptions options, const Environment& environment)
      : options_(std::move(options)),
        environment_(environment),
        post_(environment.io),
        api_(environment.client, options_.api, options_.token, options_.allow_private) {}

  const Descriptor& descriptor() const override { return telegram_descriptor(); }
  Limits limits() const override { return options_.limits; }

  void listen(const Intake& intake) override {
    if (options_.updates == TelegramUpdateMode::none) return;
    poller_.emplace(api_, options_, environment_, intake);
  }

  void send(OutboundMessage message, Done done) override {
    const auto chat = chat_id(message.to);
    if (!chat) {
      return post_.tell(std::move(done), Rejected{"this is no chat id", {}, Blame::address});
    }
    call(payload_of(message, *chat, options_.link_preview),
         [this, message, done = std::move(done)](http::HttpResult result) mutable {
           const auto moved = migrated_chat(result);
           if (!moved) return done(outcome_of(result));
           send_to_moved(message, *moved, std::move(done));
         });
  }

 private:
  // Once: the chat's new id is told with the outcome, and used from then on.
  void send_to_moved(const OutboundMessage& message, const std::string& moved, Done done) {
    const auto chat = chat_id(moved);
    if (!chat) return done(Rejected{"the chat moved to no chat id", "400", Blame::address});
    call(payload_of(message, *chat, options_.link_preview),
         [this, moved, done = std::move(done)](const http::HttpResult& result) {
           Outcome outcome = outcome_of(result);
           if (auto* delivered = std::get_if<Delivered>(&outcome)) delivered->new_address = moved;
           done(std::move(outcome));
         });
  }

  void call(std::string payload, std::function<void(http::HttpResult)> done) {
    TelegramCall call{.method = "sendMessage",
                      .body = std::move(payload),
                      .total_time_max = options_.total_time_max};
    api_.call(std::move(call), std::move(done));
  }

  // The chat's new id, where the answer says that it became a supergroup.
  std::optional<std::string> migrated_chat(const http::HttpResult& result) const {
    const auto answer =
        result ? read_telegram_answer(*result, environment_.clock.now()) : std::nullopt;
    if (!answer || answer->code != 400 || !answer->migrate_to) return std::nullopt;
    return std::to_string(*answer->migrate_to);
  }

  Outcome outcome_of(const http::HttpResult& result) const {
    return result ? classify_telegram(*result, environment_.clock.now())
                  : outcome_of_failure(result.error(), telegram_descriptor().honours_key);
  }

  TelegramOptions options_;
  Environment environment_;
  OutcomePost post_;
  TelegramApi api_;
  std::optional<TelegramPoller> poller_;
};

}  // namespace

std::unique_ptr<Connector> make_telegram(TelegramOptions options, const Environment& environment) {
  return std::make_unique<TelegramConnector>(std::move(options), environment);
}

}  // namespace nurtured::connectors

#include "connectors/telegram.h"

#include <algorithm>
#include <charconv>

#include "connectors/http_outcome.h"
#include "connectors/outcome_post.h"
#include "connectors/telegram_json.h"

namespace nurtured::connectors {
namespace {

namespace json = boost::json;
using telegram::flag_at;
using telegram::integer_at;
using telegram::object_at;
using telegram::text_at;
using namespace std::chrono_literals;

struct Answer {
  bool ok = false;
  int error_code = 0;
  std::string description;
  std::optional<std::int64_t> retry_after;
  std::optional<std::int64_t> migrate_to;
  std::optional<std::int64_t> message_id;
};

std::optional<Answer> parse_answer(std::string_view body) {
  const auto parsed = telegram::parse(body);
  const json::object* const object = parsed ? parsed->if_object() : nullptr;
  const auto ok = object == nullptr ? std::nullopt : flag_at(*object, "ok");
  if (!ok) return std::nullopt;

  Answer answer{.ok = *ok};
  answer.error_code = static_cast<int>(
      std::clamp<std::int64_t>(integer_at(*object, "error_code").value_or(0), 0, 999));
  answer.description = text_at(*object, "description");
  if (const json::object* parameters = object_at(*object, "parameters")) {
    answer.retry_after = integer_at(*parameters, "retry_after");
    answer.migrate_to = integer_at(*parameters, "migrate_to_chat_id");
  }
  if (const json::object* result = object_at(*object, "result")) {
    answer.message_id = integer_at(*result, "message_id");
  }
  return answer;
}

bool holds(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return text.find(part) != std::string_view::npos;
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

Outcome classify_refusal(int code, const Answer& answer, std::optional<base::Milliseconds> pause) {
  const std::string reason =
      to_reason(answer.description.empty() ? "HTTP " + std::to_string(code) : answer.description);
  const std::string number = std::to_string(code);
  switch (code) {
    case 400:
      // The texts are no stable contract, so all that is not known to be the address's fault is the
      // message's.
      return Rejected{reason, number,
                      holds(lower(reason), {"chat not found", "peer_id_invalid", "chat_id is empty",
                                            "user not found", "group chat was upgraded"})
                          ? Blame::address
                          : Blame::content};
    case 401:
    case 404:
    case 409:
      return Rejected{reason, number, Blame::configuration};
    case 403:
      return Rejected{reason, number, Blame::address};
    case 413:
      return Rejected{reason, number, Blame::content};
    case 429:
      if (answer.retry_after) {
        pause = std::clamp<base::Milliseconds>(
            std::chrono::seconds(std::clamp<std::int64_t>(*answer.retry_after, 0, INT32_MAX)), 0ms,
            retry_after_max);
      }
      return Deferred{pause, reason, Scope::connector};
    default:
      break;
  }
  if (code >= 500) return Deferred{pause, reason, Scope::connector};
  // Nothing that the Bot API says: something else answers at that address.
  return Rejected{reason, number, Blame::configuration};
}

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
        client_(environment.client),
        clock_(environment.clock),
        post_(environment.io) {}

  const Descriptor& descriptor() const override { return telegram_descriptor(); }
  Limits limits() const override { return options_.limits; }

  void send(OutboundMessage message, Done done) override {
    const auto chat = chat_id(message.to);
    if (!chat) {
      return post_.tell(std::move(done), Rejected{"this is no chat id", {}, Blame::address});
    }
    call(payload_of(message, *chat, options_.link_preview),
         [this, message, done = std::move(done)](http::HttpResult result) mutable {
           const auto moved = result ? migrated_chat(*result) : std::nullopt;
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
    http::HttpRequest request;
    request.method = "POST";
    request.url = options_.api + "/bot" + options_.token.reveal() + "/sendMessage";
    request.headers = {{"Content-Type", "application/json"}};
    request.body = std::move(payload);
    request.total_time_max = options_.total_time_max;
    request.allow_private = options_.allow_private;
    // The client outlives this and calls back though this may have gone.
    client_.send(std::move(request),
                 [life = post_.life(), done = std::move(done)](http::HttpResult result) {
                   if (!life.expired()) done(std::move(result));
                 });
  }

  Outcome outcome_of(const http::HttpResult& result) const {
    return result ? classify_telegram(*result, clock_.now())
                  : outcome_of_failure(result.error(), telegram_descriptor().honours_key);
  }

  TelegramOptions options_;
  http::Client& client_;
  const base::Clock& clock_;
  OutcomePost post_;
};

}  // namespace

Outcome classify_telegram(const http::HttpResponse& response, base::Instant now) {
  const auto answer = parse_answer(response.body);
  const auto pause = retry_after_of(response, now);
  if (response.status == 200 && !answer) {
    return Uncertain{"the answer is not the Bot API's"};
  }
  if (response.status == 200 && answer->ok) {
    return Delivered{.provider_id = answer->message_id ? std::to_string(*answer->message_id) : ""};
  }
  const int code = answer && answer->error_code != 0 ? answer->error_code : response.status;
  return classify_refusal(code, answer.value_or(Answer{}), pause);
}

std::optional<std::string> migrated_chat(const http::HttpResponse& response) {
  if (response.status != 400) return std::nullopt;
  const auto answer = parse_answer(response.body);
  if (!answer || !answer->migrate_to) return std::nullopt;
  return std::to_string(*answer->migrate_to);
}

std::unique_ptr<Connector> make_telegram(TelegramOptions options, const Environment& environment) {
  return std::make_unique<TelegramConnector>(std::move(options), environment);
}

}  // namespace nurtured::connectors

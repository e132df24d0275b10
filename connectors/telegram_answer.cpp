#include "connectors/telegram_answer.h"

#include <algorithm>

#include "connectors/http_outcome.h"
#include "connectors/telegram_json.h"

namespace nurtured::connectors {
namespace {

namespace json = boost::json;
using telegram::array_at;
using telegram::flag_at;
using telegram::integer_at;
using telegram::object_at;
using telegram::text_at;
using namespace std::chrono_literals;

// What a file that was sent may be shown as, whatever it was sent as.
constexpr std::string_view file_kinds[] = {"document", "animation", "video",
                                           "audio",    "voice",     "sticker"};

std::optional<base::Milliseconds> pause_of(const json::object& parameters) {
  const auto seconds = integer_at(parameters, "retry_after");
  if (!seconds) return std::nullopt;
  return std::clamp<base::Milliseconds>(
      std::chrono::seconds(std::clamp<std::int64_t>(*seconds, 0, INT32_MAX)), 0ms, retry_after_max);
}

// Empty where the message holds no file.
std::string_view file_of(const json::object& message) {
  // A photo comes back in several sizes, the largest last.
  const json::array* const sizes = array_at(message, "photo");
  if (sizes != nullptr && !sizes->empty()) {
    const json::object* const largest = sizes->back().if_object();
    return largest == nullptr ? std::string_view() : text_at(*largest, "file_id");
  }
  for (const std::string_view kind : file_kinds) {
    if (const json::object* const file = object_at(message, kind)) return text_at(*file, "file_id");
  }
  return {};
}

void read_message(const json::object& message, TelegramAnswer& answer) {
  if (!answer.message_id) answer.message_id = integer_at(message, "message_id");
  if (const std::string_view file = file_of(message); !file.empty())
    answer.files.emplace_back(file);
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

std::string reason_of(const TelegramAnswer& answer) {
  return to_reason(answer.description.empty() ? "HTTP " + std::to_string(answer.code)
                                              : answer.description);
}

Outcome classify_refusal(const TelegramAnswer& answer) {
  const std::string reason = reason_of(answer);
  const std::string number = std::to_string(answer.code);
  switch (answer.code) {
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
      return Deferred{answer.retry_after, reason, Scope::connector};
    default:
      break;
  }
  if (answer.code >= 500) return Deferred{answer.retry_after, reason, Scope::connector};
  // Nothing that the Bot API says: something else answers at that address.
  return Rejected{reason, number, Blame::configuration};
}

}  // namespace

std::optional<TelegramAnswer> read_telegram_answer(const http::HttpResponse& response,
                                                   base::Instant now) {
  const auto parsed = telegram::parse(response.body);
  const json::object* const object = parsed ? parsed->if_object() : nullptr;
  const auto ok = object == nullptr ? std::nullopt : flag_at(*object, "ok");
  if (!ok) return std::nullopt;

  TelegramAnswer answer{.ok = *ok, .code = response.status};
  const std::int64_t code = integer_at(*object, "error_code").value_or(0);
  if (code > 0 && code <= 999) answer.code = static_cast<int>(code);
  answer.description = text_at(*object, "description");
  if (const json::object* const parameters = object_at(*object, "parameters")) {
    answer.retry_after = pause_of(*parameters);
    answer.migrate_to = integer_at(*parameters, "migrate_to_chat_id");
  }
  if (!answer.retry_after) answer.retry_after = retry_after_of(response, now);
  if (const json::object* const sent = object_at(*object, "result")) {
    read_message(*sent, answer);
  } else if (const json::array* const messages = array_at(*object, "result")) {
    for (const json::value& one : *messages) {
      if (const json::object* const message = one.if_object()) read_message(*message, answer);
    }
  }
  return answer;
}

Outcome classify_telegram(const http::HttpResponse& response, base::Instant now) {
  const auto answer = read_telegram_answer(response, now);
  if (!answer && response.status == 200) return Uncertain{"the answer is not the Bot API's"};
  if (!answer) {
    return classify_refusal(
        {.code = response.status, .retry_after = retry_after_of(response, now)});
  }
  if (answer->ok && response.status == 200) {
    return Delivered{.provider_id = answer->message_id ? std::to_string(*answer->message_id) : ""};
  }
  return classify_refusal(*answer);
}

base::Error telegram_fault(const http::HttpResult& result, base::Instant now) {
  if (!result) return result.error().error;
  const auto answer = read_telegram_answer(*result, now);
  if (!answer) {
    return {base::ErrorKind::unavailable,
            "the answer is not the Bot API's (HTTP " + std::to_string(result->status) + ")",
            {},
            {}};
  }
  const std::string words = std::to_string(answer->code) + " " + reason_of(*answer);
  switch (answer->code) {
    case 400:
      return {base::ErrorKind::invalid, words, {}, {}};
    case 401:
    case 403:
    case 404:
      return {base::ErrorKind::denied, words, "write the token that @BotFather shows", {}};
    case 409:
      return {base::ErrorKind::conflict,
              words,
              "end the other program that has this bot's updates, or write `updates: none`",
              {}};
    default:
      return {base::ErrorKind::unavailable, words, {}, {}};
  }
}

}  // namespace nurtured::connectors

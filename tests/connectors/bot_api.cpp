#include "tests/connectors/bot_api.h"

#include <chrono>
#include <utility>

namespace nurtured::test {

using namespace std::chrono_literals;

void BotApi::answer(const std::string& method, Answer answer) {
  const std::lock_guard lock(mutex_);
  answers_[method].push_back(std::move(answer));
}

void BotApi::refuse(const std::string& method, int code, const std::string& description,
                    const std::string& parameters) {
  answer(method,
         {code, R"({"ok":false,"error_code":)" + std::to_string(code) + R"(,"description":")" +
                    description + R"(","parameters":)" + parameters + "}"});
}

void BotApi::give(const std::string& updates) {
  answer("getUpdates", {200, R"({"ok":true,"result":[)" + updates + "]}"});
}

std::vector<BotApi::Call> BotApi::calls(const std::string& method) const {
  const std::lock_guard lock(mutex_);
  std::vector<Call> found;
  for (const Call& call : calls_) {
    if (call.method == method) found.push_back(call);
  }
  return found;
}

connectors::TelegramOptions BotApi::options() const {
  connectors::TelegramOptions options;
  options.token = config::Secret(bot_token);
  options.api = "http://127.0.0.1:" + std::to_string(server_.port());
  options.allow_private = true;
  options.pauses = {.idle = 1ms, .first = 1ms, .most = 4ms};
  return options;
}

void BotApi::take(http::Request&& request, http::Reply reply) {
  const std::string prefix = "/bot" + bot_token + "/";
  if (!request.target.starts_with(prefix)) {
    return reply.send(http::json_response(404, R"({"ok":false,"error_code":404})"));
  }
  const std::string method(request.target.substr(prefix.size()));
  const std::lock_guard lock(mutex_);
  calls_.push_back({method, std::string(request.headers.find("content-type").value_or("")),
                    std::string(request.body)});
  auto& scripted = answers_[method];
  if (!scripted.empty()) {
    const Answer next = std::exchange(scripted.front(), {});
    scripted.pop_front();
    return reply.send(http::json_response(next.status, next.body));
  }
  if (method == "getUpdates") return held_.push_back(std::move(reply));
  reply.send(http::json_response(200, R"({"ok":true,"result":{"message_id":1}})"));
}

}  // namespace nurtured::test

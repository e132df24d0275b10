#include "connectors/telegram_api.h"

#include <utility>

namespace nurtured::connectors {

TelegramApi::TelegramApi(http::Client& client, std::string server, const config::Secret& token,
                         bool allow_private)
    : client_(client),
      base_(std::move(server) + "/bot" + token.reveal() + "/"),
      allow_private_(allow_private) {}

http::Client::TransferId TelegramApi::call(TelegramCall call,
                                           std::function<void(http::HttpResult)> done) {
  http::HttpRequest request;
  request.method = "POST";
  request.url = base_.reveal() + call.method;
  request.headers = {{"Content-Type", call.content_type}};
  request.body = std::move(call.body);
  request.total_time_max = call.total_time_max;
  request.response_bytes_max = call.response_bytes_max;
  request.allow_private = allow_private_;
  request.repeatable = call.repeatable;
  // The client outlives this and calls back though this may have gone.
  return client_.send(std::move(request), [life = std::weak_ptr(life_),
                                           done = std::move(done)](http::HttpResult result) {
    if (!life.expired()) done(std::move(result));
  });
}

}  // namespace nurtured::connectors

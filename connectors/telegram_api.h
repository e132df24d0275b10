// Calls of Telegram's Bot API as one bot. The token stands in the URL's path, which nothing shows.
//
// On the thread of the client, which outlives this.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "config/section.h"
#include "http/client.h"

namespace nurtured::connectors {

struct TelegramCall {
  std::string method;  // "sendMessage"
  std::string body;
  std::string content_type = "application/json";
  std::chrono::milliseconds total_time_max{30'000};
  std::size_t response_bytes_max = std::size_t{1} << 20;
  bool repeatable = false;  // a second copy changes nothing
};

class TelegramApi {
 public:
  // `server`: SCHEME://HOST, without a final slash. `allow_private`: it may be inside the network.
  TelegramApi(http::Client& client, std::string server, const config::Secret& token,
              bool allow_private);

  // `done` is called once, later, and not once this has gone.
  http::Client::TransferId call(TelegramCall call, std::function<void(http::HttpResult)> done);
  // Breaks it off; its `done` is not called.
  void cancel(http::Client::TransferId id) { client_.cancel(id); }

 private:
  http::Client& client_;
  config::Secret base_;  // with the token
  bool allow_private_;
  std::shared_ptr<const int> life_ = std::make_shared<const int>();
};

}  // namespace nurtured::connectors

// For tests: a Bot API server on this machine that answers by script and keeps what it was asked.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "connectors/telegram.h"
#include "tests/http/loopback.h"

namespace nurtured::test {

inline const std::string bot_token = "123456:AAsecretsecretsecret";

class BotApi {
 public:
  struct Call {
    std::string method;
    std::string content_type;
    std::string body;

    boost::json::value json() const { return boost::json::parse(body); }
  };
  struct Answer {
    int status = 200;
    std::string body;
  };

  // The method's next answer; without one a question for updates is held, and anything else is
  // answered with a message, number 1.
  void answer(const std::string& method, Answer answer);
  // {"ok":false,…} with that status.
  void refuse(const std::string& method, int code, const std::string& description,
              const std::string& parameters = "{}");
  // The next answer of getUpdates: these, with commas between them.
  void give(const std::string& updates);

  std::vector<Call> calls(const std::string& method) const;
  connectors::TelegramOptions options() const;

 private:
  void take(http::Request&& request, http::Reply reply);

  mutable std::mutex mutex_;
  std::map<std::string, std::deque<Answer>> answers_;
  std::vector<Call> calls_;
  std::vector<http::Reply> held_;
  ServerThread server_{{}, [this](http::Request&& request, http::Reply reply) {
                         take(std::move(request), std::move(reply));
                       }};
};

}  // namespace nurtured::test

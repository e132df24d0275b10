#include "connectors/telegram_poller.h"

#include <algorithm>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include "connectors/telegram_answer.h"
#include "connectors/telegram_updates.h"

namespace nurtured::connectors {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using base::Error;
using base::ErrorKind;
using http::HttpResult;
using namespace std::chrono_literals;

// How long Telegram holds a request while there is nothing new, and what the way there and back may
// take beside that.
constexpr std::chrono::seconds hold_time = 25s;
constexpr std::chrono::seconds way_time = 20s;
// Requests of one webhook at once, Telegram's own default: named, for the setting is sticky.
constexpr int webhook_connections_max = 40;
// Updates that cannot be read are logged once in this time.
constexpr std::chrono::minutes log_pause = 1min;

json::array wanted_updates() {
  return {"message", "callback_query", "my_chat_member"};
}

// Bot API, getUpdates: "this method will not work if an outgoing webhook is set up".
bool tells_of_webhook(const TelegramAnswer& answer) {
  return answer.code == 409 && answer.description.find("webhook") != std::string::npos;
}

// What passes by itself is tried again soon.
bool may_pass(const Error& error) {
  return error.kind == ErrorKind::unavailable || error.kind == ErrorKind::too_large;
}

}  // namespace

class TelegramPoller::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(TelegramApi& api, const TelegramOptions& options, const Environment& environment,
       Intake intake)
      : api_(api),
        options_(options),
        io_(environment.io),
        clock_(environment.clock),
        webhook_url_(environment.webhook_url),
        intake_(std::move(intake)),
        timer_(environment.io),
        next_pause_(options.pauses.first) {}

  void start() {
    if (options_.updates == TelegramUpdateMode::poll) return ask();
    // A Bot API server of one's own also posts to plain http.
    const bool is_own_server = options_.api != TelegramOptions{}.api;
    if (webhook_url_.empty() || !(is_own_server || webhook_url_.starts_with("https://"))) {
      return intake_.state(Error{ErrorKind::invalid,
                                 "Telegram posts to https addresses alone",
                                 "write one as `http.public_url`, or `updates: poll`",
                                 {}});
    }
    set_webhook();
  }

  void stop() {
    stopped_ = true;
    timer_.cancel();
    api_.cancel(transfer_);
  }

 private:
  void ask() {
    json::object wish{{"limit", limit_},
                      {"timeout", std::chrono::seconds(hold_time).count()},
                      {"allowed_updates", wanted_updates()}};
    if (offset_ != 0) wish["offset"] = offset_;
    TelegramCall call{.method = "getUpdates",
                      .body = json::serialize(wish),
                      .total_time_max = hold_time + way_time,
                      .response_bytes_max = telegram_updates_bytes_max,
                      .repeatable = true};
    transfer_ = api_.call(std::move(call), [this](const HttpResult& got) { answered(got); });
  }

  void answered(const HttpResult& result) {
    const auto answer = result ? read_telegram_answer(*result, clock_.now()) : std::nullopt;
    if (answer && !answer->ok && tells_of_webhook(*answer) && !std::exchange(unhooked_, true)) {
      return delete_webhook();
    }
    if (!answer || !answer->ok) return failed(telegram_fault(result, clock_.now()), answer);
    auto read = read_telegram_updates(result->body, telegram_bot_id(options_.token));
    if (!read) {
      return failed({ErrorKind::unavailable, std::move(read.error().message), {}, {}}, {});
    }
    works();
    limit_ = telegram_updates_max;
    take(*std::move(read));
  }

  // Nobody but this has the updates of a bot that polls, so what a former setting left goes.
  void delete_webhook() {
    TelegramCall call{.method = "deleteWebhook", .body = "{}", .repeatable = true};
    transfer_ = api_.call(std::move(call), [this](const HttpResult& result) {
      const auto answer = result ? read_telegram_answer(*result, clock_.now()) : std::nullopt;
      if (answer && answer->ok) return ask();
      unhooked_ = false;
      failed(telegram_fault(result, clock_.now()), answer);
    });
  }

  void take(TelegramUpdates read) {
    tell_of_faults(read);
    std::vector<ChatUpdate> told;
    std::vector<std::string> pressed;
    for (TelegramUpdate& update : read.updates) {
      if (!update.told) continue;
      told.push_back(*std::move(update.told));
      if (!update.callback.empty()) pressed.push_back(std::move(update.callback));
    }
    if (told.empty()) return confirm(read.next, pressed);
    intake_.chat(std::move(told), [weak = weak_from_this(), &io = io_, next = read.next,
                                   pressed = std::move(pressed)](bool kept) {
      asio::post(io, [weak, kept, next, pressed] {
        const auto self = weak.lock();
        if (!self || self->stopped_) return;
        if (kept) return self->confirm(next, pressed);
        self->after(self->options_.pauses.first, [self = self.get()] { self->ask(); });
      });
    });
  }

  // The next question confirms what is kept. A server that does not hold a question until there is
  // an answer, or gives the same again, is not asked in a circle.
  void confirm(std::int64_t next, const std::vector<std::string>& pressed) {
    for (const std::string& callback : pressed) stop_waiting(callback);
    const bool goes_on = next > offset_;
    if (next != 0) offset_ = next;
    if (goes_on) return ask();
    after(options_.pauses.idle, [this] { ask(); });
  }

  // The button's clock runs until this; "query is too old" and the like change nothing.
  void stop_waiting(const std::string& callback) {
    TelegramCall call{.method = "answerCallbackQuery",
                      .body = telegram_callback_answer(callback, false),
                      .repeatable = true};
    api_.call(std::move(call), [](const HttpResult&) {});
  }

  void set_webhook() {
    const json::object wish{{"url", webhook_url_},
                            {"secret_token", telegram_webhook_secret(options_.token)},
                            {"max_connections", webhook_connections_max},
                            {"allowed_updates", wanted_updates()}};
    TelegramCall call{.method = "setWebhook", .body = json::serialize(wish), .repeatable = true};
    transfer_ = api_.call(std::move(call), [this](const HttpResult& result) {
      const auto answer = result ? read_telegram_answer(*result, clock_.now()) : std::nullopt;
      if (answer && answer->ok) return works();
      failed(telegram_fault(result, clock_.now()), answer);
    });
  }

  void works() {
    next_pause_ = options_.pauses.first;
    if (std::exchange(fails_, false)) intake_.state(std::nullopt);
  }

  void failed(const Error& error, const std::optional<TelegramAnswer>& answer) {
    if (!std::exchange(fails_, true)) intake_.state(error);
    limit_ = 1;  // one that cannot be read does not keep the others back
    base::Milliseconds pause = may_pass(error) ? next_pause_ : options_.pauses.most;
    if (answer && answer->retry_after) pause = std::max(pause, *answer->retry_after);
    next_pause_ = std::min(next_pause_ * 2, options_.pauses.most);
    after(pause, [this] {
      if (options_.updates == TelegramUpdateMode::poll) return ask();
      set_webhook();
    });
  }

  void tell_of_faults(const TelegramUpdates& read) {
    const auto faulty = std::ranges::find_if(
        read.updates, [](const TelegramUpdate& update) { return !update.fault.empty(); });
    if (faulty == read.updates.end() && read.nameless == 0) return;
    if (clock_.now() < log_again_) return;
    log_again_ = clock_.now() + log_pause;
    spdlog::warn("telegram: updates that cannot be read are passed over: {}",
                 faulty == read.updates.end() ? "without a number"
                                              : std::to_string(faulty->id) + ", " + faulty->fault);
  }

  void after(base::Milliseconds pause, std::function<void()> job) {
    timer_.expires_after(pause);
    timer_.async_wait(
        [weak = weak_from_this(), job = std::move(job)](const boost::system::error_code& error) {
          const auto self = weak.lock();
          if (!error && self && !self->stopped_) job();
        });
  }

  TelegramApi& api_;
  TelegramOptions options_;
  asio::io_context& io_;
  const base::Clock& clock_;
  std::string webhook_url_;
  Intake intake_;
  asio::steady_timer timer_;
  base::Milliseconds next_pause_;
  http::Client::TransferId transfer_ = 0;
  std::int64_t offset_ = 0;  // 0: from the first that is not confirmed
  int limit_ = telegram_updates_max;
  bool unhooked_ = false;
  bool fails_ = false;
  bool stopped_ = false;
  base::Instant log_again_{};
};

TelegramPoller::TelegramPoller(TelegramApi& api, const TelegramOptions& options,
                               const Environment& environment, Intake intake)
    : impl_(std::make_shared<Impl>(api, options, environment, std::move(intake))) {
  impl_->start();
}

TelegramPoller::~TelegramPoller() {
  impl_->stop();
}

}  // namespace nurtured::connectors

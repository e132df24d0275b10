// What the humans are told: beside the messages, and by the same connectors.
#include <algorithm>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include "daemon/dispatcher.h"
#include "daemon/timer_list.h"

namespace nurtured::daemon {
namespace {

namespace asio = boost::asio;

constexpr int tell_attempts_max = 5;
constexpr std::chrono::seconds tell_retry{30};

}  // namespace

void Dispatcher::tell(std::vector<rules::Notification> notifications) {
  asio::post(io_, [this, alive = alive_, notifications = std::move(notifications)] {
    if (!*alive) return;
    for (const auto& notification : notifications) tell_one(notification, {});
  });
}

void Dispatcher::tell_kept(std::vector<rules::Notification> notifications) {
  asio::post(io_, [this, alive = alive_, notifications = std::move(notifications)] {
    if (!*alive) return;
    kept_.insert(kept_.end(), notifications.begin(), notifications.end());
    if (!telling_kept_) tell_next_kept();
  });
}

void Dispatcher::tell_next_kept() {
  telling_kept_ = !kept_.empty() && !draining_;
  if (!telling_kept_) return;
  // Who writes a lot fills no group: what is told last shows the talk before it.
  const auto& front = kept_.front();
  const bool is_overtaken =
      front.contact && std::any_of(kept_.begin() + 1, kept_.end(), [&](const auto& later) {
        return later.contact == front.contact;
      });
  const auto next = [this] {
    const Instant at = kept_.front().at;
    kept_.pop_front();
    // Of several of one moment the last speaks for all.
    if (hooks_.told && (kept_.empty() || kept_.front().at > at)) hooks_.told(at);
    asio::post(io_, [this, alive = alive_] {
      if (*alive) tell_next_kept();
    });
  };
  if (is_overtaken) return next();
  tell_one(front, next);
}

// `finished` is called once there is nothing more to try, unless the daemon ends first.
void Dispatcher::tell_one(const rules::Notification& notification, std::function<void()> finished) {
  // What a contact wrote is no matter for a log.
  if (notification.contact) {
    spdlog::info("notify {} {}: of contact {}", notification.playbook, notification.step,
                 notification.contact.value);
  } else {
    spdlog::info("notify {} {}: {}", notification.playbook, notification.step,
                 connectors::to_reason(notification.text));
  }
  const auto list = hooks_.tellings ? hooks_.tellings(notification) : std::vector<Telling>();
  if (list.empty()) {
    if (finished) finished();
    return;
  }
  // Told when the last of them is.
  struct Rest {
    std::size_t count = 0;
    bool put_off = false;
    std::function<void()> finished;
  };
  const auto rest = std::make_shared<Rest>(Rest{list.size(), false, std::move(finished)});
  for (const Telling& telling : list) {
    tell_to(notification, telling, 1, [this, rest](bool put_off) {
      rest->put_off = rest->put_off || put_off;
      if (--rest->count > 0) return;
      // What a shutdown put off is told after the next start.
      if (rest->finished && !(rest->put_off && draining_)) rest->finished();
    });
  }
}

void Dispatcher::tell_to(const rules::Notification& notification, const Telling& telling,
                         int attempt, const std::function<void(bool put_off)>& finished) {
  const auto line = lines_.find(line_of(telling.channel));
  if (line == lines_.end()) return finished(false);
  const std::string key = telling_key(notification);
  connectors::OutboundMessage message{.delivery_key = key,
                                      .message_id = hooks_.message_id(key),
                                      .contact = "operator",
                                      .channel = telling.channel,
                                      .to = telling.to,
                                      .kind = rules::Kind::receipt,
                                      .message = "notify",
                                      .playbook = notification.playbook,
                                      .rendered = telling.rendered,
                                      .sent_at = notification.at};
  ++telling_;
  const auto connector = line->second.connector;
  connector->send(std::move(message), [this, alive = alive_, connector, notification, telling,
                                       attempt, finished](const connectors::Outcome& outcome) {
    if (!*alive) return;
    --telling_;
    const bool put_off = std::holds_alternative<connectors::Deferred>(outcome);
    if (put_off && attempt < tell_attempts_max && !draining_) {
      timers_->after(tell_retry * attempt, [this, notification, telling, attempt, finished] {
        tell_to(notification, telling, attempt + 1, finished);
      });
    } else {
      if (!std::holds_alternative<connectors::Delivered>(outcome)) {
        spdlog::error("the humans could not be told: {}", connectors::to_string(outcome));
      }
      finished(put_off);
    }
    check_drained();
  });
}

}  // namespace nurtured::daemon

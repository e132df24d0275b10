// Timers that end with their owner: whoever destroys the list hears of none of them any more.
#pragma once

#include <chrono>
#include <functional>
#include <iterator>
#include <list>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace nurtured::daemon {

// The io_context's thread, which it outlives.
class TimerList {
 public:
  explicit TimerList(boost::asio::io_context& io) : io_(io) {}

  void after(std::chrono::milliseconds delay, std::function<void()> job) {
    timers_.emplace_back(io_);
    const auto timer = std::prev(timers_.end());
    timer->expires_after(delay);
    timer->async_wait([this, timer, job = std::move(job)](const boost::system::error_code& error) {
      if (error) return;
      timers_.erase(timer);
      job();
    });
  }

 private:
  boost::asio::io_context& io_;
  std::list<boost::asio::steady_timer> timers_;
};

}  // namespace nurtured::daemon

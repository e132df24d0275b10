// A thread with an io_context of its own.
#pragma once

#include <future>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace nurtured::daemon {

// Runs until it is told to stop, or destroyed.
class IoThread {
 public:
  IoThread() : guard_(boost::asio::make_work_guard(io_)), thread_([this] { io_.run(); }) {}
  ~IoThread() { stop(); }
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  boost::asio::io_context& io() { return io_; }
  void stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }
  // Runs `job` on the thread and waits for it.
  template <class Job>
  void run(Job job) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      job();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  std::thread thread_;
};

}  // namespace nurtured::daemon

// Internal to http: the one crossing from other threads to the server's thread. Answered slots
// gather here and one posted call delivers all that are there, so a burst of replies costs one
// wake-up.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "http/reply.h"

namespace boost::asio {
class io_context;
}

namespace nurtured::http {

class ReplyQueue;

// Who takes a response on the server's thread: the connection that it belongs to.
class ReplyTaker {
 public:
  virtual void take(Response response) = 0;

 protected:
  ~ReplyTaker() = default;
};

// One for each connection, used again for each of its requests: it has one unanswered request at a
// time. The response belongs to the answering thread until it is pushed, then to the server's
// thread.
struct ReplySlot {
  std::shared_ptr<ReplyQueue> queue;
  Response response;
  ReplyTaker* taker = nullptr;  // server's thread only; null once the connection has gone
};

class ReplyQueue : public std::enable_shared_from_this<ReplyQueue> {
 public:
  explicit ReplyQueue(boost::asio::io_context& io) : io_(&io) {}

  // Any thread.
  void push(std::shared_ptr<ReplySlot> slot);
  void push(std::vector<std::shared_ptr<ReplySlot>>& slots);
  // Nothing touches the io_context afterwards; what is pushed is dropped.
  void close();

 private:
  void wake();
  void deliver();

  std::mutex mutex_;
  boost::asio::io_context* io_;                    // guarded by mutex_
  std::vector<std::shared_ptr<ReplySlot>> ready_;  // guarded by mutex_
  bool posted_ = false;                            // guarded by mutex_
  std::vector<std::shared_ptr<ReplySlot>> delivering_;
};

}  // namespace nurtured::http

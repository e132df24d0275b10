// A handler's way to answer: at once or later, on the io_context's thread or any other.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/headers.h"

namespace nurtured::http {

// The server adds Content-Length, Date and Connection itself and leaves the body out where the
// protocol wants none (HEAD, 204, 304). A header that could not be sent safely (see headers.h)
// makes the whole response a 500.
struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  bool operator==(const Response&) const = default;
};

Response text_response(int status, std::string body);  // text/plain; charset=utf-8
Response json_response(int status, std::string body);  // application/json
Response html_response(int status, std::string body);  // text/html; charset=utf-8

struct ReplySlot;

// Owed exactly once to one request. send() may be called on any thread; a Reply that dies
// unanswered sends a 500. When the client has gone or the server was destroyed, the response is
// dropped. Moved between threads freely, used by one at a time.
class Reply {
 public:
  explicit Reply(std::shared_ptr<ReplySlot> slot);
  // A Reply that hands its response to `sink` on the calling thread: for tests of handlers, and for
  // handlers that wrap others.
  explicit Reply(std::function<void(Response)> sink);
  Reply(Reply&& other) noexcept;
  Reply& operator=(Reply&& other) noexcept;
  ~Reply();

  // At most once.
  void send(Response response);

 private:
  friend class ReplyBatch;
  void drop();
  std::variant<std::monostate, std::shared_ptr<ReplySlot>, std::function<void(Response)>> target_;
};

// Many responses handed to the server's thread in one go: one lock and one wake-up instead of one
// for each. What was added leaves at flush(), or when the batch dies. One thread.
class ReplyBatch {
 public:
  ReplyBatch() = default;
  ReplyBatch(const ReplyBatch&) = delete;
  ReplyBatch& operator=(const ReplyBatch&) = delete;
  ~ReplyBatch() { flush(); }

  void add(Reply reply, Response response);
  void flush();

 private:
  std::vector<std::shared_ptr<ReplySlot>> answered_;
};

}  // namespace nurtured::http

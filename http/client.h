// An HTTP client for outside services: bounded in time and size, deaf to proxies in the
// environment, never following redirects, and unable to reach the inside of the network unless the
// caller allows it. When a request fails it says how far it came, because that decides whether it
// may be repeated.
//
// All on the one thread that runs the io_context.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "base/error.h"
#include "http/headers.h"

namespace boost::asio {
class io_context;
}

namespace nurtured::http {

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http or https
  Headers headers;
  std::string body;
  std::chrono::milliseconds connect_time_max{10'000};
  std::chrono::milliseconds total_time_max{30'000};  // all of it, from send() to the last byte
  std::size_t response_bytes_max = 1024 * 1024;      // of the body; headers: 64 KiB
  // Loopback, private, link-local, shared, multicast and metadata addresses (http/address.h) are
  // refused at the moment of connecting, so a name that changes its address gains nothing.
  bool allow_private = false;
  // Connects to this socket file instead of the URL's host; with allow_private.
  std::string unix_socket;
  // The receiver treats a second copy as the first (an idempotency key; GET and HEAD count as
  // such), so libcurl may silently repeat the request when a kept connection turns out to be dead.
  bool repeatable = false;
};

struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

// How far a failed request came.
enum class Progress {
  not_connected,  // nothing of it left this machine
  sending,        // connected; the request had not left completely, so it cannot have been acted on
  sent,      // it left completely and no status came back: it may or may not have been acted on
  answered,  // a status came, but the response was cut short or too large
};

struct HttpFailure {
  // `unavailable` for what may pass, `denied` for a refused address, `too_large`, `invalid` for a
  // request that cannot be sent. Names the host at most: path and headers may hold secrets.
  base::Error error;
  Progress progress = Progress::not_connected;
  bool timed_out = false;
  int status = 0;  // when answered
};

using HttpResult = tl::expected<HttpResponse, HttpFailure>;

class Client {
 public:
  using TransferId = std::uint64_t;
  using Done = std::function<void(HttpResult)>;

  // `io` outlives this.
  explicit Client(boost::asio::io_context& io);
  // Drops all transfers without calling their `done`.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // `done` is called once, on the io_context's thread and never from inside send().
  TransferId send(HttpRequest request, Done done);
  // Breaks it off; `done` is not called. Unknown and finished ids are ignored.
  void cancel(TransferId id);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nurtured::http

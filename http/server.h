// An HTTP/1.1 server (RFC 9110, 9112) on Boost.Asio and Beast that knows nothing of what it serves.
// All its work happens on the one thread that runs the io_context; only Reply crosses threads
// (http/reply.h).
//
// Requests are read whole before the handler sees them. Refused with 400, because two readers could
// disagree on where such a request ends: Content-Length beside Transfer-Encoding, repeated
// Content-Length, a transfer coding other than chunked, bare CR or LF, folded header lines, a blank
// before the colon, a missing or repeated Host. Pipelined requests are answered in order, one at a
// time.
//
// Not here: TLS (a proxy's work), HTTP/2, files, streaming.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/instant.h"
#include "base/result.h"
#include "http/reply.h"
#include "http/request.h"

namespace boost::asio {
class io_context;
}

namespace nurtured::http {

struct ServerOptions {
  std::size_t header_bytes_max = 16 * 1024;  // request line and headers; more: 431
  std::size_t header_count_max = 100;        // more: 431
  std::size_t body_bytes_max = 1024 * 1024;  // before and after decoding; more: 413
  // Another limit for one request, asked when its headers are known. Empty: body_bytes_max for all.
  std::function<std::size_t(const Request&)> body_bytes_max_for;
  // Content-Encoding gzip and deflate are taken off before the handler sees the body; another
  // coding is answered 415. Off: the handler gets the bytes as sent.
  bool decode_content = true;
  std::chrono::milliseconds header_time_max{10'000};  // first byte to end of headers; then 408
  std::chrono::milliseconds body_time_max{30'000};    // end of headers to end of body; then 408
  std::chrono::milliseconds idle_time_max{75'000};    // between requests; then closed
  std::chrono::milliseconds write_time_max{30'000};   // to take a response; then closed
  std::size_t connections_max = 10'000;               // more: 503 and closed
  // From one address (IPv6: one /64), trusted proxies and Unix sockets excepted; more: 429 and
  // closed.
  std::size_t connections_per_address_max = 1'000;
  // Addresses or networks ("10.0.0.0/8") whose X-Forwarded-For is believed: the client is then the
  // last address in it that is not itself trusted.
  std::vector<std::string> trusted_proxies;
  // Makes the answer to what the server itself refuses, for clients that read nothing but, say,
  // JSON. The request is not given: it may not have been read. Empty: a line of text.
  std::function<Response(int status)> refusal;
};

struct ServerStats {
  std::size_t connections = 0;         // open now
  std::size_t requests_in_flight = 0;  // with a handler, unanswered
  std::uint64_t requests_total = 0;
  std::uint64_t refused_total = 0;  // answered by the server itself: 4xx for form and limits, 503
};

// Called on the io_context's thread. What it leaves in the request is memory for the connection's
// next one, so take the body by move and the rest by copy, or all of it. An exception ends the
// process: none may leave a handler.
using Handler = std::function<void(Request&&, Reply)>;

class Server {
 public:
  // `io` and `clock` (for the Date header) outlive the server. Construct, use and destroy on the
  // thread that runs `io`, or while nobody does. Throws nothing that input can cause; options are
  // judged by listen.
  Server(boost::asio::io_context& io, const base::Clock& clock, ServerOptions options,
         Handler handler);
  // Closes everything at once. Replies that are still out are dropped.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens on an IP address; port 0 takes a free one. Gives the port. May be called several times.
  base::Result<std::uint16_t> listen_tcp(const std::string& address, std::uint16_t port);
  // Listens on a socket file with these permissions. A file left by a dead process is replaced;
  // `conflict` when somebody still listens there, or when it is no socket. The file is removed when
  // the server stops listening.
  base::Result<void> listen_unix(const std::string& path, mode_t mode = 0660);

  // No new connections from now on.
  void stop_accepting();
  // stop_accepting(), closes idle connections, answers what has begun with "Connection: close", and
  // calls `done` on the io_context's thread when the last connection is closed; connections still
  // open after `time_max` are cut. Once.
  void drain(std::chrono::milliseconds time_max, std::function<void()> done);

  ServerStats stats() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nurtured::http

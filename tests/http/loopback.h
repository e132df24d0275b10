// For tests: a server of ours on its own thread, a client that sends raw bytes, and a peer that
// misbehaves by script. Reads have a time limit only so that a broken test ends; no test waits for
// time to pass.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/instant.h"
#include "http/server.h"

namespace nurtured::test {

// A blocking connection to a port on 127.0.0.1, or to a Unix socket.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  explicit RawClient(const std::string& unix_path);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // Bytes that the peer no longer takes are lost silently, as on any network.
  void send(std::string_view bytes);
  // No more from this side.
  void finish();
  // One whole response by its Content-Length; what was there when the connection ended, otherwise.
  std::string read_response(bool has_body = true);
  std::string read_until_closed();
  // Everything up to and with `end`.
  std::string read_until(std::string_view end);

 private:
  bool fill();
  int fd_ = -1;
  std::string buffer_;
};

// "HTTP/1.1 200 OK..." -> 200; 0 for anything else.
int status_of(std::string_view response);
std::string body_of(std::string_view response);

// `server` is built while nothing runs, then `io` runs on a thread until the end of the test.
class ServerThread {
 public:
  ServerThread(http::ServerOptions options, http::Handler handler);
  ~ServerThread();

  std::uint16_t port() const { return port_; }
  http::Server& server() { return *server_; }
  boost::asio::io_context& io() { return io_; }
  // Runs `work` on the server's thread and waits for its end.
  void on_thread(std::function<void()> work);

 private:
  boost::asio::io_context io_;
  base::VirtualClock clock_{base::from_millis(1'795'330'800'000)};
  std::unique_ptr<http::Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

// A port of this machine at which nobody listens and nobody else can: connections are refused for
// as long as this lives.
class ClosedPort {
 public:
  ClosedPort();
  ~ClosedPort();
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  int socket_ = -1;
  std::uint16_t port_ = 0;
};

// Listens on a free port and treats each connection in turn by `script`, on its own thread: for
// peers that break the rules. The script gets a connected blocking socket, which is closed after
// it.
class ScriptedPeer {
 public:
  class Connection {
   public:
    explicit Connection(int fd) : fd_(fd) {}
    void send(std::string_view bytes);
    // Up to and with `end`, or what came before the connection ended.
    std::string read_until(std::string_view end);
    // `bytes` many, or what came before the connection ended.
    std::string read(std::size_t bytes);
    // Until the other side closes.
    void wait_for_end();
    // Closes so that the other side sees a reset.
    void reset();

   private:
    bool fill();
    int fd_;
    std::string buffer_;
  };
  using Script = std::function<void(Connection&, int number)>;

  explicit ScriptedPeer(Script script);
  ~ScriptedPeer();
  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }

 private:
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::atomic<int> current_ = -1;
  std::thread thread_;
};

}  // namespace nurtured::test

// Internal to http: one client's connection as a state machine, one request at a time. It lives on
// the server's thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/generic/stream_protocol.hpp>

#include "http/address.h"
#include "http/reply_queue.h"
#include "http/request_parser.h"
#include "http/server.h"

namespace nurtured::http {

using Socket = boost::asio::generic::stream_protocol::socket;
using SteadyTime = std::chrono::steady_clock::time_point;

class Connection;

// What all connections of one server share. The server owns it and outlives their work, not their
// memory.
struct ConnectionHost {
  virtual void closed(Connection& connection) = 0;
  // The Date header's value.
  virtual std::string_view date() = 0;

  ServerOptions options;
  Handler handler;
  Networks trusted_proxies;
  std::shared_ptr<ReplyQueue> replies;
  ServerStats stats;
  bool draining = false;

 protected:
  ~ConnectionHost() = default;
};

// The answer to a request, or a connection, that the server itself turns away.
Response refusal_of(const ServerOptions& options, int status);

struct PeerInfo {
  std::optional<IpAddress> address;  // none on a Unix socket
  std::optional<PeerCredentials> credentials;
};

class Connection final : public ReplyTaker, public std::enable_shared_from_this<Connection> {
 public:
  Connection(ConnectionHost& host, Socket socket, PeerInfo peer);
  ~Connection();

  void start();
  // The server's sweep: ends what has taken too long.
  void expire_if_due(SteadyTime now);
  // Draining: closes the connection if no request has begun on it.
  void close_if_idle();
  // At once. The host hears of it unless the host closes it itself by forsake().
  void close();
  // The host goes away: closes and never calls it again.
  void forsake();

  void take(Response response) override;

  const PeerInfo& peer() const { return peer_; }
  std::size_t index = 0;  // in the host's list, kept by the host

 private:
  enum class Phase { idle, header, body, handling, writing, lingering, closed };

  void read();
  void received(std::size_t bytes, bool failed);
  void make_room();
  std::string_view unread() const {
    return std::string_view(buffer_).substr(begin_, end_ - begin_);
  }

  void proceed();
  bool proceed_header();
  bool proceed_body();
  void skip_empty_line();
  void invite_body();
  void dispatch();
  // False when the request was refused.
  bool decode_body();
  std::string client_address() const;

  void refuse(int status);
  void respond(Response response);
  void write_some();
  void response_written();
  void linger();
  void next_request();
  void set_phase(Phase phase, std::chrono::milliseconds time_max);

  ConnectionHost* host_;
  Socket socket_;
  PeerInfo peer_;
  std::string peer_text_;
  std::shared_ptr<ReplySlot> slot_;

  Phase phase_ = Phase::idle;
  SteadyTime deadline_ = SteadyTime::max();
  std::string buffer_;  // received and not yet consumed: [begin_, end_)
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool reading_ = false;

  RequestParser parser_;
  Request request_;
  std::size_t body_bytes_max_ = 0;
  bool is_head_ = false;
  bool empty_line_skipped_ = false;
  bool continue_sent_ = false;

  Response response_;
  std::string head_;
  std::size_t written_ = 0;  // of head_ and the body together
  bool keep_alive_ = false;
  bool leaves_unread_ = false;  // closing while the client may still be sending
};

}  // namespace nurtured::http

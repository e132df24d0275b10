// Internal to http: one listening socket, TCP or Unix, that hands over what connects.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/types.h>

#include "base/result.h"
#include "http/connection.h"

namespace nurtured::http {

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  using Accepted = std::function<void(Socket, PeerInfo)>;

  explicit Listener(boost::asio::io_context& io) : acceptor_(io), retry_(io) {}
  ~Listener() { close(); }

  // Give the port that was bound.
  base::Result<std::uint16_t> open_tcp(const std::string& address, std::uint16_t port);
  base::Result<void> open_unix(const std::string& path, mode_t mode);
  void start(Accepted accepted);
  // Stops, and removes the socket's file. Nothing is handed over afterwards.
  void close();

 private:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;

  void accept();
  void accept_later();

  Acceptor acceptor_;
  boost::asio::steady_timer retry_;
  std::string path_;
  Accepted accepted_;
};

}  // namespace nurtured::http

#include "tests/http/loopback.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <future>
#include <stdexcept>

#include <arpa/inet.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace nurtured::test {
namespace {

constexpr time_t patience_seconds = 20;

void be_patient(int fd) {
  const timeval patience{patience_seconds, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool receive(int fd, std::string& buffer) {
  char block[64 * 1024];
  const ssize_t got = ::recv(fd, block, sizeof block, 0);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    throw std::runtime_error("the peer stays silent");
  }
  if (got <= 0) return false;
  buffer.append(block, static_cast<std::size_t>(got));
  return true;
}

std::string take(std::string& buffer, std::size_t bytes) {
  std::string out = buffer.substr(0, bytes);
  buffer.erase(0, bytes);
  return out;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int tcp_socket() {
  return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

std::uint16_t bind_to_free_port(int socket) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(socket, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("cannot bind to a port");
  }
  return ntohs(address.sin_port);
}

}  // namespace

RawClient::RawClient(std::uint16_t port) : fd_(tcp_socket()) {
  const sockaddr_in address = loopback(port);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd_);
    throw std::runtime_error("cannot connect");
  }
  be_patient(fd_);
}

RawClient::RawClient(const std::string& unix_path)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  unix_path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd_);
    throw std::runtime_error("cannot connect");
  }
  be_patient(fd_);
}

RawClient::~RawClient() {
  ::close(fd_);
}
void RawClient::send(std::string_view bytes) {
  send_all(fd_, bytes);
}
void RawClient::finish() {
  ::shutdown(fd_, SHUT_WR);
}
bool RawClient::fill() {
  return receive(fd_, buffer_);
}

std::string RawClient::read_until(std::string_view end) {
  std::size_t found;
  while ((found = buffer_.find(end)) == std::string::npos) {
    if (!fill()) return take(buffer_, buffer_.size());
  }
  return take(buffer_, found + end.size());
}

std::string RawClient::read_response(bool has_body) {
  std::string response = read_until("\r\n\r\n");
  const std::size_t length = response.find("Content-Length: ");
  if (!has_body || length == std::string::npos) return response;
  const auto bytes = std::strtoul(response.c_str() + length + 16, nullptr, 10);
  while (buffer_.size() < bytes && fill()) {
  }
  return response + take(buffer_, bytes);
}

std::string RawClient::read_until_closed() {
  while (fill()) {
  }
  return take(buffer_, buffer_.size());
}

int status_of(std::string_view response) {
  if (!response.starts_with("HTTP/1.1 ")) return 0;
  return std::atoi(std::string(response.substr(9, 3)).c_str());
}

std::string body_of(std::string_view response) {
  const std::size_t end = response.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string() : std::string(response.substr(end + 4));
}

ServerThread::ServerThread(http::ServerOptions options, http::Handler handler)
    : server_(std::make_unique<http::Server>(io_, clock_, std::move(options), std::move(handler))) {
  const auto port = server_->listen_tcp("127.0.0.1", 0);
  if (!port) throw std::runtime_error(port.error().message);
  port_ = *port;
  thread_ = std::thread([this] {
    const auto work = boost::asio::make_work_guard(io_);
    io_.run();
  });
}

ServerThread::~ServerThread() {
  io_.stop();
  thread_.join();
}

void ServerThread::on_thread(std::function<void()> work) {
  std::promise<void> done;
  boost::asio::post(io_, [&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

void ScriptedPeer::Connection::send(std::string_view bytes) {
  send_all(fd_, bytes);
}
bool ScriptedPeer::Connection::fill() {
  return receive(fd_, buffer_);
}

std::string ScriptedPeer::Connection::read_until(std::string_view end) {
  std::size_t found;
  while ((found = buffer_.find(end)) == std::string::npos) {
    if (!fill()) return take(buffer_, buffer_.size());
  }
  return take(buffer_, found + end.size());
}

std::string ScriptedPeer::Connection::read(std::size_t bytes) {
  while (buffer_.size() < bytes && fill()) {
  }
  return take(buffer_, std::min(bytes, buffer_.size()));
}

void ScriptedPeer::Connection::wait_for_end() {
  while (fill()) {
  }
}

void ScriptedPeer::Connection::reset() {
  const linger hard{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

ClosedPort::ClosedPort() : socket_(tcp_socket()), port_(bind_to_free_port(socket_)) {}

ClosedPort::~ClosedPort() {
  ::close(socket_);
}

ScriptedPeer::ScriptedPeer(Script script)
    : listener_(tcp_socket()), port_(bind_to_free_port(listener_)) {
  if (::listen(listener_, 16) != 0) throw std::runtime_error("cannot listen");
  thread_ = std::thread([this, script = std::move(script)] {
    int fd;
    while ((fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0) {
      be_patient(fd);
      current_ = fd;
      Connection connection(fd);
      script(connection, ++connections_);
      current_ = -1;
      ::close(fd);
    }
  });
}

ScriptedPeer::~ScriptedPeer() {
  ::shutdown(listener_, SHUT_RDWR);
  if (const int fd = current_; fd >= 0) ::shutdown(fd, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

}  // namespace nurtured::test

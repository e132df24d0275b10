#include "http/listener.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace nurtured::http {
namespace {

namespace asio = boost::asio;
using asio::generic::stream_protocol;
using base::ErrorKind;
using base::fail;
using boost::system::error_code;

// After a failure that only time mends (no file descriptors left).
constexpr std::chrono::milliseconds accept_retry_delay{100};

base::Error listen_error(const std::string& where, const error_code& error) {
  base::Error out{
      ErrorKind::unavailable, "cannot listen on " + where + ": " + error.message(), {}, {}};
  if (error == asio::error::address_in_use) out.kind = ErrorKind::conflict;
  if (error == asio::error::access_denied) out.kind = ErrorKind::denied;
  return out;
}

// Makes way for a new socket file: removes one that nobody listens on any more.
base::Result<void> clear_stale_socket(asio::io_context& io, const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0)
    return {};  // nothing there; bind tells of anything worse
  if (!S_ISSOCK(status.st_mode)) {
    return fail(ErrorKind::conflict, path + " exists and is no socket",
                "remove it or name another");
  }
  asio::local::stream_protocol::socket probe(io);
  error_code error;
  probe.connect(asio::local::stream_protocol::endpoint(path), error);
  if (error != asio::error::connection_refused) {
    return fail(ErrorKind::conflict, "another process listens on " + path, "stop it first");
  }
  ::unlink(path.c_str());  // where that fails, bind says so
  return {};
}

PeerInfo peer_of(Socket& socket) {
  PeerInfo peer;
  error_code error;
  const stream_protocol::endpoint remote = socket.remote_endpoint(error);
  if (error) return peer;
  peer.address = address_of(*remote.data());
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (!peer.address &&
      ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
    peer.credentials = PeerCredentials{credentials.pid, credentials.uid, credentials.gid};
  }
  return peer;
}

}  // namespace

base::Result<std::uint16_t> Listener::open_tcp(const std::string& address, std::uint16_t port) {
  error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) {
    return fail("\"" + address + "\" is no IP address to listen on", "write 127.0.0.1 or ::1");
  }
  const asio::ip::tcp::endpoint endpoint(ip, port);
  acceptor_.open(stream_protocol(endpoint.protocol()), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(stream_protocol::endpoint(endpoint), error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (!error &&
      ::getsockname(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    error = error_code(errno, boost::system::system_category());
  }
  if (error) {
    const std::string where = address + " port " + std::to_string(port);
    close();
    return fail(listen_error(where, error));
  }
  // The port lies at the same place in both families (sockaddr_in, sockaddr_in6).
  return ntohs(reinterpret_cast<const sockaddr_in&>(bound).sin_port);
}

base::Result<void> Listener::open_unix(const std::string& path, mode_t mode) {
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail("the socket's path is empty or too long",
                "use at most " + std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes");
  }
  auto& io = static_cast<asio::io_context&>(acceptor_.get_executor().context());
  if (auto cleared = clear_stale_socket(io, path); !cleared) return cleared;
  const asio::local::stream_protocol::endpoint endpoint(path);
  error_code error;
  acceptor_.open(stream_protocol(endpoint.protocol()), error);
  if (!error) acceptor_.bind(stream_protocol::endpoint(endpoint), error);
  if (!error) path_ = path;
  // Nobody can connect before listen, so the permissions are right from the first moment on.
  if (!error && ::chmod(path.c_str(), mode) != 0) {
    error = error_code(errno, boost::system::system_category());
  }
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    close();
    return fail(listen_error(path, error));
  }
  return {};
}

void Listener::start(Accepted accepted) {
  accepted_ = std::move(accepted);
  accept();
}

void Listener::accept() {
  acceptor_.async_accept([self = shared_from_this()](const error_code& error, Socket socket) {
    if (!self->acceptor_.is_open()) return;
    if (error) return self->accept_later();
    const PeerInfo peer = peer_of(socket);
    self->accepted_(std::move(socket), peer);
    if (self->acceptor_.is_open()) self->accept();
  });
}

void Listener::accept_later() {
  retry_.expires_after(accept_retry_delay);
  retry_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error && self->acceptor_.is_open()) self->accept();
  });
}

void Listener::close() {
  if (!path_.empty()) ::unlink(path_.c_str());  // a file left behind is cleared at the next start
  path_.clear();
  retry_.cancel();
  error_code ignored;  // it is closed whatever close(2) says
  acceptor_.close(ignored);
}

}  // namespace nurtured::http

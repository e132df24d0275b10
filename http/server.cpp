#include "http/server.h"

#include <algorithm>
#include <map>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/connection.h"
#include "http/listener.h"
#include "http/response_writer.h"

namespace nurtured::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// One timer for all connections: each keeps its own deadline, and a sweep finds those that have
// passed. A timer for each would be set and cancelled several times in every request.
constexpr std::chrono::milliseconds sweep_interval_max{250};

std::chrono::milliseconds sweep_interval(const ServerOptions& options) {
  const auto shortest = std::min({options.header_time_max, options.body_time_max,
                                  options.idle_time_max, options.write_time_max});
  return std::clamp(shortest / 4, std::chrono::milliseconds(1), sweep_interval_max);
}

}  // namespace

class Server::Impl final : public ConnectionHost, public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, const base::Clock& clock, ServerOptions given, Handler given_handler)
      : io_(io), clock_(clock), sweep_timer_(io), drain_timer_(io) {
    options = std::move(given);
    handler = std::move(given_handler);
    replies = std::make_shared<ReplyQueue>(io);
  }

  base::Result<std::uint16_t> listen_tcp(const std::string& address, std::uint16_t port);
  base::Result<void> listen_unix(const std::string& path, mode_t mode);
  void stop_accepting();
  void drain(std::chrono::milliseconds time_max, std::function<void()> done);
  void close_all();

  void closed(Connection& connection) override;
  std::string_view date() override;

 private:
  base::Result<void> judge_options();
  void start(std::shared_ptr<Listener> listener);
  void accepted(Socket socket, const PeerInfo& peer);
  // The status to turn a newcomer away with; 0: welcome.
  int turn_away(const PeerInfo& peer) const;
  void turn_away(Socket& socket, int status);
  bool is_counted(const PeerInfo& peer) const {
    return peer.address && !trusted_proxies.contains(*peer.address);
  }
  void sweep_later();
  void finish_drain_if_empty();

  asio::io_context& io_;
  const base::Clock& clock_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::map<IpAddress, std::size_t> per_source_;
  asio::steady_timer sweep_timer_;
  bool sweeping_ = false;
  asio::steady_timer drain_timer_;
  std::function<void()> drained_;
  base::Instant date_instant_{};
  std::string date_;
};

base::Result<void> Server::Impl::judge_options() {
  auto parsed = Networks::parse(options.trusted_proxies);
  if (!parsed) return base::fail(std::move(parsed.error()));
  trusted_proxies = std::move(*parsed);
  return {};
}

base::Result<std::uint16_t> Server::Impl::listen_tcp(const std::string& address,
                                                     std::uint16_t port) {
  if (auto judged = judge_options(); !judged) return base::fail(std::move(judged.error()));
  auto listener = std::make_shared<Listener>(io_);
  auto bound = listener->open_tcp(address, port);
  if (bound) start(std::move(listener));
  return bound;
}

base::Result<void> Server::Impl::listen_unix(const std::string& path, mode_t mode) {
  auto listener = std::make_shared<Listener>(io_);
  auto bound = listener->open_unix(path, mode);
  if (bound) start(std::move(listener));
  return bound;
}

void Server::Impl::start(std::shared_ptr<Listener> listener) {
  // The listener is closed before this goes, and hands nothing over then.
  listener->start(
      [this](Socket socket, const PeerInfo& peer) { accepted(std::move(socket), peer); });
  listeners_.push_back(std::move(listener));
}

void Server::Impl::accepted(Socket socket, const PeerInfo& peer) {
  if (const int status = turn_away(peer); status != 0) return turn_away(socket, status);
  if (peer.address) {
    error_code ignored;  // slower without, and no worse
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  }
  if (is_counted(peer)) ++per_source_[source_of(*peer.address)];
  auto connection = std::make_shared<Connection>(*this, std::move(socket), peer);
  connection->index = connections_.size();
  connections_.push_back(connection);
  stats.connections = connections_.size();
  connection->start();
  sweep_later();
}

int Server::Impl::turn_away(const PeerInfo& peer) const {
  if (connections_.size() >= options.connections_max) return 503;
  if (!is_counted(peer)) return 0;
  const auto found = per_source_.find(source_of(*peer.address));
  const bool too_many =
      found != per_source_.end() && found->second >= options.connections_per_address_max;
  return too_many ? 429 : 0;
}

void Server::Impl::turn_away(Socket& socket, int status) {
  ++stats.refused_total;
  Response response = refusal_of(options, status);
  response.headers.add("Retry-After", "1");
  std::string bytes;
  write_head(bytes, response, {.keep_alive = false, .date = date()});
  bytes += response.body;
  // One try: a crowd that is turned away must not cost us buffers and turns of the loop.
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(bytes), ignored);
  socket.shutdown(Socket::shutdown_send, ignored);
}

void Server::Impl::closed(Connection& connection) {
  if (is_counted(connection.peer())) {
    const auto found = per_source_.find(source_of(*connection.peer().address));
    if (--found->second == 0) per_source_.erase(found);
  }
  const std::size_t index = connection.index;
  std::swap(connections_[index], connections_.back());
  connections_[index]->index = index;
  connections_.pop_back();  // may be the connection's end: it is not touched any more
  stats.connections = connections_.size();
  finish_drain_if_empty();
}

void Server::Impl::sweep_later() {
  if (std::exchange(sweeping_, true)) return;
  sweep_timer_.expires_after(sweep_interval(options));
  sweep_timer_.async_wait([self = weak_from_this()](const error_code& error) {
    const auto impl = self.lock();
    if (!impl || error) return;
    impl->sweeping_ = false;
    const SteadyTime now = std::chrono::steady_clock::now();
    const auto connections = impl->connections_;  // some may close and leave the list
    for (const auto& connection : connections) connection->expire_if_due(now);
    if (!impl->connections_.empty()) impl->sweep_later();
  });
}

void Server::Impl::stop_accepting() {
  for (const auto& listener : listeners_) listener->close();
  listeners_.clear();
}

void Server::Impl::drain(std::chrono::milliseconds time_max, std::function<void()> done) {
  stop_accepting();
  draining = true;
  drained_ = std::move(done);
  const auto connections = connections_;  // closing takes them out of the list
  for (const auto& connection : connections) connection->close_if_idle();
  finish_drain_if_empty();
  if (!drained_) return;
  drain_timer_.expires_after(time_max);
  drain_timer_.async_wait([self = weak_from_this()](const error_code& error) {
    const auto impl = self.lock();
    if (!impl || error) return;
    const auto late = impl->connections_;
    for (const auto& connection : late) connection->close();
  });
}

void Server::Impl::finish_drain_if_empty() {
  if (!drained_ || !connections_.empty()) return;
  drain_timer_.cancel();
  asio::post(io_, std::exchange(drained_, nullptr));
}

void Server::Impl::close_all() {
  replies->close();
  stop_accepting();
  for (const auto& connection : connections_) connection->forsake();
  connections_.clear();
}

std::string_view Server::Impl::date() {
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now());
  if (date_.empty() || now != date_instant_) {
    date_instant_ = now;
    date_ = to_http_date(now);
  }
  return date_;
}

Server::Server(asio::io_context& io, const base::Clock& clock, ServerOptions options,
               Handler handler)
    : impl_(std::make_shared<Impl>(io, clock, std::move(options), std::move(handler))) {}

Server::~Server() {
  impl_->close_all();
}

base::Result<std::uint16_t> Server::listen_tcp(const std::string& address, std::uint16_t port) {
  return impl_->listen_tcp(address, port);
}
base::Result<void> Server::listen_unix(const std::string& path, mode_t mode) {
  return impl_->listen_unix(path, mode);
}
void Server::stop_accepting() {
  impl_->stop_accepting();
}
void Server::drain(std::chrono::milliseconds time_max, std::function<void()> done) {
  impl_->drain(time_max, std::move(done));
}
ServerStats Server::stats() const {
  return impl_->stats;
}

}  // namespace nurtured::http

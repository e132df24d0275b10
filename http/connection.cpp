#include "http/connection.h"

#include <array>
#include <cassert>

#include <boost/asio/buffer.hpp>

#include "http/content_coding.h"
#include "http/response_writer.h"

namespace nurtured::http {
namespace {

using boost::system::error_code;
namespace asio = boost::asio;

constexpr std::size_t buffer_bytes_min = 4 * 1024;  // while headers are read, and at rest
constexpr std::size_t buffer_bytes_body =
    64 * 1024;                                    // while a body is read that did not come at once
constexpr std::size_t body_kept_max = 64 * 1024;  // of memory, from one request to the next
// How long a client may go on sending after we have refused it: closing under it would reset the
// connection and could lose our answer (RFC 9112 section 9.6).
constexpr std::chrono::milliseconds linger_time_max{2'000};

// "203.0.113.7", "203.0.113.7:4711", "[2001:db8::1]:4711" or "2001:db8::1", as proxies write them.
std::optional<IpAddress> parse_forwarded(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return std::nullopt;
  text = text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
  if (text.front() == '[') return parse_address(text.substr(1, text.find(']') - 1));
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && colon == text.rfind(':')) text = text.substr(0, colon);
  return parse_address(text);
}

}  // namespace

Response refusal_of(const ServerOptions& options, int status) {
  if (options.refusal) {
    Response response = options.refusal(status);
    if (is_sendable(response)) return response;
  }
  return text_response(status, std::string(reason_of(status)) + "\n");
}

Connection::Connection(ConnectionHost& host, Socket socket, PeerInfo peer)
    : host_(&host),
      socket_(std::move(socket)),
      peer_(peer),
      peer_text_(peer.address ? to_string(*peer.address) : std::string()),
      slot_(std::make_shared<ReplySlot>()),
      buffer_(buffer_bytes_min, '\0'),
      parser_({host.options.header_bytes_max, host.options.header_count_max}) {
  slot_->queue = host.replies;
  slot_->taker = this;
}

Connection::~Connection() {
  slot_->taker = nullptr;
}

void Connection::start() {
  error_code ignored;  // without it the worst is a blocking call, which Asio's own calls never make
  socket_.non_blocking(true, ignored);
  next_request();
  set_phase(Phase::idle, host_->options.header_time_max);
  read();
}

void Connection::set_phase(Phase phase, std::chrono::milliseconds time_max) {
  phase_ = phase;
  deadline_ = std::chrono::steady_clock::now() + time_max;
}

void Connection::expire_if_due(SteadyTime now) {
  if (now < deadline_) return;
  const bool request_begun = phase_ == Phase::header || phase_ == Phase::body;
  if (request_begun) {
    refuse(408);
  } else {
    close();
  }
}

void Connection::close_if_idle() {
  if (phase_ == Phase::idle) close();
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  if (phase_ == Phase::handling) --host_->stats.requests_in_flight;
  ConnectionHost& host = *host_;
  forsake();
  host.closed(*this);
}

void Connection::forsake() {
  phase_ = Phase::closed;
  slot_->taker = nullptr;
  host_ = nullptr;
  error_code ignored;  // it is closed whatever close(2) says
  socket_.close(ignored);
}

// Reading.

void Connection::read() {
  if (std::exchange(reading_, true)) return;  // a refusal can come while one is under way
  make_room();
  socket_.async_read_some(asio::buffer(buffer_.data() + end_, buffer_.size() - end_),
                          [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                            self->received(bytes, bool(error));
                          });
}

void Connection::make_room() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (end_ == buffer_.size()) {
    if (begin_ > 0) {
      buffer_.erase(0, begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    buffer_.resize(buffer_.size() * 2);
  }
  if (phase_ == Phase::body && buffer_.size() < buffer_bytes_body) {
    buffer_.resize(buffer_bytes_body);
  }
}

void Connection::received(std::size_t bytes, bool failed) {
  reading_ = false;
  if (phase_ == Phase::closed) return;
  if (failed) return close();
  if (phase_ == Phase::lingering) {
    begin_ = end_ = 0;
    return read();
  }
  end_ += bytes;
  proceed();
}

// From bytes to a request.

void Connection::proceed() {
  if (phase_ == Phase::idle) {
    skip_empty_line();
    const bool half_an_empty_line = !empty_line_skipped_ && unread() == "\r";
    if (unread().empty() || half_an_empty_line) return read();
    set_phase(Phase::header, host_->options.header_time_max);
  }
  if (phase_ == Phase::header && !proceed_header()) return;
  if (phase_ == Phase::body && !proceed_body()) return;
  dispatch();
}

// RFC 9112 section 2.2: one empty line before a request line is forgiven, for old clients send it
// after a body.
void Connection::skip_empty_line() {
  if (empty_line_skipped_ || !unread().starts_with("\r\n")) return;
  empty_line_skipped_ = true;
  begin_ += 2;
}

bool Connection::proceed_header() {
  const Parsed parsed = parser_.parse_header(unread(), request_);
  if (parsed.refused != 0) {
    refuse(parsed.refused);
    return false;
  }
  if (!parsed.complete) {
    read();
    return false;
  }
  begin_ += parsed.consumed;
  is_head_ = request_.method == "HEAD";
  keep_alive_ = parser_.keep_alive();
  request_.peer = peer_.credentials;
  request_.remote_address = client_address();
  if (!parser_.has_body()) return true;

  const auto& options = host_->options;
  body_bytes_max_ =
      options.body_bytes_max_for ? options.body_bytes_max_for(request_) : options.body_bytes_max;
  set_phase(Phase::body, options.body_time_max);
  return true;
}

bool Connection::proceed_body() {
  const Parsed parsed = parser_.parse_body(unread(), body_bytes_max_);
  if (parsed.refused != 0) {
    refuse(parsed.refused);
    return false;
  }
  begin_ += parsed.consumed;
  if (parsed.complete) return decode_body();
  // Chunk sizes and trailers must fit where headers do.
  if (unread().size() > host_->options.header_bytes_max) {
    refuse(400);
    return false;
  }
  invite_body();
  read();
  return false;
}

// Once, and only while nothing of the body has come.
void Connection::invite_body() {
  if (!parser_.expects_continue() || !request_.body.empty() || !unread().empty()) return;
  if (std::exchange(continue_sent_, true)) return;
  // A client whose socket takes no 25 bytes gets none and goes on by its own time-out.
  static constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
  error_code ignored;
  socket_.write_some(asio::buffer(interim), ignored);
}

bool Connection::decode_body() {
  if (!host_->options.decode_content || request_.body.empty()) return true;
  const auto coding = request_.headers.find("content-encoding");
  if (!coding) return true;
  auto decoded = decode_content(request_.body, *coding, body_bytes_max_);
  if (!decoded) {
    const base::ErrorKind kind = decoded.error().kind;
    refuse(kind == base::ErrorKind::too_large   ? 413
           : kind == base::ErrorKind::not_found ? 415
                                                : 400);
    return false;
  }
  request_.body = std::move(*decoded);
  request_.headers.remove("content-encoding");
  return true;
}

// Behind a trusted proxy the last address that is not itself a trusted proxy: what lies before it
// in the list is the client's own word.
std::string Connection::client_address() const {
  if (!peer_.address || !host_->trusted_proxies.contains(*peer_.address)) return peer_text_;
  IpAddress client = *peer_.address;
  for (std::size_t i = request_.headers.size(); i-- > 0;) {
    if (!equal_ignoring_case(request_.headers.name(i), "x-forwarded-for")) continue;
    std::string_view list = request_.headers.value(i);
    while (!list.empty()) {
      const std::size_t comma = list.rfind(',');
      const bool is_last = comma == std::string_view::npos;
      const auto hop = parse_forwarded(is_last ? list : list.substr(comma + 1));
      if (!hop) return to_string(client);
      client = *hop;
      if (!host_->trusted_proxies.contains(client)) return to_string(client);
      list = is_last ? std::string_view() : list.substr(0, comma);
    }
  }
  return to_string(client);
}

void Connection::dispatch() {
  phase_ = Phase::handling;
  deadline_ = SteadyTime::max();
  ++host_->stats.requests_total;
  ++host_->stats.requests_in_flight;
  const Handler& handler = host_->handler;
  handler(std::move(request_), Reply(slot_));
}

// From a response to bytes.

void Connection::take(Response response) {
  assert(phase_ == Phase::handling);
  const auto self = shared_from_this();  // a failed write drops the host's reference
  --host_->stats.requests_in_flight;
  respond(is_sendable(response) ? std::move(response)
                                : text_response(500, "the response could not be sent\n"));
}

void Connection::refuse(int status) {
  ++host_->stats.refused_total;
  keep_alive_ = false;
  leaves_unread_ = true;
  respond(refusal_of(host_->options, status));
}

void Connection::respond(Response response) {
  keep_alive_ = keep_alive_ && !host_->draining;
  response_ = std::move(response);
  head_.clear();
  write_head(head_, response_,
             {.keep_alive = keep_alive_, .http_1_0 = parser_.is_http_1_0(), .date = host_->date()});
  if (is_head_ || !status_has_body(response_.status)) response_.body.clear();
  written_ = 0;
  set_phase(Phase::writing, host_->options.write_time_max);
  write_some();
}

// Most responses leave in the first call, without a turn through the reactor.
void Connection::write_some() {
  const std::size_t total = head_.size() + response_.body.size();
  while (written_ < total) {
    const std::size_t from_head = std::min(written_, head_.size());
    const std::size_t from_body = written_ - from_head;
    const std::array<asio::const_buffer, 2> pieces{
        asio::const_buffer(head_.data() + from_head, head_.size() - from_head),
        asio::const_buffer(response_.body.data() + from_body, response_.body.size() - from_body)};
    error_code error;
    written_ += socket_.write_some(pieces, error);
    if (error == asio::error::would_block) {
      socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const error_code& failed) {
        if (self->phase_ == Phase::closed) return;
        if (failed) return self->close();
        self->write_some();
      });
      return;
    }
    if (error) return close();
  }
  response_written();
}

void Connection::response_written() {
  if (keep_alive_) {
    next_request();
    set_phase(Phase::idle, host_->options.idle_time_max);
    proceed();
  } else if (leaves_unread_ || !unread().empty()) {
    linger();
  } else {
    error_code ignored;  // the other side may have closed first
    socket_.shutdown(Socket::shutdown_send, ignored);
    close();
  }
}

void Connection::linger() {
  error_code ignored;  // the other side may have closed first
  socket_.shutdown(Socket::shutdown_send, ignored);
  set_phase(Phase::lingering, linger_time_max);
  begin_ = end_ = 0;
  read();
}

void Connection::next_request() {
  parser_.reset();
  request_.headers.clear();
  request_.body.clear();
  if (request_.body.capacity() > body_kept_max) request_.body = {};
  if (unread().empty() && buffer_.size() > buffer_bytes_min) {
    buffer_ = std::string(buffer_bytes_min, '\0');
    begin_ = end_ = 0;
  }
  is_head_ = false;
  empty_line_skipped_ = false;
  continue_sent_ = false;
}

}  // namespace nurtured::http

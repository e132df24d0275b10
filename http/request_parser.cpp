#include "http/request_parser.h"

#include <algorithm>
#include <optional>
#include <string>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace nurtured::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using BeastView = boost::beast::string_view;

constexpr int status_bad_request = 400;
constexpr int status_too_large = 413;
constexpr int status_expectation_failed = 417;
constexpr int status_header_too_large = 431;
constexpr int status_not_implemented = 501;
constexpr int status_version = 505;

// What memory is set aside on a client's mere word.
constexpr std::size_t body_reserve_max = 64 * 1024;

std::string_view plain(BeastView text) {
  return {text.data(), text.size()};
}

// Beast takes folded lines and stops at other things than we wish to see, so the raw block is
// judged first: no bare CR or LF, no NUL, no line that begins with a blank (obs-fold, RFC 9112
// section 5.2).
bool is_clean_header_block(std::string_view block) {
  for (std::size_t at = block.find_first_of(std::string_view("\r\n\0", 3));
       at != std::string_view::npos;
       at = block.find_first_of(std::string_view("\r\n\0", 3), at + 2)) {
    if (block.substr(at, 2) != "\r\n") return false;
    const char next = at + 2 < block.size() ? block[at + 2] : '\r';
    if (next == ' ' || next == '\t') return false;
  }
  return true;
}

// Beast's parser with our own storage and our own rules on top: it calls back for each field.
class Machine final : public beast_http::basic_parser<true> {
 public:
  Machine(Request& request, std::size_t header_count_max)
      : request_(request), header_count_max_(header_count_max) {
    body_limit(boost::none);  // ours is counted here, per request
    header_limit(UINT32_MAX);
  }

  void set_body_bytes_max(std::size_t bytes) { body_bytes_max_ = bytes; }
  int refused() const { return refused_; }
  bool is_http_1_0() const { return is_http_1_0_; }
  bool expects_continue() const { return expects_continue_; }

 private:
  void refuse(int status, error_code& ec) {
    if (refused_ == 0) refused_ = status;
    ec = beast_http::error::bad_value;
  }

  void on_request_impl(beast_http::verb, BeastView method, BeastView target, int version,
                       error_code& ec) override {
    is_http_1_0_ = version == 10;
    request_.method.assign(method.data(), method.size());
    const bool visible = std::all_of(target.begin(), target.end(), [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return byte > 0x20 && byte < 0x7f;
    });
    if (!visible || !take_target(plain(target))) refuse(status_bad_request, ec);
  }

  // RFC 9112 section 3.2: origin form, absolute form (cut to the origin's), or "*" for OPTIONS.
  bool take_target(std::string_view target) {
    if (target.front() == '/' || (target == "*" && request_.method == "OPTIONS")) {
      request_.target.assign(target);
      return true;
    }
    const std::size_t scheme_end = target.find("://");
    const std::string_view scheme = target.substr(0, std::min(scheme_end, target.size()));
    if (!equal_ignoring_case(scheme, "http") && !equal_ignoring_case(scheme, "https")) return false;
    const std::size_t path = target.find_first_of("/?", scheme_end + 3);
    request_.target = path == std::string_view::npos || target[path] == '?' ? "/" : "";
    if (path != std::string_view::npos) request_.target.append(target.substr(path));
    return true;
  }

  void on_response_impl(int, BeastView, int, error_code&) override {}

  void on_field_impl(beast_http::field field, BeastView name, BeastView value,
                     error_code& ec) override {
    // Trailers say nothing that a handler could rely on: it is read after the limits were judged.
    if (in_body_) return;
    if (request_.headers.size() == header_count_max_) return refuse(status_header_too_large, ec);
    if (!is_header_value(plain(value))) return refuse(status_bad_request, ec);
    switch (field) {
      case beast_http::field::host:
        if (++hosts_ > 1) return refuse(status_bad_request, ec);
        break;
      case beast_http::field::content_length:
        if (++lengths_ > 1 || !is_plain_number(plain(value))) return refuse(status_bad_request, ec);
        break;
      case beast_http::field::transfer_encoding:
        if (++transfer_codings_ > 1) return refuse(status_bad_request, ec);
        if (!equal_ignoring_case(plain(value), "chunked"))
          return refuse(status_not_implemented, ec);
        break;
      case beast_http::field::expect:
        if (!equal_ignoring_case(plain(value), "100-continue")) {
          return refuse(status_expectation_failed, ec);
        }
        expects_continue_ = true;
        break;
      default:
        break;
    }
    request_.headers.add(plain(name), plain(value));
  }

  static bool is_plain_number(std::string_view value) {
    return !value.empty() &&
           std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  }

  void on_header_impl(error_code& ec) override {
    // RFC 9112: sections 3.2 (one Host), 6.1 (no transfer coding before HTTP/1.1, nor beside a
    // length).
    if (hosts_ > 1 || (hosts_ == 0 && !is_http_1_0_)) refuse(status_bad_request, ec);
    if (transfer_codings_ > 0 && (lengths_ > 0 || is_http_1_0_)) refuse(status_bad_request, ec);
    in_body_ = true;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& ec) override {
    if (!length) return;
    if (*length > body_bytes_max_) return refuse(status_too_large, ec);
    request_.body.reserve(std::min(static_cast<std::size_t>(*length), body_reserve_max));
  }

  std::size_t append(BeastView piece, error_code& ec) {
    if (piece.size() > body_bytes_max_ - request_.body.size()) {
      refuse(status_too_large, ec);
      return 0;
    }
    request_.body.append(piece.data(), piece.size());
    return piece.size();
  }

  std::size_t on_body_impl(BeastView piece, error_code& ec) override { return append(piece, ec); }

  void on_chunk_header_impl(std::uint64_t size, BeastView, error_code& ec) override {
    if (size > body_bytes_max_ - request_.body.size()) refuse(status_too_large, ec);
  }
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView piece, error_code& ec) override {
    return append(piece, ec);
  }
  void on_finish_impl(error_code&) override {}

  Request& request_;
  std::size_t header_count_max_;
  std::size_t body_bytes_max_ = 0;
  int refused_ = 0;
  int hosts_ = 0;
  int lengths_ = 0;
  int transfer_codings_ = 0;
  bool is_http_1_0_ = false;
  bool expects_continue_ = false;
  bool in_body_ = false;
};

int status_of(const error_code& error, const Machine& machine) {
  if (machine.refused() != 0) return machine.refused();
  return error == beast_http::error::bad_version ? status_version : status_bad_request;
}

}  // namespace

class RequestParser::Impl {
 public:
  explicit Impl(ParserLimits limits) : limits_(limits) {}

  void reset() {
    machine_.reset();
    scanned_ = 0;
  }
  const Machine& machine() const { return *machine_; }
  bool is_http_1_0() const { return machine_ && machine_->is_http_1_0(); }

  Parsed parse_header(std::string_view input, Request& request);
  Parsed parse_body(std::string_view input, std::size_t body_bytes_max);

 private:
  // The length of the header block, 0 while its end has not come, npos where a line ends in a bare
  // LF.
  std::size_t find_header_end(std::string_view input);

  ParserLimits limits_;
  std::optional<Machine> machine_;
  std::size_t scanned_ = 0;  // of the input, already searched for the end of the headers
};

std::size_t RequestParser::Impl::find_header_end(std::string_view input) {
  for (std::size_t at = input.find('\n', scanned_); at != std::string_view::npos;
       at = input.find('\n', at + 1)) {
    scanned_ = at + 1;
    if (at == 0 || input[at - 1] != '\r') return std::string_view::npos;
    if (at >= 3 && input[at - 2] == '\n') return at + 1;
  }
  scanned_ = input.size();
  return 0;
}

Parsed RequestParser::Impl::parse_header(std::string_view input, Request& request) {
  const std::size_t end = find_header_end(input);
  if (end == std::string_view::npos) return {.refused = status_bad_request};
  if (std::max(end, input.size() * (end == 0)) > limits_.header_bytes_max) {
    return {.refused = status_header_too_large};
  }
  if (end == 0) return {};
  const std::string_view block = input.substr(0, end);
  if (!is_clean_header_block(block)) return {.refused = status_bad_request};

  machine_.emplace(request, limits_.header_count_max);
  error_code ec;
  std::size_t consumed = 0;
  while (!ec && !machine_->is_header_done() && consumed < block.size()) {
    consumed += machine_->put({block.data() + consumed, block.size() - consumed}, ec);
  }
  if (ec || !machine_->is_header_done() || consumed != block.size()) {
    return {.refused = status_of(ec, *machine_)};
  }
  return {.consumed = consumed, .complete = true};
}

Parsed RequestParser::Impl::parse_body(std::string_view input, std::size_t body_bytes_max) {
  machine_->set_body_bytes_max(body_bytes_max);
  Parsed parsed;
  error_code ec;
  while (!ec && !machine_->is_done()) {
    const std::size_t before = parsed.consumed;
    parsed.consumed += machine_->put({input.data() + before, input.size() - before}, ec);
    // A first call on an empty input lets Beast judge the announced length.
    if (!ec && parsed.consumed == before && before == input.size()) break;
  }
  if (ec && ec != beast_http::error::need_more) {
    return {.refused = status_of(ec, *machine_)};
  }
  parsed.complete = machine_->is_done();
  return parsed;
}

RequestParser::RequestParser(ParserLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;

void RequestParser::reset() {
  impl_->reset();
}
Parsed RequestParser::parse_header(std::string_view input, Request& request) {
  return impl_->parse_header(input, request);
}
bool RequestParser::keep_alive() const {
  return impl_->machine().keep_alive();
}
bool RequestParser::is_http_1_0() const {
  return impl_->is_http_1_0();
}
bool RequestParser::expects_continue() const {
  return impl_->machine().expects_continue() && !is_http_1_0();
}
bool RequestParser::has_body() const {
  return !impl_->machine().is_done();
}
Parsed RequestParser::parse_body(std::string_view input, std::size_t body_bytes_max) {
  return impl_->parse_body(input, body_bytes_max);
}

}  // namespace nurtured::http

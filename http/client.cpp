#include "http/client.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "http/address.h"
#include "http/curl_multi.h"
#include "http/url.h"

namespace nurtured::http {
namespace {

namespace asio = boost::asio;
using base::ErrorKind;

constexpr std::size_t response_header_bytes_max = 64 * 1024;
constexpr long connection_idle_seconds_max = 60;
constexpr long connection_life_seconds_max = 600;

// One request under way: what libcurl's callbacks read and write. It stays where it is until the
// transfer is over.
struct Exchange {
  HttpRequest request;
  std::string host;
  CurlList headers;
  std::size_t body_read = 0;
  HttpResponse response;
  std::size_t header_bytes = 0;
  bool too_large = false;
  bool address_refused = false;
};

bool is_repeatable(const HttpRequest& request) {
  return request.repeatable || request.method == "GET" || request.method == "HEAD";
}

std::string_view without_line_end(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  return line;
}

// The body comes through a callback, and not from libcurl's own copy, so that a transparent
// repetition on a new connection has to rewind it: on_rewind can then forbid what would send a
// message twice.
std::size_t on_read(char* out, std::size_t size, std::size_t count, void* data) {
  Exchange& exchange = *static_cast<Exchange*>(data);
  const std::string& body = exchange.request.body;
  const std::size_t bytes = std::min(size * count, body.size() - exchange.body_read);
  std::memcpy(out, body.data() + exchange.body_read, bytes);
  exchange.body_read += bytes;
  return bytes;
}

int on_rewind(void* data, curl_off_t offset, int origin) {
  Exchange& exchange = *static_cast<Exchange*>(data);
  if (offset != 0 || origin != SEEK_SET || !is_repeatable(exchange.request))
    return CURL_SEEKFUNC_FAIL;
  exchange.body_read = 0;
  return CURL_SEEKFUNC_OK;
}

std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* data) {
  Exchange& exchange = *static_cast<Exchange*>(data);
  if (size * count > exchange.request.response_bytes_max - exchange.response.body.size()) {
    exchange.too_large = true;
    return 0;
  }
  exchange.response.body.append(bytes, size * count);
  return size * count;
}

std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* data) {
  Exchange& exchange = *static_cast<Exchange*>(data);
  exchange.header_bytes += size * count;
  if (exchange.header_bytes > response_header_bytes_max) {
    exchange.too_large = true;
    return 0;
  }
  const std::string_view line = without_line_end({bytes, size * count});
  if (line.starts_with("HTTP/")) {
    exchange.response.headers.clear();  // an interim response went before
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    const std::size_t value = line.find_first_not_of(" \t", colon + 1);
    exchange.response.headers.add(line.substr(0, colon),
                                  value == std::string_view::npos ? "" : line.substr(value));
  }
  return size * count;
}

// The address that is really connected to is judged, whatever the name said a moment ago.
curl_socket_t on_open_socket(void* data, curlsocktype, curl_sockaddr* target) {
  Exchange& exchange = *static_cast<Exchange*>(data);
  const auto address = address_of(target->addr);
  if (!exchange.request.allow_private && (!address || !is_public(*address))) {
    exchange.address_refused = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(target->family, target->socktype | SOCK_CLOEXEC, target->protocol);
}

base::Result<void> prepare_headers(Exchange& exchange) {
  bool has_type = false;
  for (std::size_t i = 0; i < exchange.request.headers.size(); ++i) {
    const std::string_view name = exchange.request.headers.name(i);
    const std::string_view value = exchange.request.headers.value(i);
    if (!is_token(name) || !is_header_value(value)) {
      return base::fail("a header of the request holds characters that headers must not hold");
    }
    has_type = has_type || equal_ignoring_case(name, "content-type");
    // libcurl takes "Name:" as a wish to leave the header out, and "Name;" as one without a value.
    std::string line(name);
    line += value.empty() ? ";" : ": ";
    line += value;
    curl_slist* const longer = curl_slist_append(exchange.headers.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(exchange.headers.release());
    exchange.headers.reset(longer);
  }
  // Without these libcurl adds a form's Content-Type, and waits a second for leave to send a long
  // body.
  for (const char* line : {"Expect:", has_type ? nullptr : "Content-Type:"}) {
    if (line == nullptr) continue;
    curl_slist* const longer = curl_slist_append(exchange.headers.get(), line);
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(exchange.headers.release());
    exchange.headers.reset(longer);
  }
  return {};
}

void prepare_method(CURL* easy, Exchange& exchange) {
  const HttpRequest& request = exchange.request;
  const bool has_body = !request.body.empty() || request.method == "POST" ||
                        request.method == "PUT" || request.method == "PATCH";
  if (has_body) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, &on_rewind);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, &exchange);
  } else if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  }
  if (!has_body || request.method != "POST") {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

void prepare_easy(CURL* easy, Exchange& exchange) {
  const HttpRequest& request = exchange.request;
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // whatever the environment says
  if (!request.unix_socket.empty()) {
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  // One request a connection at a time: only then is it known how much of this one has left.
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(request.connect_time_max.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.total_time_max.count()));
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, connection_idle_seconds_max);
  curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, connection_life_seconds_max);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange.headers.get());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &on_open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &exchange);
  // Without a body there is nothing to rewind, so only a new connection keeps libcurl from
  // repeating it.
  if (request.body.empty() && !is_repeatable(request)) {
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  }
  prepare_method(easy, exchange);
}

Progress progress_of(CURL* easy, CURLcode code, const Exchange& exchange) {
  long status = 0;
  long request_bytes = 0;
  curl_off_t uploaded = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_bytes);
  curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
  if (status != 0) return Progress::answered;
  const std::size_t body = exchange.request.body.size();
  // libcurl wished to repeat the request on a new connection and on_rewind forbade it: the counters
  // are those of the second attempt, and the first may have left completely.
  if (code == CURLE_SEND_FAIL_REWIND && exchange.body_read == body) return Progress::sent;
  if (request_bytes == 0) return Progress::not_connected;
  // What libcurl counts as uploaded it has handed to the kernel; a body that it has not even read
  // has not left.
  const bool all_left = exchange.body_read == body && static_cast<std::size_t>(uploaded) >= body;
  return all_left ? Progress::sent : Progress::sending;
}

std::string words_for(CURL* easy, CURLcode code) {
  if (code == CURLE_OPERATION_TIMEDOUT) return "no answer in time";
  if (code == CURLE_COULDNT_CONNECT) {
    long number = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
    if (number != 0) {
      return "cannot connect: " +
             boost::system::system_category().message(static_cast<int>(number));
    }
  }
  return curl_easy_strerror(code);
}

HttpFailure failure_of(CURL* easy, CURLcode code, const Exchange& exchange) {
  HttpFailure failure;
  failure.progress = progress_of(easy, code, exchange);
  failure.timed_out = code == CURLE_OPERATION_TIMEDOUT;
  failure.status = failure.progress == Progress::answered ? exchange.response.status : 0;
  if (exchange.address_refused) {
    failure.error = {ErrorKind::denied,
                     exchange.host + " has an address inside the network",
                     "set allow_private if that is meant",
                     {}};
  } else if (exchange.too_large) {
    failure.error = {
        ErrorKind::too_large, "the answer of " + exchange.host + " is too large", {}, {}};
  } else {
    failure.error = {ErrorKind::unavailable, exchange.host + ": " + words_for(easy, code), {}, {}};
  }
  return failure;
}

HttpResult result_of(CURL* easy, CURLcode code, Exchange& exchange) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  exchange.response.status = static_cast<int>(status);
  if (code == CURLE_OK) return std::move(exchange.response);
  return tl::unexpected<HttpFailure>(failure_of(easy, code, exchange));
}

base::Result<void> prepare(Exchange& exchange) {
  auto url = parse_url(exchange.request.url);
  if (!url) return base::fail(std::move(url.error()));
  exchange.host = std::move(url->host);
  if (!is_token(exchange.request.method)) return base::fail("the request's method is no token");
  return prepare_headers(exchange);
}

}  // namespace

class Client::Impl {
 public:
  explicit Impl(asio::io_context& io) : io_(io), public_(io, {}), private_(io, {}) {}

  TransferId send(HttpRequest request, Done done) {
    auto exchange = std::make_shared<Exchange>();
    exchange->request = std::move(request);
    const TransferId id = ++last_id_;
    if (auto prepared = prepare(*exchange); !prepared) {
      HttpFailure failure{.error = std::move(prepared.error())};
      post(id, std::move(done), tl::unexpected<HttpFailure>(std::move(failure)));
      return id;
    }
    CurlHandle handle = make_curl_handle();
    prepare_easy(handle.get(), *exchange);
    // A connection opened with leave to go inside must not serve a request that has none.
    CurlMulti& multi = exchange->request.allow_private ? private_ : public_;
    const CurlMulti::TransferId inner =
        multi.add(std::move(handle),
                  [this, id, exchange, done = std::move(done)](CurlHandle easy, CURLcode code) {
                    under_way_.erase(id);
                    done(result_of(easy.get(), code, *exchange));
                  });
    under_way_.emplace(id, UnderWay{&multi, inner});
    return id;
  }

  void cancel(TransferId id) {
    const auto found = under_way_.find(id);
    if (found == under_way_.end()) return;
    if (found->second.multi != nullptr) found->second.multi->cancel(found->second.inner);
    under_way_.erase(found);
  }

 private:
  struct UnderWay {
    CurlMulti* multi = nullptr;  // null: only its refusal is still to be told
    CurlMulti::TransferId inner = 0;
  };

  void post(TransferId id, Done done, HttpResult result) {
    under_way_.emplace(id, UnderWay{});
    asio::post(io_, [this, alive = std::weak_ptr<int>(alive_), id, done = std::move(done),
                     result = std::move(result)]() mutable {
      if (alive.expired() || under_way_.erase(id) == 0) return;
      done(std::move(result));
    });
  }

  asio::io_context& io_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
  std::unordered_map<TransferId, UnderWay> under_way_;
  TransferId last_id_ = 0;
  CurlMulti public_;
  CurlMulti private_;
};

Client::Client(asio::io_context& io) : impl_(std::make_unique<Impl>(io)) {}
Client::~Client() = default;

Client::TransferId Client::send(HttpRequest request, Done done) {
  return impl_->send(std::move(request), std::move(done));
}
void Client::cancel(TransferId id) {
  impl_->cancel(id);
}

}  // namespace nurtured::http

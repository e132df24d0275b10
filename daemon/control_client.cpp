#include "daemon/control_client.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>

#include <boost/asio/io_context.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/client.h"
#include "rules/cel/json.h"

namespace nurtured::daemon {
namespace {

using base::ErrorKind;
using base::Result;

constexpr std::size_t answer_bytes_max = std::size_t{64} << 20;

// Every kind by the name that base::to_string gives it.
constexpr std::array kinds = {ErrorKind::invalid, ErrorKind::not_found, ErrorKind::conflict,
                              ErrorKind::denied,  ErrorKind::too_large, ErrorKind::unavailable,
                              ErrorKind::disk,    ErrorKind::internal};

std::string text_of(const cel::Value& body, std::string_view key) {
  const cel::Value* value = body.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

base::Error error_of(const http::HttpResponse& response, const cel::Value& body) {
  base::Error error{ErrorKind::internal, text_of(body, "error"), text_of(body, "remedy"), {}};
  const std::string kind = text_of(body, "kind");
  for (const ErrorKind known : kinds) {
    if (kind == base::to_string(known)) error.kind = known;
  }
  if (error.message.empty()) {
    error.message = "the daemon answered " + std::to_string(response.status);
  }
  return error;
}

Result<Answer> read_answer(const http::HttpResponse& response) {
  const auto body = cel::from_json(response.body, {.bytes_max = answer_bytes_max, .depth_max = 64});
  if (!body || response.status != 200) {
    return base::fail(error_of(response, body.value_or(cel::Value())));
  }
  const cel::Value* result = body->find("result");
  const cel::Value* problem = body->find("problem");
  return Answer{.result = result == nullptr ? cel::Value() : *result,
                .text = text_of(*body, "text"),
                .problem = problem != nullptr && problem->is_bool() && problem->as_bool()};
}

// connect(2): 0 when somebody listens, else errno.
int probe(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) return ENOENT;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return errno;
  const int failed = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int number = failed == 0 ? 0 : errno;
  ::close(socket);
  return number;
}

bool means_absent(int number) {
  return number == ENOENT || number == ECONNREFUSED || number == ENOTDIR;
}

Result<void> reach(const std::string& path) {
  const int number = probe(path);
  if (number == 0) return {};
  if (means_absent(number)) {
    return base::fail(ErrorKind::not_found, "no daemon runs here",
                      "start it with `nurtured run`, or name its workspace with --config");
  }
  if (number == EACCES || number == EPERM) {
    return base::fail(ErrorKind::denied, "this user may not control the daemon",
                      "ask as root or as a member of the daemon's group");
  }
  return base::fail(ErrorKind::unavailable, "the control socket " + path + " cannot be used: " +
                                                std::generic_category().message(number));
}

}  // namespace

bool daemon_listens(const std::string& path) {
  return !means_absent(probe(path));
}

Result<Answer> ask_daemon(const std::string& path, std::string_view operation,
                          const cel::Value& request, base::Milliseconds time_max) {
  if (auto reachable = reach(path); !reachable) return base::fail(reachable.error());
  boost::asio::io_context io;
  http::Client client(io);
  http::HttpRequest question{.method = "POST",
                             .url = "http://localhost/v1/" + std::string(operation),
                             .headers = {{"Content-Type", "application/json"}},
                             .body = cel::to_json(request),
                             .total_time_max = time_max,
                             .response_bytes_max = answer_bytes_max,
                             .allow_private = true,
                             .unix_socket = path};
  std::optional<http::HttpResult> answered;
  client.send(std::move(question), [&](http::HttpResult result) {
    answered = std::move(result);
    io.stop();
  });
  io.run();
  if (!answered) return base::fail(ErrorKind::internal, "the daemon was not asked");
  if (!*answered) {
    base::Error error = answered->error().error;
    error.message = "the daemon did not answer: " + error.message;
    return base::fail(std::move(error));
  }
  return read_answer(**answered);
}

}  // namespace nurtured::daemon

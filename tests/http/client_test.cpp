#include "http/client.h"

#include <cstdlib>
#include <optional>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "http/server.h"
#include "tests/catch.h"
#include "tests/http/loopback.h"

using namespace nurtured;
using namespace nurtured::test;
using http::HttpRequest;
using http::HttpResult;
using http::Progress;
using namespace std::chrono_literals;

namespace {

class Caller {
 public:
  HttpResult send(HttpRequest request) {
    std::optional<HttpResult> result;
    client_.send(std::move(request), [&](HttpResult got) { result = std::move(got); });
    while (!result) io_.run_one();
    return std::move(*result);
  }
  boost::asio::io_context& io() { return io_; }
  http::Client& client() { return client_; }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ =
      boost::asio::make_work_guard(io_);
  http::Client client_{io_};
};

HttpRequest to(std::uint16_t port, const std::string& path = "/") {
  HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(port) + path;
  request.allow_private = true;
  return request;
}

HttpRequest post_to(std::uint16_t port, std::string body) {
  HttpRequest request = to(port, "/secret");
  request.method = "POST";
  request.body = std::move(body);
  return request;
}

}  // namespace

TEST_CASE("a request arrives as it was given and its answer comes back") {
  const auto* method = GENERATE("GET", "POST", "PUT", "DELETE", "PATCH");
  const auto body = GENERATE(as<std::string>(), "", "text", std::string(300'000, 'x'));
  ServerThread server({}, [](http::Request&& request, http::Reply reply) {
    http::Response response =
        http::text_response(201, request.method + request.target + request.body);
    response.headers.add("X-Seen", request.headers.find("x-sent").value_or("nothing"));
    response.headers.add("X-Type", request.headers.find("content-type").value_or("none"));
    response.headers.add("X-Empty", request.headers.find("x-empty").value_or("missing"));
    reply.send(std::move(response));
  });
  Caller caller;
  HttpRequest request = to(server.port(), "/a?b=c");
  request.method = method;
  request.body = body;
  request.headers = {{"X-Sent", "yes"}, {"X-Empty", ""}};
  const HttpResult result = caller.send(request);
  REQUIRE(result);
  CHECK(result->status == 201);
  CHECK((result->body == std::string(method) + "/a?b=c" + body));
  CHECK(result->headers.find("x-seen") == "yes");
  CHECK(result->headers.find("x-type") == "none");
  CHECK(result->headers.find("x-empty") == "");
}

TEST_CASE("HEAD has no body to wait for") {
  ServerThread server({}, [](http::Request&&, http::Reply reply) {
    reply.send(http::text_response(200, "never sent"));
  });
  Caller caller;
  HttpRequest request = to(server.port());
  request.method = "HEAD";
  const HttpResult result = caller.send(request);
  REQUIRE(result);
  CHECK(result->body.empty());
}

TEST_CASE("connections are used again") {
  ServerThread server({}, [](http::Request&&, http::Reply reply) { reply.send({}); });
  Caller caller;
  for (int i = 0; i < 5; ++i) REQUIRE(caller.send(post_to(server.port(), "body")));
  http::ServerStats stats;
  server.on_thread([&] { stats = server.server().stats(); });
  CHECK(stats.requests_total == 5);
  CHECK(stats.connections == 1);
}

TEST_CASE("redirects are answers, not orders") {
  ServerThread server({}, [](http::Request&&, http::Reply reply) {
    reply.send({302, {{"Location", "http://127.0.0.1:1/"}}, ""});
  });
  Caller caller;
  const HttpResult result = caller.send(to(server.port()));
  REQUIRE(result);
  CHECK(result->status == 302);
}

TEST_CASE("addresses inside the network are refused unless allowed") {
  ServerThread server({}, [](http::Request&&, http::Reply reply) { reply.send({}); });
  const std::string port = std::to_string(server.port());
  const auto* host = GENERATE("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0",
                              "[::ffff:127.0.0.1]", "[::1]", "10.0.0.1", "169.254.169.254",
                              "192.168.0.1", "[fe80::1]", "100.64.0.1");
  CAPTURE(host);
  Caller caller;
  // First a permitted one, so that a kept connection could be misused.
  REQUIRE(caller.send(to(server.port())));
  HttpRequest request;
  request.url = "http://" + std::string(host) + ":" + port + "/";
  request.connect_time_max = 2s;
  const HttpResult result = caller.send(std::move(request));
  REQUIRE_FALSE(result);
  CHECK(result.error().error.kind == base::ErrorKind::denied);
  CHECK(result.error().progress == Progress::not_connected);
}

TEST_CASE("requests that cannot be sent are refused") {
  const auto request = GENERATE(
      HttpRequest{.url = "file:///etc/passwd"}, HttpRequest{.url = "smtp://127.0.0.1"},
      HttpRequest{.url = "nonsense"}, HttpRequest{.method = "GE T", .url = "http://h/"},
      HttpRequest{.method = "", .url = "http://h/"}, HttpRequest{.url = "http://h/\r\nX: y"},
      HttpRequest{.url = "http://h/", .headers = {{"X", "a\r\nY: b"}}},
      HttpRequest{.url = "http://h/", .headers = {{"X\r\nY", "a"}}},
      HttpRequest{.url = "http://h/", .headers = {{"", "a"}}},
      HttpRequest{.url = "http://user:pass@h/"}, HttpRequest{.url = "http://h:0/"});
  Caller caller;
  const HttpResult result = caller.send(request);
  REQUIRE_FALSE(result);
  CHECK(result.error().error.kind == base::ErrorKind::invalid);
  CHECK(result.error().progress == Progress::not_connected);
}

TEST_CASE("proxies in the environment are not used") {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  ServerThread server({}, [](http::Request&&, http::Reply reply) { reply.send({}); });
  Caller caller;
  CHECK(caller.send(to(server.port())));
  ::unsetenv("http_proxy");
}

TEST_CASE("a peer that is not there was never reached") {
  const ClosedPort nobody;
  Caller caller;
  const HttpResult result = caller.send(post_to(nobody.port(), "body"));
  REQUIRE_FALSE(result);
  CHECK(result.error().progress == Progress::not_connected);
  CHECK(result.error().error.kind == base::ErrorKind::unavailable);
}

TEST_CASE("a failure tells how far the request came, and no secret") {
  struct Case {
    const char* what;
    std::size_t body_bytes;
    std::function<void(ScriptedPeer::Connection&)> script;
    Progress progress;
    int status;
  };
  using Peer = ScriptedPeer::Connection;
  const std::size_t huge = 64 * 1024 * 1024;
  const auto test = GENERATE_COPY(
      Case{"cut in the middle of a large body", huge,
           [](Peer& peer) {
             peer.read(100'000);
             peer.reset();
           },
           Progress::sending, 0},
      Case{"closed after all of it was read", 4,
           [](Peer& peer) {
             peer.read_until("\r\n\r\n");
             peer.read(4);
           },
           Progress::sent, 0},
      Case{"reset after all of it was read", 4,
           [](Peer& peer) {
             peer.read_until("\r\n\r\n");
             peer.read(4);
             peer.reset();
           },
           Progress::sent, 0},
      Case{"half a status line", 4,
           [](Peer& peer) {
             peer.read_until("\r\n\r\n");
             peer.read(4);
             peer.send("HTTP/1.");
           },
           Progress::sent, 0},
      Case{"garbage", 4,
           [](Peer& peer) {
             peer.read_until("\r\n\r\n");
             peer.read(4);
             peer.send("\x01\x02garbage\r\n\r\n");
           },
           Progress::sent, 0},
      Case{"a body cut short", 4,
           [](Peer& peer) {
             peer.read_until("\r\n\r\n");
             peer.read(4);
             peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
           },
           Progress::answered, 200},
      Case{"a chunked body cut short", 4,
           [](Peer& peer) {
             peer.read_until("\r\n\r\n");
             peer.read(4);
             peer.send("HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsh");
           },
           Progress::answered, 503});
  CAPTURE(test.what);
  ScriptedPeer peer([&](Peer& connection, int) { test.script(connection); });
  Caller caller;
  const HttpResult result = caller.send(post_to(peer.port(), std::string(test.body_bytes, 'x')));
  REQUIRE_FALSE(result);
  CHECK(result.error().progress == test.progress);
  CHECK(result.error().status == test.status);
  CHECK_FALSE(result.error().timed_out);
  CHECK(result.error().error.message.find("secret") == std::string::npos);
  CHECK(peer.connections() == 1);
}

TEST_CASE("a peer that took the request and says nothing leaves it open") {
  const auto hangs_up = GENERATE(false, true);
  CAPTURE(hangs_up);
  ScriptedPeer peer([&](ScriptedPeer::Connection& connection, int) {
    connection.read_until("\r\n\r\nbody");
    if (!hangs_up) connection.wait_for_end();
  });
  Caller caller;
  HttpRequest request = post_to(peer.port(), "body");
  // Until the deadline, which leaves a busy machine the time to send it.
  request.total_time_max = hangs_up ? 60s : 2s;
  const HttpResult result = caller.send(std::move(request));
  REQUIRE_FALSE(result);
  CHECK(result.error().progress == Progress::sent);
  CHECK(result.error().timed_out == !hangs_up);
}

TEST_CASE("an answer that is too large is cut") {
  const auto* head = GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n",
                              "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nX: ");
  ScriptedPeer peer([&](ScriptedPeer::Connection& connection, int) {
    connection.read_until("\r\n\r\n");
    connection.send(head);
    for (int i = 0; i < 100; ++i) connection.send(std::string(1'000'000, 'x'));
  });
  Caller caller;
  const HttpResult result = caller.send(to(peer.port()));
  REQUIRE_FALSE(result);
  CHECK(result.error().progress == Progress::answered);
  CHECK(result.error().status == 200);
}

TEST_CASE("a kept connection that dies is not repeated on unless the request may be") {
  const auto repeatable = GENERATE(true, false);
  std::atomic<int> bodies = 0;
  ScriptedPeer peer([&](ScriptedPeer::Connection& connection, int number) {
    while (!connection.read_until("\r\n\r\n").empty()) {
      if (connection.read(4).size() < 4) return;
      ++bodies;
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      if (number == 2) continue;
      connection.read_until("\r\n\r\n");  // the second one is read, and then the connection ends
      connection.read(4);
      ++bodies;
      return;
    }
  });
  Caller caller;
  REQUIRE(caller.send(post_to(peer.port(), "body")));
  HttpRequest second = post_to(peer.port(), "body");
  second.repeatable = repeatable;
  const HttpResult result = caller.send(std::move(second));
  if (repeatable) {
    REQUIRE(result);
    CHECK(bodies == 3);
  } else {
    REQUIRE_FALSE(result);
    CHECK(result.error().progress == Progress::sent);
    CHECK(bodies == 2);
  }
}

TEST_CASE("a cancelled request tells nobody, and the rest goes on") {
  ScriptedPeer peer([](ScriptedPeer::Connection& connection, int) { connection.wait_for_end(); });
  ServerThread server({}, [](http::Request&&, http::Reply reply) { reply.send({}); });
  Caller caller;
  bool told = false;
  const auto silent =
      caller.client().send(to(peer.port()), [&](const HttpResult&) { told = true; });
  const auto refused = caller.client().send({.url = "x"}, [&](const HttpResult&) { told = true; });
  caller.client().cancel(silent);
  caller.client().cancel(refused);
  caller.client().cancel(refused);
  CHECK(caller.send(to(server.port())));
  CHECK_FALSE(told);
}

TEST_CASE("a client may end with requests under way, even in a callback") {
  ServerThread server({}, [](http::Request&&, http::Reply reply) { reply.send({}); });
  boost::asio::io_context io;
  auto client = std::make_unique<http::Client>(io);
  int told = 0;
  for (int i = 0; i < 10; ++i) {
    client->send(to(server.port()), [&](const HttpResult&) {
      ++told;
      client.reset();
    });
  }
  io.run();
  CHECK(told == 1);
}

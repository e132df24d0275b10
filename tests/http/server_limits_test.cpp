#include <future>

#include "http/server.h"
#include "tests/catch.h"
#include "tests/http/loopback.h"

using namespace nurtured;
using namespace nurtured::test;
using http::Reply;
using http::Request;
using namespace std::chrono_literals;

namespace {

void accept_all(Request&&, Reply reply) {
  reply.send({});
}

}  // namespace

TEST_CASE("a body over the limit is refused before it is read") {
  http::ServerOptions options;
  options.body_bytes_max = 10;
  const auto* request = GENERATE(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nB\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n2\r\n");
  ServerThread server(options, accept_all);
  RawClient client(server.port());
  client.send(request);
  CHECK(status_of(client.read_until_closed()) == 413);
}

TEST_CASE("what the server refuses is answered in the words that it was given") {
  http::ServerOptions options;
  options.body_bytes_max = 10;
  options.refusal = [](int status) {
    http::Response response = http::json_response(status, "{\"refused\":true}");
    response.headers.add("Access-Control-Allow-Origin", "*");
    return response;
  };
  const auto [request, status] = GENERATE(table<const char*, int>({
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n", 413},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx", 415},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", 400},
      {"nonsense\r\n\r\n", 400},
  }));
  ServerThread server(options, accept_all);
  RawClient client(server.port());
  client.send(request);
  const std::string response = client.read_until_closed();
  CHECK(status_of(response) == status);
  CHECK(body_of(response) == "{\"refused\":true}");
  CHECK(response.find("\r\nAccess-Control-Allow-Origin: *\r\n") != std::string::npos);
}

TEST_CASE("words that cannot be sent are replaced by the server's own") {
  http::ServerOptions options;
  options.body_bytes_max = 10;
  options.refusal = [](int) { return http::Response{.status = 7}; };
  ServerThread server(options, accept_all);
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n");
  CHECK(status_of(client.read_until_closed()) == 413);
}

TEST_CASE("a path may have its own limit") {
  http::ServerOptions options;
  options.body_bytes_max_for = [](const Request& request) -> std::size_t {
    return request.path() == "/large" ? 10 : 3;
  };
  ServerThread server(options, accept_all);
  RawClient client(server.port());
  client.send("POST /large HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n1234");
  CHECK(status_of(client.read_response()) == 200);
  client.send("POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n1234");
  CHECK(status_of(client.read_until_closed()) == 413);
}

TEST_CASE("a client that is refused and goes on sending still reads why") {
  http::ServerOptions options;
  options.body_bytes_max = 10;
  ServerThread server(options, accept_all);
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n");
  client.send(std::string(3'000'000, 'x'));
  CHECK(status_of(client.read_until_closed()) == 413);
}

TEST_CASE("headers are bounded in bytes and in number") {
  http::ServerOptions options;
  options.header_bytes_max = 2000;
  options.header_count_max = 10;
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 10; ++i) many += "X: y\r\n";
  const auto request =
      GENERATE_COPY(as<std::string>(), many + "\r\n", "GET /" + std::string(2000, 'a'),
                    "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(2000, 'a') + "\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(3000, 'X'));
  ServerThread server(options, accept_all);
  RawClient client(server.port());
  client.send(request);
  CHECK(status_of(client.read_until_closed()) == 431);
}

TEST_CASE("chunk extensions and trailers cannot grow without end") {
  const auto* start = GENERATE("1;", "0\r\nTrailer: ");
  ServerThread server({}, accept_all);
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
              std::string(start) + std::string(200'000, 'x'));
  CHECK(status_of(client.read_until_closed()) == 400);
}

TEST_CASE("who is too slow is told so, or left") {
  http::ServerOptions options;
  options.header_time_max = 20ms;
  options.body_time_max = 20ms;
  options.idle_time_max = 20ms;
  const auto [bytes, answers] = GENERATE(table<std::string, std::vector<int>>({
      {"", {}},
      {"G", {408}},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: ", {408}},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n1234", {408}},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n1234", {408}},
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", {200}},
  }));
  CAPTURE(bytes);
  ServerThread server(options, accept_all);
  RawClient client(server.port());
  client.send(bytes);
  for (const int answer : answers) CHECK(status_of(client.read_response()) == answer);
  CHECK(client.read_until_closed().empty());
}

TEST_CASE("who does not read its answer is left") {
  http::ServerOptions options;
  options.write_time_max = 50ms;
  ServerThread server(options, [](Request&&, Reply reply) {
    reply.send(http::text_response(200, std::string(64 * 1024 * 1024, 'x')));
  });
  RawClient client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  std::size_t connections = 1;
  while (connections != 0) {
    server.on_thread([&] { connections = server.server().stats().connections; });
  }
  CHECK(client.read_until_closed().size() < 64 * 1024 * 1024);
}

TEST_CASE("connections are bounded in all and for each address") {
  http::ServerOptions options;
  const auto [all, each, trusted, status] = GENERATE(table<std::size_t, std::size_t, bool, int>({
      {2, 10, false, 503},
      {10, 2, false, 429},
      {10, 2, true, 0},
  }));
  options.connections_max = all;
  options.connections_per_address_max = each;
  if (trusted) options.trusted_proxies = {"127.0.0.1"};
  ServerThread server(options, accept_all);
  RawClient first(server.port());
  {
    RawClient second(server.port());
    RawClient third(server.port());
    if (status != 0) {
      const std::string response = third.read_until_closed();
      CHECK(status_of(response) == status);
      CHECK(response.find("Retry-After: ") != std::string::npos);
    } else {
      third.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
      CHECK(status_of(third.read_response()) == 200);
    }
  }
  std::size_t connections = 2;
  while (connections != 1) {
    server.on_thread([&] { connections = server.server().stats().connections; });
  }
  RawClient fourth(server.port());
  fourth.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(status_of(fourth.read_response()) == 200);
}

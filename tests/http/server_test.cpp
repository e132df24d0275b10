#include "http/server.h"

#include <filesystem>
#include <future>

#include <sys/stat.h>
#include <unistd.h>

#include "http/content_coding.h"
#include "tests/catch.h"
#include "tests/http/loopback.h"

using namespace nurtured;
using namespace nurtured::test;
using http::Reply;
using http::Request;

namespace {

// Answers with what it was asked.
void echo(Request&& request, Reply reply) {
  reply.send(http::text_response(200, request.method + " " + request.target + " " + request.body));
}

std::string post(std::string_view body, std::string_view headers = "") {
  return "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(headers) + "\r\n" + std::string(body);
}

std::string temporary_socket() {
  return (std::filesystem::temp_directory_path() /
          ("nurtured-http-test-" + std::to_string(::getpid())))
      .string();
}

}  // namespace

TEST_CASE("one connection serves many requests") {
  ServerThread server({}, echo);
  RawClient client(server.port());
  for (const std::string body : {"one", "two", ""}) {
    client.send(post(body));
    const std::string response = client.read_response();
    CHECK(status_of(response) == 200);
    CHECK(body_of(response) == "POST /p " + body);
    CHECK(response.find("Date: Sun, 22 Nov 2026 07:00:00 GMT\r\n") != std::string::npos);
  }
}

TEST_CASE("pipelined requests are answered in their order") {
  ServerThread server({}, echo);
  RawClient client(server.port());
  client.send(post("1") + "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n" + post("3"));
  CHECK(body_of(client.read_response()) == "POST /p 1");
  CHECK(body_of(client.read_response()) == "GET /2 ");
  CHECK(body_of(client.read_response()) == "POST /p 3");
}

TEST_CASE("a request may come byte by byte") {
  ServerThread server({}, echo);
  RawClient client(server.port());
  for (const char byte : "\r\n" + post("slow")) client.send({&byte, 1});
  CHECK(body_of(client.read_response()) == "POST /p slow");
}

TEST_CASE("chunked bodies are put together") {
  const auto* chunks =
      GENERATE("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "B;x=y\r\nhello world\r\n000\r\n\r\n",
               "b\r\nhello world\r\n0\r\nTrailer: ignored\r\nHost: evil\r\n\r\n");
  ServerThread server({}, echo);
  RawClient client(server.port());
  client.send("PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
              std::string(chunks) + post("next"));
  CHECK(body_of(client.read_response()) == "PUT /c hello world");
  CHECK(body_of(client.read_response()) == "POST /p next");
}

TEST_CASE("a chunked body may come byte by byte") {
  ServerThread server({}, echo);
  RawClient client(server.port());
  const std::string text =
      "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
  for (const char byte : text) client.send({&byte, 1});
  CHECK(body_of(client.read_response()) == "PUT /c abcd");
}

TEST_CASE("a large body arrives whole") {
  http::ServerOptions options;
  options.body_bytes_max = 8 * 1024 * 1024;
  ServerThread server(options, [](Request&& request, Reply reply) {
    reply.send(http::text_response(200, std::move(request.body)));
  });
  std::string body(5'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('a' + i % 26);
  RawClient client(server.port());
  std::thread sender([&] { client.send(post(body)); });
  const std::string response = client.read_response();
  sender.join();
  CHECK((body_of(response) == body));
}

TEST_CASE("compressed bodies reach the handler plain") {
  ServerThread server({}, [](Request&& request, Reply reply) {
    const bool marked = request.headers.has("content-encoding");
    reply.send(http::text_response(200, request.body + (marked ? " coded" : " plain")));
  });
  RawClient client(server.port());
  client.send(post(http::gzip("zipped"), "Content-Encoding: gzip\r\n"));
  CHECK(body_of(client.read_response()) == "zipped plain");
  client.send(post("as is", "Content-Encoding: identity\r\n"));
  CHECK(body_of(client.read_response()) == "as is plain");
}

TEST_CASE("bodies that cannot be decoded are refused") {
  const auto [body, coding, status] = GENERATE(table<std::string, std::string, int>({
      {"not gzip", "gzip", 400},
      {"body", "br", 415},
      {http::gzip(std::string(2 * 1024 * 1024, 'a')), "gzip", 413},
  }));
  ServerThread server({}, echo);
  RawClient client(server.port());
  client.send(post(body, "Content-Encoding: " + coding + "\r\n"));
  const std::string response = client.read_until_closed();
  CHECK(status_of(response) == status);
}

TEST_CASE("HEAD gets the headers of GET and no body") {
  ServerThread server({}, echo);
  RawClient client(server.port());
  client.send("HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string response = client.read_response(false);
  CHECK(response.find("Content-Length: 8\r\n") != std::string::npos);
  CHECK(body_of(response).empty());
  client.send("GET /h HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(body_of(client.read_response()) == "GET /h ");
}

TEST_CASE("204 has neither body nor length") {
  ServerThread server({}, [](Request&&, Reply reply) {
    reply.send({.status = 204, .headers = {}, .body = "never"});
  });
  RawClient client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string response = client.read_until_closed();
  CHECK(response.find("Content-Length") == std::string::npos);
  CHECK(body_of(response).empty());
}

TEST_CASE("the client says whether the connection stays") {
  const auto [request, stays] = GENERATE(table<std::string, bool>({
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false},
      {"GET / HTTP/1.0\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
  }));
  CAPTURE(request);
  ServerThread server({}, echo);
  RawClient client(server.port());
  client.send(request);
  const std::string response = client.read_response();
  CHECK(status_of(response) == 200);
  CHECK((response.find("Connection: close") == std::string::npos) == stays);
  if (!stays) CHECK(client.read_until_closed().empty());
}

TEST_CASE("a client that asks before it sends its body is invited") {
  ServerThread server({}, echo);
  RawClient client(server.port());
  client.send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  CHECK(body_of(client.read_response()) == "POST /p body");
}

TEST_CASE("a client that asks is told at once that its body is too large") {
  http::ServerOptions options;
  options.body_bytes_max = 3;
  ServerThread server(options, echo);
  RawClient client(server.port());
  client.send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  CHECK(status_of(client.read_until_closed()) == 413);
}

TEST_CASE("targets come in origin form, with path and query apart") {
  const auto [target, path, query] = GENERATE(table<std::string, std::string, std::string>({
      {"/a/b?c=d", "/a/b", "c=d"},
      {"/", "/", ""},
      {"http://h.example", "/", ""},
      {"http://h.example/x?y", "/x", "y"},
      {"HTTP://h.example?y", "/", "y"},
      {"/a??b", "/a", "?b"},
  }));
  CAPTURE(target);
  ServerThread server({}, [](Request&& request, Reply reply) {
    reply.send(http::text_response(
        200, std::string(request.path()) + "|" + std::string(request.query_text())));
  });
  RawClient client(server.port());
  client.send("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(body_of(client.read_response()) == path + "|" + query);
}

TEST_CASE("only a trusted proxy is believed about the client's address") {
  const auto [trusted, forwarded,
              expected] = GENERATE(table<std::string, std::string, std::string>({
      {"10.0.0.1", "X-Forwarded-For: 203.0.113.9\r\n", "127.0.0.1"},
      {"127.0.0.1", "", "127.0.0.1"},
      {"127.0.0.1", "X-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9"},
      {"127.0.0.0/8", "X-Forwarded-For: 1.1.1.1, 203.0.113.9, 127.0.0.5\r\n", "203.0.113.9"},
      {"127.0.0.1", "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9"},
      {"127.0.0.1", "X-Forwarded-For: [2001:db8::7]:443\r\n", "2001:db8::7"},
      {"127.0.0.1", "X-Forwarded-For: 203.0.113.9:80\r\n", "203.0.113.9"},
      {"127.0.0.1", "X-Forwarded-For: 1.1.1.1, unknown\r\n", "127.0.0.1"},
      {"127.0.0.1", "X-Forwarded-For: ,,\r\n", "127.0.0.1"},
      {"127.0.0.1", "X-Forwarded-For: [\r\n", "127.0.0.1"},
  }));
  CAPTURE(forwarded);
  http::ServerOptions options;
  options.trusted_proxies = {trusted};
  ServerThread server(options, [](Request&& request, Reply reply) {
    reply.send(http::text_response(200, request.remote_address));
  });
  RawClient client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n" + forwarded + "\r\n");
  CHECK(body_of(client.read_response()) == expected);
}

TEST_CASE("wrong addresses, options and taken ports are errors") {
  boost::asio::io_context io;
  const base::VirtualClock clock(base::from_millis(0));
  http::Server server(io, clock, {}, echo);
  CHECK_FALSE(server.listen_tcp("nowhere", 0));
  const auto port = server.listen_tcp("127.0.0.1", 0);
  REQUIRE(port);
  const auto again = server.listen_tcp("127.0.0.1", *port);
  REQUIRE_FALSE(again);
  CHECK(again.error().kind == base::ErrorKind::conflict);
  http::ServerOptions options;
  options.trusted_proxies = {"everyone"};
  http::Server credulous(io, clock, options, echo);
  CHECK_FALSE(credulous.listen_tcp("127.0.0.1", 0));
}

TEST_CASE("a Unix socket tells who calls") {
  const std::string path = temporary_socket();
  ServerThread server({}, [](Request&& request, Reply reply) {
    const bool is_me = request.peer && request.peer->uid == ::getuid() &&
                       request.peer->gid == ::getgid() && request.peer->pid == ::getpid();
    reply.send(http::text_response(200, is_me ? "me" + request.remote_address : "stranger"));
  });
  server.on_thread([&] { REQUIRE(server.server().listen_unix(path, 0600)); });
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  {
    RawClient client(path);
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(body_of(client.read_response()) == "me");
  }
  server.on_thread([&] {
    const auto again = server.server().listen_unix(path);
    REQUIRE_FALSE(again);
    CHECK(again.error().kind == base::ErrorKind::conflict);
    server.server().stop_accepting();
  });
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a socket file left by the dead is replaced, any other file is kept") {
  const std::string path = temporary_socket();
  boost::asio::io_context io;
  const base::VirtualClock clock(base::from_millis(0));
  {
    http::Server dead(io, clock, {}, echo);
    REQUIRE(dead.listen_unix(path));
    std::filesystem::rename(path, path + ".kept");
  }
  std::filesystem::rename(path + ".kept", path);
  http::Server server(io, clock, {}, echo);
  CHECK(server.listen_unix(path));
  CHECK_FALSE(server.listen_unix(std::string(200, 'x')));
  const std::string file = path + ".file";
  {
    std::unique_ptr<FILE, int (*)(FILE*)> made(std::fopen(file.c_str(), "w"), &std::fclose);
  }
  CHECK_FALSE(server.listen_unix(file));
  CHECK(std::filesystem::exists(file));
  std::filesystem::remove(file);
}

TEST_CASE("a server that drains finishes what has begun and then closes") {
  std::promise<void> arrived;
  std::promise<Reply> owed;
  ServerThread server({}, [&](Request&&, Reply reply) {
    owed.set_value(std::move(reply));
    arrived.set_value();
  });
  RawClient idle(server.port());
  RawClient busy(server.port());
  busy.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  arrived.get_future().wait();

  std::promise<void> drained;
  server.on_thread(
      [&] { server.server().drain(std::chrono::seconds(60), [&] { drained.set_value(); }); });
  CHECK(idle.read_until_closed().empty());
  CHECK_THROWS(RawClient(server.port()));
  auto done = drained.get_future();
  CHECK(done.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);

  owed.get_future().get().send(http::text_response(200, "last"));
  const std::string response = busy.read_until_closed();
  CHECK(body_of(response) == "last");
  CHECK(response.find("Connection: close\r\n") != std::string::npos);
  done.wait();
}

TEST_CASE("a drain ends what does not end by itself") {
  std::promise<Reply> owed;
  ServerThread server({}, [&](Request&&, Reply reply) { owed.set_value(std::move(reply)); });
  RawClient client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  Reply late = owed.get_future().get();
  std::promise<void> drained;
  server.on_thread(
      [&] { server.server().drain(std::chrono::milliseconds(1), [&] { drained.set_value(); }); });
  drained.get_future().wait();
  CHECK(client.read_until_closed().empty());
  late.send({});  // dropped without harm
}

#include "http/reply.h"

#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>

#include "http/server.h"
#include "tests/catch.h"
#include "tests/http/loopback.h"

using namespace nurtured;
using namespace nurtured::test;
using http::Reply;
using http::Request;
using http::Response;

namespace {

// Another thread that answers as told, in batches of whatever has gathered.
class Answerer {
 public:
  Answerer() : thread_([this] { run(); }) {}
  ~Answerer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void take(Request&& request, Reply reply) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back({std::move(request.body), std::move(reply)});
    }
    wake_.notify_one();
  }

 private:
  struct Owed {
    std::string body;
    Reply reply;
  };

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      std::vector<Owed> owed = std::exchange(waiting_, {});
      lock.unlock();
      http::ReplyBatch batch;
      for (Owed& one : owed) {
        batch.add(std::move(one.reply), http::text_response(200, std::move(one.body)));
      }
      batch.flush();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Owed> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

TEST_CASE("answers from another thread reach those who asked") {
  Answerer answerer;
  ServerThread server({}, [&](Request&& request, Reply reply) {
    answerer.take(std::move(request), std::move(reply));
  });
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 16; ++i) clients.push_back(std::make_unique<RawClient>(server.port()));
  for (int round = 0; round < 50; ++round) {
    for (std::size_t i = 0; i < clients.size(); ++i) {
      const std::string body = std::to_string(round) + "/" + std::to_string(i);
      clients[i]->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " +
                       std::to_string(body.size()) + "\r\n\r\n" + body);
    }
    for (std::size_t i = 0; i < clients.size(); ++i) {
      const std::string expected = std::to_string(round) + "/" + std::to_string(i);
      REQUIRE(body_of(clients[i]->read_response()) == expected);
    }
  }
  http::ServerStats stats;
  server.on_thread([&] { stats = server.server().stats(); });
  CHECK(stats.requests_total == 800);
  CHECK(stats.requests_in_flight == 0);
  CHECK(stats.connections == 16);
}

TEST_CASE("a request that nobody answers gets a 500") {
  ServerThread server({}, [](Request&&, Reply) {});
  RawClient client(server.port());
  for (int i = 0; i < 2; ++i) {
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(status_of(client.read_response()) == 500);
  }
}

TEST_CASE("a response that would break the protocol becomes a 500") {
  const auto response =
      GENERATE(Response{200, {{"X", "a\r\nSet-Cookie: b"}}, ""},
               Response{200, {{"X\r\nY", "a"}}, ""}, Response{99, {}, ""}, Response{1000, {}, ""},
               Response{101, {}, ""}, Response{200, {{"", "a"}}, ""});
  ServerThread server({}, [&](Request&&, Reply reply) { reply.send(response); });
  RawClient client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string bytes = client.read_response();
  CHECK(status_of(bytes) == 500);
  CHECK(bytes.find("Set-Cookie") == std::string::npos);
}

TEST_CASE("framing headers of a handler are not repeated") {
  ServerThread server({}, [](Request&&, Reply reply) {
    reply.send({200, {{"content-length", "999"}, {"Transfer-Encoding", "chunked"}}, "body"});
  });
  RawClient client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string bytes = client.read_until_closed();
  CHECK(bytes.find("999") == std::string::npos);
  CHECK(bytes.find("chunked") == std::string::npos);
  CHECK(body_of(bytes) == "body");
}

TEST_CASE("an answer to a client that has gone is dropped") {
  std::promise<Reply> owed;
  ServerThread server({}, [&](Request&&, Reply reply) { owed.set_value(std::move(reply)); });
  {
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    Reply reply = owed.get_future().get();
    reply.send(http::text_response(200, std::string(10'000'000, 'x')));
  }
  std::size_t connections = 1;
  while (connections != 0) {
    server.on_thread([&] { connections = server.server().stats().connections; });
  }
}

TEST_CASE("an answer may come after the server has gone") {
  std::optional<Reply> late;
  {
    std::promise<void> arrived;
    ServerThread server({}, [&](Request&&, Reply reply) {
      late.emplace(std::move(reply));
      arrived.set_value();
    });
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    arrived.get_future().wait();
  }
  late->send({});
}

TEST_CASE("a reply to a function hands it the response, once") {
  std::vector<int> statuses;
  const auto note = [&](const Response& response) { statuses.push_back(response.status); };
  {
    Reply answered{std::function<void(Response)>(note)};
    answered.send({.status = 201});
    Reply moved_from{std::function<void(Response)>(note)};
    const Reply dropped = std::move(moved_from);
    http::ReplyBatch batch;
    batch.add(Reply{std::function<void(Response)>(note)}, {.status = 202});
  }
  CHECK(statuses == std::vector{201, 202, 500});
}

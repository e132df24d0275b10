// What writes events, over HTTP.

#include "http/content_coding.h"
#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/daemon/routes_world.h"

using namespace nurtured;
using namespace nurtured::daemon;
using namespace nurtured::daemon::testing;
using base::ErrorKind;

TEST_CASE("every path of the SDKs takes events, with and without a slash at the end") {
  Outside outside;
  const std::string message = R"("userId":"u1","previousId":"a","groupId":"g","event":"x")";
  const std::vector<std::pair<std::string, std::string>> paths = {
      {"track", "x"},
      {"t", "x"},
      {"identify", "contact.identified"},
      {"i", "contact.identified"},
      {"page", "page.viewed"},
      {"p", "page.viewed"},
      {"screen", "screen.viewed"},
      {"s", "screen.viewed"},
      {"group", "group.joined"},
      {"g", "group.joined"},
      {"alias", "contact.aliased"},
      {"a", "contact.aliased"},
      {"batch", "x"},
      {"b", "x"},
      {"import", "x"},
  };
  for (const auto& [path, name] : paths) {
    for (const std::string slash : {"", "/"}) {
      INFO(path + slash);
      const bool is_batch = ingest_type(path) == IngestType::batch;
      const std::string response = outside.post(
          "/v1/" + path + slash,
          is_batch ? R"({"batch":[{"type":"track",)" + message + "}]}" : "{" + message + "}",
          basic("wk:"));
      CHECK(status_of(response) == 200);
      CHECK(body_of(response) == success);
      CHECK(has_header(response, "Content-Type: application/json"));
      CHECK(has_header(response, "Access-Control-Allow-Origin: *"));
      const auto taken = outside.inbox.take();
      REQUIRE(taken.size() == 1);
      CHECK(event_name_of(taken[0]) == name);
    }
  }
}

TEST_CASE("bodies come as SDKs send them") {
  Outside outside;
  SECTION("text/plain") {
    CHECK(status_of(outside.post("/v1/t", track, "Content-Type: text/plain\r\n")) == 200);
  }
  SECTION("gzip") {
    CHECK(status_of(outside.post("/v1/t", http::gzip(track), "Content-Encoding: gzip\r\n")) == 200);
  }
  SECTION("gzip and chunked, as Kotlin's always does") {
    const std::string zipped = http::gzip(track);
    std::string size = base::to_hex(std::string(1, static_cast<char>(zipped.size())));
    const std::string chunked = size + "\r\n" + zipped + "\r\n0\r\n\r\n";
    CHECK(status_of(outside.post("/v1/t", chunked,
                                 "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n"
                                 "Transfer-Encoding: chunked\r\n")) == 200);
  }
  CHECK(outside.inbox.take().size() == 1);
}

TEST_CASE("a write key opens, in every place where SDKs put it") {
  Outside outside({"first", "second"});
  const std::string bare = R"({"userId":"u1","event":"x"})";
  const auto [headers, body, status] = GENERATE_COPY(table<std::string, std::string, int>({
      {basic("first:"), bare, 200},
      {basic("second:"), bare, 200},
      {basic("second"), bare, 200},
      {basic("first:password"), bare, 200},
      {"authorization: bAsIc " + base::to_base64("first:") + "\r\n", bare, 200},
      {"", R"({"userId":"u1","event":"x","writeKey":"first"})", 200},
      {"Authorization: Bearer oauth\r\n", R"({"userId":"u1","event":"x","writeKey":"first"})", 200},
      {basic(":"), R"({"userId":"u1","event":"x","writeKey":"first"})", 200},
      {"", bare, 401},
      {basic("third:"), bare, 401},
      {basic("firs:"), bare, 401},
      {basic("firstt:"), bare, 401},
      {basic("First:"), bare, 401},
      {basic(std::string("first\0:", 7)), bare, 401},
      {"Authorization: Basic !!!\r\n", bare, 401},
      {"Authorization: Basic\r\n", bare, 401},
      {"Authorization: first\r\n", bare, 401},
      {"", R"({"userId":"u1","event":"x","writeKey":["first"]})", 401},
      {"", R"({"userId":"u1","event":"x","writeKey":""})", 401},
  }));
  INFO(headers + body);
  const std::string response = outside.post("/v1/track", body, headers);
  CHECK(status_of(response) == status);
  CHECK(has_header(response, "Access-Control-Allow-Origin: *"));
  CHECK(outside.inbox.take().size() == (status == 200 ? 1 : 0));
}

TEST_CASE("without keys in the settings whoever reaches the listener may write") {
  Outside outside(std::vector<std::string>{});
  CHECK(status_of(outside.post("/v1/track", R"({"userId":"u1","event":"x"})")) == 200);
}

TEST_CASE("only what is on disk is called a success") {
  Outside outside;
  SECTION("the inbox is full") {
    outside.inbox.set_full(true);
    const std::string response = outside.post("/v1/t", track);
    CHECK(status_of(response) == 429);
    CHECK(has_header(response, "Retry-After: 1"));
    CHECK(has_header(response, "Access-Control-Allow-Origin: *"));
  }
  SECTION("the disk refuses") {
    outside.inbox.set_outcome(base::fail(ErrorKind::disk, "database or disk is full"));
    const std::string response = outside.post("/v1/t", track);
    CHECK(status_of(response) == 503);
    CHECK(has_header(response, "Retry-After: 5"));
    CHECK(response.find("database") == std::string::npos);
  }
  SECTION("the daemon stops") {
    outside.inbox.set_outcome(base::fail(ErrorKind::unavailable, "stopping"));
    CHECK(status_of(outside.post("/v1/t", track)) == 503);
  }
  SECTION("we are at fault") {
    outside.inbox.set_outcome(base::fail(ErrorKind::internal, "secret"));
    const std::string response = outside.post("/v1/t", track);
    CHECK(status_of(response) == 500);
    CHECK(response.find("secret") == std::string::npos);
  }
}

TEST_CASE("a bad message is recorded and answered like a good one") {
  Outside outside;
  CHECK(status_of(outside.post("/v1/t", R"({"event":"x"})", basic("wk:"))) == 200);
  const auto taken = outside.inbox.take();
  REQUIRE(taken.size() == 1);
  CHECK(event_name_of(taken[0]) == "ingest.rejected");
  CHECK(std::get<EventInput>(taken[0]).who.user_id.empty());
  CHECK(body_of(outside.post("/v1/b", R"({"batch":[]})", basic("wk:"))) == success);
  CHECK(outside.inbox.take().empty());
}

TEST_CASE("hostile bodies are refused and nothing is taken") {
  Outside outside;
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "{\"a\":";
  std::string many = R"({"batch":[0)";
  for (int i = 0; i < 2500; ++i) many += ",0";
  const auto [path, body, status] = GENERATE_COPY(table<std::string, std::string, int>({
      {"/v1/t", "", 400},
      {"/v1/t", "{", 400},
      {"/v1/t", "null", 400},
      {"/v1/t", "[1,2]", 400},
      {"/v1/t", "\"text\"", 400},
      {"/v1/t", "{}}", 400},
      {"/v1/t", "{\"a\":1,}", 400},
      {"/v1/t", std::string("{\"a\":\"\0\"}", 9), 400},
      {"/v1/t", "{\"a\":\"\xc3\x28\"}", 400},
      {"/v1/t", R"({"a":1e})", 400},
      {"/v1/t", "\xff\xfe{\0}\0", 400},
      {"/v1/t", "<?xml version=\"1.0\"?><a/>", 400},
      {"/v1/t", "event=x&userId=u", 400},
      {"/v1/t", deep, 400},
      {"/v1/b", "{}", 400},
      {"/v1/b", R"({"batch":"x"})", 400},
      {"/v1/b", many + "]}", 413},
      {"/v1/t", "{}" + std::string(512'000, ' '), 413},
      {"/v1/events", "[]", 415},
  }));
  INFO(path << " " << body.substr(0, 60));
  const std::string response = outside.post(path, body, basic("wk:"));
  CHECK(status_of(response) == status);
  CHECK(outside.inbox.take().empty());
}

TEST_CASE("a gzip bomb is cut off") {
  Outside outside;
  const std::string bomb = http::gzip(std::string(50'000'000, ' '));
  REQUIRE(bomb.size() < 500'000);
  CHECK(status_of(outside.post("/v1/b", bomb, "Content-Encoding: gzip\r\n")) == 413);
}

TEST_CASE("every refusal of a Segment call is JSON that a page's script may read") {
  Outside outside;
  struct Case {
    std::string method;
    std::string path;
    std::string headers;
    std::string body;
    int status;
  };
  const auto c = GENERATE(values<Case>({
      {"POST", "/v1/t", "", std::string(600'000, ' '), 413},
      {"POST", "/v1/t", "Transfer-Encoding: chunked\r\n", "FFFFFF\r\n", 413},
      {"POST", "/v1/t", "Content-Encoding: br\r\n", track, 415},
      {"POST", "/v1/t", "Content-Encoding: gzip\r\n", track, 400},
      {"POST", "/v1/t", "", "{", 400},
      {"POST", "/v1/t", "", "{}", 401},
      {"GET", "/v1/t", "", "", 405},
      {"POST", "/v1/projects/wk/settings", "", "", 405},
      {"GET", "/v1/projects/none/settings", "", "", 404},
      {"POST", "/v1/t", "X: " + std::string(20'000, 'x') + "\r\n", "", 431},
  }));
  INFO(c.method << " " << c.path << " " << c.status);
  const std::string response = outside.ask(c.method, c.path, c.body, c.headers);
  CHECK(status_of(response) == c.status);
  CHECK(has_header(response, "Access-Control-Allow-Origin: *"));
  CHECK(has_header(response, "Content-Type: application/json"));
  const auto body = cel::from_json(body_of(response));
  REQUIRE(body);
  CHECK_FALSE(body->find("success")->as_bool());
}

TEST_CASE("browsers are told what they may send") {
  Outside outside;
  const std::string response =
      outside.ask("OPTIONS", "/v1/t", "",
                  "Origin: https://shop.example\r\nAccess-Control-Request-Method: POST\r\n"
                  "Access-Control-Request-Headers: authorization,content-type,x-retry-count\r\n");
  CHECK(status_of(response) == 204);
  CHECK(has_header(response, "Access-Control-Allow-Origin: *"));
  CHECK(has_header(response,
                   "Access-Control-Allow-Headers: authorization, content-type, x-retry-count"));
  CHECK(response.find("Access-Control-Allow-Methods: GET, POST, OPTIONS\r\n") != std::string::npos);
}

TEST_CASE("SDKs get the settings that send them back to us") {
  Outside outside({"a b"});
  for (const std::string prefix : {"/v1/projects/", "/projects/"}) {
    const std::string response = outside.ask("GET", prefix + "a%20b/settings");
    CHECK(status_of(response) == 200);
    CHECK(has_header(response, "Access-Control-Allow-Origin: *"));
    const auto document = cel::from_json(body_of(response));
    REQUIRE(document);
    const auto* segment = document->find("integrations")->find("Segment.io");
    CHECK(segment->find("apiKey")->as_string() == "a b");
    CHECK(segment->find("apiHost")->as_string() == "t.example.org/v1");
    CHECK(segment->find("protocol")->as_string() == "https");
    for (const std::string key : {"x", "%", "%ff", "", "a%20b/x"}) {
      CHECK(status_of(outside.ask("GET", prefix + key + "/settings")) == 404);
    }
    CHECK(status_of(outside.post(prefix + "a%20b/settings", "")) == 405);
  }
}

TEST_CASE("CloudEvents come with a token in any of three places") {
  Outside outside;
  const std::string event =
      R"({"specversion":"1.0","id":"1","source":"/s","type":"order.paid","subject":"u1"})";
  const std::string type = "Content-Type: application/cloudevents+json\r\n";
  const auto [target, headers, status] = GENERATE_COPY(table<std::string, std::string, int>({
      {"/v1/events", "Authorization: Bearer wk\r\n", 200},
      {"/v1/events", basic("wk:"), 200},
      {"/v1/events?access_token=wk", "", 200},
      {"/v1/events/?access_token=wk", "", 200},
      {"/v1/events", "", 401},
      {"/v1/events?access_token=", "", 401},
      {"/v1/events?access_token=w", "", 401},
      {"/v1/events", "Authorization: Bearer x\r\n", 401},
      {"/v1/events", "Authorization: Bearer \r\n", 401},
  }));
  INFO(target << " " << headers);
  CHECK(status_of(outside.post(target, event, type + headers)) == status);
  const auto taken = outside.inbox.take();
  CHECK(taken.size() == (status == 200 ? 1 : 0));
}

TEST_CASE("a sender of CloudEvents may ask before it sends") {
  Outside outside;
  const std::string response = outside.ask(
      "OPTIONS", "/v1/events", "",
      "WebHook-Request-Origin: eventemitter.example.com\r\nWebHook-Request-Rate: 120\r\n");
  CHECK(status_of(response) == 200);
  CHECK(has_header(response, "WebHook-Allowed-Origin: *"));
  CHECK(has_header(response, "WebHook-Allowed-Rate: *"));
  CHECK(outside.ask("OPTIONS", "/v1/events").find("WebHook") == std::string::npos);
}

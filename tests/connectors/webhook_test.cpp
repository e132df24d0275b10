#include "connectors/webhook.h"

#include <boost/json.hpp>

#include "base/digest.h"
#include "base/encoding.h"
#include "tests/catch.h"
#include "tests/connectors/caller.h"
#include "tests/http/loopback.h"

using namespace nurtured;
using namespace nurtured::connectors;
using namespace nurtured::test;
using namespace std::chrono_literals;

namespace {

const base::Instant now = base::from_millis(1'795'330'800'000);

}  // namespace

TEST_CASE("the signature is that of the Standard Webhooks specification") {
  // The example of the specification's reference libraries.
  CHECK(webhook_signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
                          "1614265330", R"({"test": 2432232314})") ==
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  CHECK(webhook_signature("plain", "a", "1", "b") ==
        "v1," + base::to_base64(base::view(base::hmac_sha256("plain", "a.1.b"))));
}

TEST_CASE("answers of a receiver mean what HTTP says") {
  const auto [status, expected] = GENERATE(table<int, std::string>({
      {200, "delivered"},
      {204, "delivered"},
      {299, "delivered"},
      {301, "rejected (configuration): HTTP 301: redirects are not followed"},
      {304, "rejected (configuration): HTTP 304: redirects are not followed"},
      {400, "rejected (content): HTTP 400"},
      {401, "rejected (configuration): HTTP 401"},
      {404, "rejected (configuration): HTTP 404"},
      {408, "deferred (message): HTTP 408"},
      {409, "deferred (message): HTTP 409"},
      {410, "rejected (configuration): HTTP 410"},
      {413, "rejected (content): HTTP 413"},
      {422, "rejected (content): HTTP 422"},
      {425, "deferred (message): HTTP 425"},
      {429, "deferred (connector): HTTP 429"},
      {500, "deferred (connector): HTTP 500"},
      {503, "deferred (connector): HTTP 503"},
      {999, "deferred (connector): HTTP 999"},
  }));
  CHECK(to_string(classify_webhook({status, {}, "body"}, now)) == expected);
}

TEST_CASE("the receiver's pause is kept") {
  const auto status = GENERATE(408, 429, 503);
  const Outcome outcome = classify_webhook({status, {{"Retry-After", "30"}}, ""}, now);
  CHECK(std::get<Deferred>(outcome).retry_after == base::Milliseconds(30s));
}

TEST_CASE("a message arrives signed, keyed and whole, and a repeat is known as one") {
  std::vector<http::Request> seen;
  ServerThread server({}, [&](http::Request&& request, http::Reply reply) {
    seen.push_back(std::move(request));
    reply.send({.status = 204});
  });
  WebhookOptions options;
  options.url = config::Secret("http://127.0.0.1:" + std::to_string(server.port()) + "/in?token=t");
  options.secret = config::Secret("shared");
  options.allow_private = true;
  Caller caller;
  const auto connector = make_webhook(std::move(options), caller.environment());
  for (int i = 0; i < 2; ++i)
    CHECK(kind_of(caller.send(*connector, sample_message())) == "delivered");

  REQUIRE(seen.size() == 2);
  const http::Request& request = seen[0];
  CHECK(request.target == "/in?token=t");
  CHECK(request.headers.find("content-type") == "application/json");
  const std::string key(*request.headers.find("idempotency-key"));
  CHECK(key == seen[1].headers.find("idempotency-key"));
  CHECK(request.headers.find("webhook-id") == key);
  CHECK(request.headers.find("webhook-timestamp") == "1795330800");
  CHECK(request.headers.find("webhook-signature") ==
        webhook_signature("shared", key, "1795330800", request.body));
  const auto body = boost::json::parse(request.body).as_object();
  CHECK(body.at("delivery") == "checklist/u1/invite/0/email");
  CHECK(body.at("to") == "u1@example.org");
  CHECK(body.at("kind") == "value");
  CHECK(body.at("sent_at") == "2026-11-22T07:00:00Z");
  CHECK(body.at("text") == "Привет\n.точка\n");
}

TEST_CASE("a webhook cannot reach inside the network unless it is allowed to") {
  ServerThread server({}, [](http::Request&&, http::Reply reply) { reply.send({}); });
  WebhookOptions options;
  options.url = config::Secret("http://localhost:" + std::to_string(server.port()) + "/");
  Caller caller;
  const auto connector = make_webhook(std::move(options), caller.environment());
  const Outcome outcome = caller.send(*connector, sample_message());
  CHECK(std::get<Rejected>(outcome).blame == Blame::configuration);
  CHECK(std::get<Rejected>(outcome).reason.find("allow_private") != std::string::npos);
}

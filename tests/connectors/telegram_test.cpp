#include "connectors/telegram.h"

#include <boost/json.hpp>

#include "connectors/telegram_answer.h"
#include "tests/catch.h"
#include "tests/connectors/caller.h"
#include "tests/http/loopback.h"

using namespace nurtured;
using namespace nurtured::connectors;
using namespace nurtured::test;
using namespace std::chrono_literals;

namespace {

const base::Instant now = base::from_millis(1'795'330'800'000);
const std::string token = "123456:AAsecretsecretsecret";

http::HttpResponse refusal(int code, const std::string& description,
                           const std::string& parameters = "{}") {
  return {code,
          {},
          R"({"ok":false,"error_code":)" + std::to_string(code) + R"(,"description":")" +
              description + R"(","parameters":)" + parameters + "}"};
}

TelegramOptions options_for(std::uint16_t port) {
  TelegramOptions options;
  options.token = config::Secret(token);
  options.api = "http://127.0.0.1:" + std::to_string(port);
  options.allow_private = true;
  return options;
}

OutboundMessage to_chat(const std::string& chat) {
  OutboundMessage message = sample_message();
  message.channel = "telegram";
  message.to = chat;
  message.rendered.html = "<b>Привет</b> &amp; more";
  return message;
}

}  // namespace

TEST_CASE("the Bot API's refusals are blamed as its documents say") {
  const auto [code, description, expected] = GENERATE(table<int, std::string, std::string>({
      {403, "Forbidden: bot was blocked by the user", "rejected (address)"},
      {403, "Forbidden: user is deactivated", "rejected (address)"},
      {403, "Forbidden: bot can't initiate conversation with a user", "rejected (address)"},
      {403, "Forbidden: bot was kicked from the supergroup chat", "rejected (address)"},
      {403, "Forbidden: bot is not a member of the channel chat", "rejected (address)"},
      {403, "something new", "rejected (address)"},
      {400, "Bad Request: chat not found", "rejected (address)"},
      {400, "Bad Request: PEER_ID_INVALID", "rejected (address)"},
      {400, "Bad Request: chat_id is empty", "rejected (address)"},
      {400, "Bad Request: group chat was upgraded to a supergroup chat", "rejected (address)"},
      {400, "Bad Request: can't parse entities: unclosed tag", "rejected (content)"},
      {400, "Bad Request: message is too long", "rejected (content)"},
      {400, "Bad Request: BUTTON_DATA_INVALID", "rejected (content)"},
      {400, "Bad Request: wrong HTTP URL specified", "rejected (content)"},
      {400, "something new", "rejected (content)"},
      {413, "Request Entity Too Large", "rejected (content)"},
      {401, "Unauthorized", "rejected (configuration)"},
      {404, "Not Found", "rejected (configuration)"},
      {409, "Conflict: terminated by other getUpdates request", "rejected (configuration)"},
      {429, "Too Many Requests: retry after 7", "deferred (connector)"},
      {500, "Internal Server Error", "deferred (connector)"},
      {502, "Bad Gateway", "deferred (connector)"},
      {302, "elsewhere", "rejected (configuration)"},
  }));
  CAPTURE(code, description);
  const std::string words = to_string(classify_telegram(refusal(code, description), now));
  CHECK(words == expected + ": " + description);
}

TEST_CASE("the pause that Telegram asks for is kept") {
  const auto [response, expected] =
      GENERATE(table<http::HttpResponse, std::optional<base::Milliseconds>>({
          {refusal(429, "slow", R"({"retry_after":7})"), 7s},
          {refusal(429, "slow", R"({"retry_after":99999999999})"), 24h},
          {refusal(429, "slow", R"({"retry_after":-5})"), 0s},
          {refusal(429, "slow"), std::nullopt},
          {{429, {{"Retry-After", "9"}}, "not JSON"}, 9s},
      }));
  const Outcome outcome = classify_telegram(response, now);
  CHECK(std::get<Deferred>(outcome).retry_after == expected);
}

TEST_CASE("answers that are not the Bot API's are not taken for success") {
  const auto body =
      GENERATE(as<std::string>(), "", "ok", "<html>200 OK</html>", "[]", "null", "{}",
               R"({"ok":1})", R"({"ok":"true"})", R"({"ok":true)", "\xff\xfe", R"({"ok":true}x)",
               std::string(100'000, '['), std::string("{\"ok\":\0}", 8));
  CHECK(kind_of(classify_telegram({200, {}, body}, now)) == "uncertain");
}

TEST_CASE("errors inside a 200 are errors") {
  http::HttpResponse response = refusal(403, "blocked");
  response.status = 200;
  CHECK(to_string(classify_telegram(response, now)) == "rejected (address): blocked");
}

TEST_CASE("a message leaves as the Bot API wants it") {
  boost::json::value seen;
  std::string target;
  ServerThread server({}, [&](http::Request&& request, http::Reply reply) {
    target = request.target;
    seen = boost::json::parse(request.body);
    reply.send(http::json_response(200, R"({"ok":true,"result":{"message_id":4711}})"));
  });
  Caller caller;
  TelegramOptions options = options_for(server.port());
  options.link_preview = false;
  const auto connector = make_telegram(std::move(options), caller.environment());
  const auto [to, chat] = GENERATE(table<std::string, boost::json::value>({
      {"987654321", 987654321},
      {"-1001234567890", -1001234567890},
      {"@school", "@school"},
  }));
  CHECK(to_string(caller.send(*connector, to_chat(to))) == "delivered: 4711");
  CHECK(target == "/bot" + token + "/sendMessage");
  const boost::json::value expected = {
      {"chat_id", chat},
      {"text", "<b>Привет</b> &amp; more"},
      {"parse_mode", "HTML"},
      {"link_preview_options", {{"is_disabled", true}}},
      {"reply_markup",
       {{"inline_keyboard",
         {boost::json::array{{{"text", "Sign up"}, {"url", "https://example.org/webinar"}}}}}}}};
  CHECK(boost::json::serialize(seen) == boost::json::serialize(expected));
}

TEST_CASE("what is no chat is refused without a request") {
  Caller caller;
  const auto connector = make_telegram(options_for(1), caller.environment());
  const auto chat =
      GENERATE(as<std::string>(), "", "0", "12x", "u1@example.org", "@", "@a b", "1.5", " 1",
               "99999999999999999999", "@" + std::string(100, 'a'), std::string("1\0", 2));
  CHECK(to_string(caller.send(*connector, to_chat(chat))) ==
        "rejected (address): this is no chat id");
}

TEST_CASE("a group that became a supergroup gets the message once, under its new id") {
  std::vector<std::string> chats;
  ServerThread server({}, [&](http::Request&& request, http::Reply reply) {
    chats.push_back(boost::json::serialize(boost::json::parse(request.body).at("chat_id")));
    const auto moved = refusal(400, "Bad Request: group chat was upgraded to a supergroup chat",
                               R"({"migrate_to_chat_id":-1009})");
    reply.send(chats.back() == "-5"
                   ? http::Response{400, {}, moved.body}
                   : http::json_response(200, R"({"ok":true,"result":{"message_id":1}})"));
  });
  Caller caller;
  const auto connector = make_telegram(options_for(server.port()), caller.environment());
  const Outcome outcome = caller.send(*connector, to_chat("-5"));
  CHECK(outcome == Outcome(Delivered{"1", "-1009"}));
  CHECK(chats == std::vector<std::string>{"-5", "-1009"});
}

#include "connectors/telegram.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::connectors;

namespace {

const config::Secret token("123456:AAsecretsecretsecret");

ChatSide side_of(TelegramUpdateMode mode) {
  TelegramOptions options;
  options.token = token;
  options.updates = mode;
  return make_telegram_chat(options);
}

std::string read(const http::Headers& headers, std::string_view body) {
  const auto got = side_of(TelegramUpdateMode::webhook).read_webhook({headers, body});
  if (!got) return to_string(got.error().kind);
  return std::to_string(got->updates.size()) + " " + got->answer;
}

const std::string secret_header = "X-Telegram-Bot-Api-Secret-Token";
const std::string pressed =
    R"({"update_id":9,"callback_query":{"id":"31","data":"a","from":{"id":77},)"
    R"("message":{"chat":{"id":77,"type":"private"}}}})";

}  // namespace

TEST_CASE("the webhook's secret is the bot's own, and tells nothing of its token") {
  const std::string secret = telegram_webhook_secret(token);
  CHECK(secret.size() == 43);
  CHECK(secret == telegram_webhook_secret(token));
  CHECK(secret != telegram_webhook_secret(config::Secret("123457:AAsecretsecretsecret")));
  CHECK(secret.find("secret") == std::string::npos);
}

TEST_CASE("a token begins with the bot's id") {
  const auto [text, id] = GENERATE(table<std::string, std::int64_t>({
      {"123456:AA", 123456},
      {"", 0},
      {":AA", 0},
      {"123456", 0},
      {"x1:AA", 0},
      {"99999999999999999999:AA", 0},
  }));
  CHECK(telegram_bot_id(config::Secret(text)) == id);
}

TEST_CASE("only what shows the webhook's secret is read") {
  const std::string secret = telegram_webhook_secret(token);
  const auto [headers, body, expected] =
      GENERATE_REF(table<http::Headers, std::string, std::string>({
          {{{secret_header, secret}},
           pressed,
           R"(1 {"method":"answerCallbackQuery","callback_query_id":"31"})"},
          {{{"x-telegram-bot-api-secret-token", secret}}, R"({"update_id":9})", "0 "},
          {{{secret_header, secret}}, R"({"update_id":9,"message":{}})", "0 "},
          {{{secret_header, secret}}, "no update", "invalid"},
          {{{secret_header, secret}}, std::string((1 << 20) + 1, ' '), "too_large"},
          {{}, pressed, "denied"},
          {{{secret_header, ""}}, pressed, "denied"},
          {{{secret_header, secret + "x"}}, pressed, "denied"},
          {{{secret_header, secret.substr(1)}}, pressed, "denied"},
          {{{secret_header, "123456:AAsecretsecretsecret"}}, pressed, "denied"},
          {{{"Authorization", secret}}, pressed, "denied"},
      }));
  CAPTURE(body.substr(0, 100));
  CHECK(read(headers, body) == expected);
}

TEST_CASE("a bot that polls takes no webhooks") {
  CHECK_FALSE(side_of(TelegramUpdateMode::poll).read_webhook);
  CHECK_FALSE(side_of(TelegramUpdateMode::none).read_webhook);
}

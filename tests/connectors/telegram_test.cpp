#include "connectors/telegram.h"

#include <boost/json.hpp>

#include "connectors/telegram_answer.h"
#include "connectors/telegram_files.h"
#include "connectors/telegram_message.h"
#include "http/multipart.h"
#include "tests/catch.h"
#include "tests/connectors/bot_api.h"
#include "tests/connectors/caller.h"

using namespace nurtured;
using namespace nurtured::connectors;
using namespace nurtured::test;
using namespace std::chrono_literals;

namespace {

const base::Instant now = base::from_millis(1'795'330'800'000);

http::HttpResponse refusal(int code, const std::string& description,
                           const std::string& parameters = "{}") {
  return {code,
          {},
          R"({"ok":false,"error_code":)" + std::to_string(code) + R"(,"description":")" +
              description + R"(","parameters":)" + parameters + "}"};
}

OutboundMessage to_chat(const std::string& chat) {
  OutboundMessage message = sample_message();
  message.channel = "telegram";
  message.to = chat;
  message.rendered.html = "<b>Привет</b> &amp; more";
  return message;
}

Attachment file(const std::string& name, const std::string& type, const std::string& bytes = "x") {
  return {.name = name, .content_type = type, .bytes = bytes};
}

// What the form of an upload holds: texts as they are, of files their names.
std::string form_of(const BotApi::Call& call, const std::string& name) {
  const auto form = http::parse_multipart(call.content_type, call.body);
  REQUIRE(form);
  const std::string* const value = http::find(*form, name);
  return value == nullptr ? "none" : *value;
}

std::string sent_with(const std::string& kind, const std::string& file_id) {
  const std::string one = R"({"file_id":")" + file_id + "\"}";
  return R"({"ok":true,"result":{"message_id":8,")" + kind +
         "\":" + (kind == "photo" ? R"([{"file_id":"small"},)" + one + "]" : one) + "}}";
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
  BotApi bot;
  bot.answer("sendMessage", {200, R"({"ok":true,"result":{"message_id":4711}})"});
  Caller caller;
  TelegramOptions options = bot.options();
  options.link_preview = false;
  const auto connector = make_telegram(std::move(options), caller.environment());
  const auto [to, chat] = GENERATE(table<std::string, boost::json::value>({
      {"987654321", 987654321},
      {"-1001234567890", -1001234567890},
      {"@school", "@school"},
  }));
  OutboundMessage message = to_chat(to);
  message.rendered.buttons.push_back({.id = "", .text = "Yes", .url = "", .data = "a:1"});
  CHECK(to_string(caller.send(*connector, message)) == "delivered: 4711");
  const boost::json::value expected = {
      {"chat_id", chat},
      {"text", "<b>Привет</b> &amp; more"},
      {"parse_mode", "HTML"},
      {"reply_markup",
       {{"inline_keyboard",
         {boost::json::array{{{"text", "Sign up"}, {"url", "https://example.org/webinar"}}},
          boost::json::array{{{"text", "Yes"}, {"callback_data", "a:1"}}}}}}},
      {"link_preview_options", {{"is_disabled", true}}}};
  CHECK(bot.calls("sendMessage").at(0).json() == expected);
}

TEST_CASE("what the daemon itself tells people has no markup") {
  BotApi bot;
  Caller caller;
  const auto connector = make_telegram(bot.options(), caller.environment());
  OutboundMessage message = to_chat("-100");
  message.rendered = {.subject = "alarm", .text = "5 < 6 & <b>so on</b>"};
  CHECK(kind_of(caller.send(*connector, message)) == "delivered");
  const boost::json::value expected = {{"chat_id", -100}, {"text", "5 < 6 & <b>so on</b>"}};
  CHECK(bot.calls("sendMessage").at(0).json() == expected);
}

TEST_CASE("what is no chat is refused without a request") {
  BotApi bot;
  Caller caller;
  const auto connector = make_telegram(bot.options(), caller.environment());
  const auto chat =
      GENERATE(as<std::string>(), "", "0", "12x", "u1@example.org", "@", "@a b", "1.5", " 1",
               "99999999999999999999", "@" + std::string(100, 'a'), std::string("1\0", 2));
  CHECK(to_string(caller.send(*connector, to_chat(chat))) ==
        "rejected (address): this is no chat id");
  CHECK(bot.calls("sendMessage").empty());
}

TEST_CASE("a group that became a supergroup gets the message once, under its new id") {
  BotApi bot;
  bot.refuse("sendMessage", 400, "Bad Request: group chat was upgraded to a supergroup chat",
             R"({"migrate_to_chat_id":-1009})");
  Caller caller;
  const auto connector = make_telegram(bot.options(), caller.environment());
  SECTION("which it keeps") {
    CHECK(caller.send(*connector, to_chat("-5")) == Outcome(Delivered{"1", "-1009"}));
  }
  SECTION("and is not followed in a circle") {
    bot.refuse("sendMessage", 400, "Bad Request: group chat was upgraded to a supergroup chat",
               R"({"migrate_to_chat_id":-5})");
    CHECK(kind_of(caller.send(*connector, to_chat("-5"))) == "rejected");
  }
  const auto calls = bot.calls("sendMessage");
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].json().at("chat_id") == -5);
  CHECK(calls[1].json().at("chat_id") == -1009);
}

TEST_CASE("one file goes with the text where that fits, and else behind it") {
  using Sort = TelegramSort;
  const Attachment photo = file("a.jpg", "image/jpeg");
  const Attachment text = file("a.txt", "text/plain");
  const std::string long_text(1025, 'x');
  const auto [html, files, expected] =
      GENERATE_COPY(table<std::string, std::vector<Attachment>, std::vector<TelegramPart>>({
          {"Hi", {}, {{Sort::text, true, {}}}},
          {"Hi", {photo}, {{Sort::photo, true, {0}}}},
          {"Hi", {file("a.png", "image/png")}, {{Sort::photo, true, {0}}}},
          {"Hi", {file("a.webp", "image/webp")}, {{Sort::photo, true, {0}}}},
          {"Hi", {file("a.svg", "image/svg+xml")}, {{Sort::document, true, {0}}}},
          {"Hi", {text}, {{Sort::document, true, {0}}}},
          {"<b>" + std::string(1024, 'x') + "</b>", {text}, {{Sort::document, true, {0}}}},
          {long_text, {text}, {{Sort::text, true, {}}, {Sort::document, false, {0}}}},
          {"Hi",
           {photo, photo, text},
           {{Sort::text, true, {}}, {Sort::photo, false, {0, 1}}, {Sort::document, false, {2}}}},
          {"Hi",
           {photo, text, photo},
           {{Sort::text, true, {}},
            {Sort::photo, false, {0}},
            {Sort::document, false, {1}},
            {Sort::photo, false, {2}}}},
          {"Hi",
           std::vector<Attachment>(11, text),
           {{Sort::text, true, {}},
            {Sort::document, false, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
            {Sort::document, false, {10}}}},
          {"Hi",
           {file("a.png", "image/png", std::string(telegram_photo_bytes_max + 1, 'x'))},
           {{Sort::document, true, {0}}}},
          {"", {photo, text}, {{Sort::photo, false, {0}}, {Sort::document, false, {1}}}},
      }));
  OutboundMessage message;
  message.rendered.html = html;
  message.attachments = files;
  CAPTURE(html.substr(0, 20), files.size());
  CHECK(telegram_parts(message) == expected);
}

TEST_CASE("a file that Telegram does not take is refused before anything leaves") {
  BotApi bot;
  Caller caller;
  const auto connector = make_telegram(bot.options(), caller.environment());
  OutboundMessage message = to_chat("7");
  message.attachments = {
      file("big.bin", "application/octet-stream", std::string(telegram_file_bytes_max + 1, 'x'))};
  CHECK(to_string(caller.send(*connector, message)) ==
        "rejected (content): big.bin is larger than Telegram takes");
}

TEST_CASE("a file is uploaded with its caption and buttons, and known from then on") {
  const auto [method, kind, type] = GENERATE(table<std::string, std::string, std::string>({
      {"sendPhoto", "photo", "image/jpeg"},
      {"sendDocument", "document", "application/pdf"},
  }));
  BotApi bot;
  bot.answer(method, {200, sent_with(kind, "ID-1")});
  Caller caller;
  const auto connector = make_telegram(bot.options(), caller.environment());
  OutboundMessage message = to_chat("7");
  message.attachments = {file("a.bin", type, "bytes")};
  CHECK(to_string(caller.send(*connector, message)) == "delivered: 8");
  CHECK(to_string(caller.send(*connector, message)) == "delivered: 1");
  message.attachments[0].bytes = "others";
  caller.send(*connector, message);

  const auto calls = bot.calls(method);
  REQUIRE(calls.size() == 3);
  CHECK(form_of(calls[0], "chat_id") == "7");
  CHECK(form_of(calls[0], kind) == "a.bin");
  CHECK(form_of(calls[0], "caption") == "<b>Привет</b> &amp; more");
  CHECK(form_of(calls[0], "parse_mode") == "HTML");
  CHECK(boost::json::parse(form_of(calls[0], "reply_markup")).at("inline_keyboard").is_array());
  CHECK(calls[0].body.find("\r\n\r\nbytes\r\n") != std::string::npos);
  CHECK(calls[1].json().at(kind) == "ID-1");
  CHECK(calls[1].json().at("caption") == "<b>Привет</b> &amp; more");
  CHECK(form_of(calls[2], kind) == "a.bin");
}

TEST_CASE("an id that Telegram no longer takes gives way to an upload, once") {
  BotApi bot;
  bot.answer("sendDocument", {200, sent_with("document", "ID-1")});
  bot.refuse("sendDocument", 400, "Bad Request: wrong file identifier/HTTP URL specified");
  Caller caller;
  const auto connector = make_telegram(bot.options(), caller.environment());
  OutboundMessage message = to_chat("7");
  message.attachments = {file("a.pdf", "application/pdf")};
  caller.send(*connector, message);
  SECTION("which is taken") {
    CHECK(kind_of(caller.send(*connector, message)) == "delivered");
  }
  SECTION("and what is refused then is refused") {
    bot.refuse("sendDocument", 400, "Bad Request: wrong file identifier/HTTP URL specified");
    CHECK(kind_of(caller.send(*connector, message)) == "rejected");
  }
  const auto calls = bot.calls("sendDocument");
  REQUIRE(calls.size() == 3);
  CHECK(calls[1].json().at("document") == "ID-1");
  CHECK(form_of(calls[2], "document") == "a.pdf");
}

TEST_CASE("a picture that Telegram does not show goes as a file") {
  const auto words =
      GENERATE(as<std::string>(), "Bad Request: PHOTO_INVALID_DIMENSIONS",
               "Bad Request: PHOTO_SAVE_FILE_INVALID", "Bad Request: IMAGE_PROCESS_FAILED");
  BotApi bot;
  bot.refuse("sendPhoto", 400, words);
  bot.answer("sendDocument", {200, sent_with("document", "ID-1")});
  Caller caller;
  const auto connector = make_telegram(bot.options(), caller.environment());
  OutboundMessage message = to_chat("7");
  message.attachments = {file("wide.png", "image/png")};
  CHECK(to_string(caller.send(*connector, message)) == "delivered: 8");
  CHECK(form_of(bot.calls("sendDocument").at(0), "caption") == "<b>Привет</b> &amp; more");
}

TEST_CASE("several files follow their text as albums") {
  BotApi bot;
  bot.answer("sendMessage", {200, R"({"ok":true,"result":{"message_id":5}})"});
  bot.answer("sendMediaGroup",
             {200, R"({"ok":true,"result":[{"message_id":6,"photo":[{"file_id":"P1"}]},)"
                   R"({"message_id":7,"photo":[{"file_id":"P2"}]}]})"});
  Caller caller;
  const auto connector = make_telegram(bot.options(), caller.environment());
  OutboundMessage message = to_chat("7");
  message.attachments = {file("a.jpg", "image/jpeg", "one"), file("b.jpg", "image/jpeg", "two")};
  CHECK(to_string(caller.send(*connector, message)) == "delivered: 5");
  message.attachments[1].bytes = "three";
  caller.send(*connector, message);

  const auto calls = bot.calls("sendMediaGroup");
  REQUIRE(calls.size() == 2);
  CHECK(form_of(calls[0], "media") == R"([{"type":"photo","media":"attach://file0"},)"
                                      R"({"type":"photo","media":"attach://file1"}])");
  CHECK(form_of(calls[0], "file1") == "b.jpg");
  CHECK(form_of(calls[0], "reply_markup") == "none");
  CHECK(form_of(calls[1], "media") == R"([{"type":"photo","media":"P1"},)"
                                      R"({"type":"photo","media":"attach://file1"}])");
  CHECK(form_of(calls[1], "file0") == "none");
}

TEST_CASE("a message whose text has left is not sent again for its files") {
  const auto [code, words] = GENERATE(table<int, std::string>({
      {400, "rejected (content)"},
      {403, "rejected (address)"},
      {429, "deferred (connector)"},
      {500, "deferred (connector)"},
  }));
  BotApi bot;
  bot.refuse("sendMediaGroup", code, "no");
  Caller caller;
  const auto connector = make_telegram(bot.options(), caller.environment());
  OutboundMessage message = to_chat("7");
  message.attachments = {file("a.pdf", "application/pdf"), file("b.pdf", "application/pdf")};
  CHECK(to_string(caller.send(*connector, message)) ==
        "uncertain: the text left, its files did not: " + words + ": no");
}

TEST_CASE("the oldest known files are forgotten first") {
  TelegramFiles files;
  for (std::size_t i = 0; i <= telegram_files_max; ++i) files.remember(std::to_string(i), "id");
  CHECK(files.find("0").empty());
  CHECK(files.find("1") == "id");
  files.forget("1");
  files.forget("1");
  files.remember("2", "newer");
  files.remember("x", std::string(telegram_file_id_bytes_max + 1, 'i'));
  CHECK(files.find("1").empty());
  CHECK(files.find("2") == "newer");
  CHECK(files.find("x").empty());
}

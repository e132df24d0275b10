#include "connectors/telegram_updates.h"

#include "base/encoding.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::connectors;

namespace {

constexpr std::int64_t bot = 123456;

const std::string anna = R"("from":{"id":77,"is_bot":false,"first_name":"Анна","last_name":"K",)"
                         R"("username":"anna_k","language_code":"ru"})";
const std::string private_chat = R"("chat":{"id":77,"type":"private"})";
const std::string date = R"("date":1795330800)";

std::string update_of(const std::string& kind, const std::string& content) {
  return R"({"update_id":9,")" + kind + "\":{" + content + "}}";
}

std::string message_with(const std::string& content) {
  return update_of("message",
                   R"("message_id":1,)" + anna + "," + private_chat + "," + date + "," + content);
}

// One line a field that is not empty, without who did it.
std::string show(const TelegramUpdate& update) {
  if (!update.told) return update.fault.empty() ? "nothing" : "fault: " + update.fault;
  const ChatUpdate& told = *update.told;
  static constexpr const char* kinds[] = {"started", "said", "pressed", "blocked", "unblocked"};
  std::string out = kinds[static_cast<int>(told.kind)];
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) out += std::string(" ") + name + "=" + value;
  };
  add("chat", told.chat);
  if (told.is_group) out += " group";
  add("text", told.text);
  add("media", told.media);
  add("file", told.file);
  add("phone", told.phone);
  for (const std::string& link : told.answered_links) add("link", link);
  add("payload", told.payload);
  add("data", told.data);
  add("callback", update.callback);
  return out;
}

std::string read(const std::string& body) {
  const auto update = read_telegram_update(body, bot);
  return update ? show(*update) : "error: " + update.error().message;
}

std::string reply_to(const std::string& message) {
  return message_with(R"("text":"yes","reply_to_message":{)" + message + "}");
}

const std::string by_us = R"("from":{"id":123456,"is_bot":true},)";

}  // namespace

TEST_CASE("what people do in a bot's chats is told in our words") {
  const auto [body, expected] = GENERATE_REF(table<std::string, std::string>({
      {message_with(R"("text":"Hello\nthere")"), "said chat=77 text=Hello\nthere"},
      {message_with(R"("text":"/start")"), "started chat=77"},
      {message_with(R"("text":"/start a-B_9")"), "started chat=77 payload=a-B_9"},
      {message_with(R"("text":"/start@school_bot a-B_9")"), "started chat=77 payload=a-B_9"},
      {message_with(R"("text":"/start@school_bot")"), "started chat=77"},
      {message_with(R"("text":"/started")"), "said chat=77 text=/started"},
      {message_with(R"("text":"please /start")"), "said chat=77 text=please /start"},
      {message_with(R"("caption":"look","photo":[{"file_id":"small"},{"file_id":"Large_-1"}])"),
       "said chat=77 text=look media=photo file=Large_-1"},
      {message_with(R"("animation":{"file_id":"gif"},"document":{"file_id":"doc"})"),
       "said chat=77 media=animation file=gif"},
      {message_with(R"("voice":{"file_id":"v1","duration":3})"),
       "said chat=77 media=voice file=v1"},
      {message_with(R"("location":{"latitude":1.5,"longitude":2})"), "said chat=77 media=location"},
      {message_with(R"("contact":{"phone_number":"79161234567","user_id":77})"),
       "said chat=77 media=contact phone=+79161234567"},
      {message_with(R"("contact":{"phone_number":"+7 (916) 123-45-67","user_id":77})"),
       "said chat=77 media=contact phone=+79161234567"},
      {message_with(R"("contact":{"phone_number":"79161234567","user_id":78})"),
       "said chat=77 media=contact"},
      {message_with(R"("contact":{"phone_number":"79161234567"})"), "said chat=77 media=contact"},
      {update_of(
           "message",
           anna + R"(,"chat":{"id":-1001234567890,"type":"supergroup"},"text":"/start x",)" + date),
       "said chat=-1001234567890 group text=/start x"},
      {update_of("callback_query",
                 anna + R"(,"id":"4382bfdwdsb323b2d9","data":"a:1","message":{"message_id":5,)" +
                     private_chat + "," + date + "}"),
       "pressed chat=77 data=a:1 callback=4382bfdwdsb323b2d9"},
      {update_of("callback_query",
                 anna + R"(,"id":"1","data":"a","message":{"message_id":5,"date":0,)" +
                     private_chat + "}"),
       "pressed chat=77 data=a callback=1"},
      {update_of("callback_query",
                 anna + R"(,"id":"1","data":"a","message":{"chat":{"id":-5,"type":"group"}})"),
       "pressed group data=a callback=1"},
      {update_of("my_chat_member", anna + "," + private_chat + "," + date +
                                       R"(,"new_chat_member":{"status":"kicked"})"),
       "blocked chat=77"},
      {update_of("my_chat_member", anna + "," + private_chat + "," + date +
                                       R"(,"new_chat_member":{"status":"member"})"),
       "unblocked chat=77"},
  }));
  CAPTURE(body);
  CHECK(read(body) == expected);
}

TEST_CASE("what is no person's word to us is nothing") {
  const auto body = GENERATE_REF(
      as<std::string>(), R"({"update_id":9})", update_of("edited_message", R"("text":"x")"),
      update_of("channel_post", R"("text":"x")"), update_of("poll", R"("id":"1")"),
      message_with(R"("new_chat_members":[{"id":5}])"), message_with(R"("pinned_message":{})"),
      update_of("message",
                R"("from":{"id":5,"is_bot":true},"text":"x",)" + date + "," + private_chat),
      update_of("message", R"("sender_chat":{"id":-5},"text":"x",)" + date + "," + private_chat),
      update_of("message", anna + R"(,"chat":{"id":-5,"type":"channel"},"text":"x",)" + date),
      update_of("callback_query", anna + R"(,"id":"1","data":"a","inline_message_id":"x")"),
      update_of("callback_query",
                anna + R"(,"id":"1","game_short_name":"x","message":{)" + private_chat + "}"),
      update_of("my_chat_member",
                anna +
                    R"(,"chat":{"id":-5,"type":"group"},"new_chat_member":{"status":"kicked"},)" +
                    date),
      update_of("my_chat_member", anna + "," + private_chat + "," + date +
                                      R"(,"new_chat_member":{"status":"left"})"));
  CAPTURE(body);
  CHECK(read(body) == "nothing");
}

TEST_CASE("who said it and when comes along") {
  const auto update = read_telegram_update(message_with(R"("text":"x")"), bot);
  REQUIRE(update);
  REQUIRE(update->told);
  ChatUpdate expected;
  expected.kind = ChatKind::said;
  expected.id = "9";
  expected.at = base::from_millis(1'795'330'800'000);
  expected.chat = "77";
  expected.sender = "77";
  expected.username = "anna_k";
  expected.first_name = "Анна";
  expected.last_name = "K";
  expected.locale = "ru";
  expected.text = "x";
  CHECK(*update->told == expected);
  CHECK(update->id == 9);
}

TEST_CASE("a press tells no time, and none is made up from the message") {
  const auto update = read_telegram_update(
      update_of("callback_query", anna + R"(,"id":"1","data":"a","message":{"date":1795330800,)" +
                                      private_chat + "}"),
      bot);
  REQUIRE(update);
  REQUIRE(update->told);
  CHECK(update->told->at == base::Instant{});
}

TEST_CASE("an answer to the bot's own message tells that one's links") {
  const auto [message, expected] = GENERATE_REF(table<std::string, std::string>({
      {by_us + R"("text":"see here","entities":[{"type":"text_link","offset":4,"length":4,)"
               R"("url":"https://e.org/a"}])",
       " link=https://e.org/a"},
      // The smile is two UTF-16 units and four bytes, each Cyrillic letter one unit and two bytes.
      {by_us + R"("text":"😀 да https://e.org/b !","entities":[{"type":"url","offset":6,)"
               R"("length":15}])",
       " link=https://e.org/b"},
      {by_us + R"("caption":"https://e.org/c","caption_entities":[{"type":"url","offset":0,)"
               R"("length":15}])",
       " link=https://e.org/c"},
      {by_us + R"("text":"x","reply_markup":{"inline_keyboard":[[{"text":"a",)"
               R"("url":"https://e.org/d"},{"text":"b","callback_data":"x"}],)"
               R"([{"text":"c","url":"https://e.org/e"}]]})",
       " link=https://e.org/d link=https://e.org/e"},
      {by_us + R"("text":"bold","entities":[{"type":"bold","offset":0,"length":4}])", ""},
      {R"("from":{"id":123457,"is_bot":true},"text":"x","entities":[{"type":"text_link",)"
       R"("offset":0,"length":1,"url":"https://e.org/"}])",
       ""},
      {R"("from":{"id":123456},"text":"x","entities":[{"type":"text_link",)"
       R"("offset":0,"length":1,"url":"https://e.org/"}])",
       ""},
      {R"("text":"x","entities":[{"type":"text_link","url":"https://e.org/"}])", ""},
  }));
  CAPTURE(message);
  CHECK(read(reply_to(message)) == "said chat=77 text=yes" + expected);
}

TEST_CASE("entities that lie are passed over") {
  const auto entity = GENERATE(
      as<std::string>(), R"({"type":"url","offset":-1,"length":3})",
      R"({"type":"url","offset":0,"length":0})", R"({"type":"url","offset":0,"length":-4})",
      R"({"type":"url","offset":1,"length":2})", R"({"type":"url","offset":0,"length":1})",
      R"({"type":"url","offset":3,"length":99})", R"({"type":"url","offset":99,"length":1})",
      R"({"type":"url","offset":9223372036854775807,"length":9223372036854775807})",
      R"({"type":"url","offset":1.5,"length":2})", R"({"type":"url","offset":"0","length":"2"})",
      R"({"type":"url"})", R"({"type":7,"offset":0,"length":2})", R"({"type":"text_link"})",
      R"({"type":"text_link","url":5})", "null", "[]", "7", "\"url\"");
  CAPTURE(entity);
  const std::string message = by_us + "\"text\":\"😀abc\",\"entities\":[" + entity + "]";
  CHECK(read(reply_to(message)) == "said chat=77 text=yes");
}

TEST_CASE("hostile updates are refused, passed over or cut, and nothing else") {
  const std::string long_name(1000, 'n');
  const auto [body, expected] = GENERATE_REF(table<std::string, std::string>({
      {"", "error: the update is no JSON"},
      {"update_id=9", "error: the update is no JSON"},
      {R"({"update_id":9)", "error: the update is no JSON"},
      {"{\"update_id\":9,\"message\":{\"text\":\"\xff\"}}", "error: the update is no JSON"},
      {R"({"update_id":9,"message":{"text":"\ud83d"}})", "error: the update is no JSON"},
      {"{\"update_id\":9,\"message\":" + std::string(40, '[') + std::string(40, ']') + "}",
       "error: the update is no JSON"},
      {std::string(telegram_update_bytes_max + 1, ' '), "error: the update is too large"},
      {"null", "error: the update has no number"},
      {"[]", "error: the update has no number"},
      {R"({"message":{}})", "error: the update has no number"},
      {R"({"update_id":"9"})", "error: the update has no number"},
      {R"({"update_id":9.0})", "error: the update has no number"},
      {R"({"update_id":-1})", "error: the update has no number"},
      {R"({"update_id":4503599627370496})", "error: the update has no number"},
      {R"({"update_id":9,"message":7,"callback_query":"x"})", "nothing"},
      {update_of("message", R"("text":"x")"), "fault: the message has no chat"},
      {update_of("message", R"("chat":{"id":0,"type":"private"})"),
       "fault: the message has no chat"},
      {update_of("message", R"("chat":{"id":"77","type":"private"})"),
       "fault: the message has no chat"},
      {update_of("message", R"("chat":{"id":4503599627370496,"type":"private"})"),
       "fault: the message has no chat"},
      {update_of("message", private_chat + R"(,"from":{"id":1.5},"text":"x",)" + date),
       "fault: the message has no sender"},
      {update_of("message", private_chat + "," + anna + R"(,"text":"x")"),
       "fault: the message has no date"},
      {update_of("message", private_chat + "," + anna + R"(,"text":"x","date":-5)"),
       "fault: the message has no date"},
      {update_of("message", private_chat + "," + anna + R"(,"text":"x","date":9000000000000)"),
       "fault: the message has no date"},
      {message_with(R"("text":"/start a b")"), "started chat=77"},
      {message_with(R"("text":"/start  x")"), "started chat=77"},
      {message_with(R"("text":"/start ../x")"), "started chat=77"},
      {message_with("\"text\":\"/start " + std::string(65, 'a') + "\""), "started chat=77"},
      {message_with("\"text\":\"/start " + std::string(64, 'a') + "\""),
       "started chat=77 payload=" + std::string(64, 'a')},
      {message_with(R"("text":"a\u0000b\u001b[2J\r\n\tc\u007f")"), "said chat=77 text=ab[2J\n\tc"},
      {message_with(R"("text":["x"],"caption":{"a":1},"voice":"x")"), "said chat=77 media=voice"},
      {message_with(R"("photo":[])"), "said chat=77 media=photo"},
      {message_with(R"("photo":[7])"), "said chat=77 media=photo"},
      {message_with(R"("document":{"file_id":"../../etc"})"), "said chat=77 media=document"},
      {message_with("\"document\":{\"file_id\":\"" + std::string(257, 'a') + "\"}"),
       "said chat=77 media=document"},
      {message_with(R"("contact":{"phone_number":"1234567890123456","user_id":77})"),
       "said chat=77 media=contact"},
      {message_with(R"("contact":{"phone_number":"+","user_id":77})"),
       "said chat=77 media=contact"},
      {message_with(R"("contact":{"phone_number":"12<b>","user_id":77})"),
       "said chat=77 media=contact"},
      {update_of("callback_query", anna + R"(,"id":"1","data":")" + std::string(65, 'd') +
                                       R"(","message":{)" + private_chat + "}"),
       "fault: the button holds too much"},
      {update_of("callback_query", R"("id":"1","data":"a","message":{)" + private_chat + "}"),
       "fault: the press has no sender"},
      {update_of("callback_query", anna + R"(,"id":"1","data":"a","message":{})"),
       "fault: the press has no chat"},
      {update_of("callback_query",
                 anna + R"(,"id":"\"}","data":"a","message":{)" + private_chat + "}"),
       "pressed chat=77 data=a"},
      {update_of("my_chat_member", private_chat + R"(,"new_chat_member":{"status":"kicked"})"),
       "fault: the change has no sender"},
      {update_of("my_chat_member", private_chat + R"(,"new_chat_member":[])"), "nothing"},
  }));
  CAPTURE(body.substr(0, 300));
  CHECK(read(body) == expected);
}

TEST_CASE("long words are cut between characters") {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "я";
  const auto update = read_telegram_update(
      update_of("message", R"("from":{"id":7,"first_name":")" + text +
                               R"(\n","username":"no name","language_code":")" + text +
                               R"("},"text":"x)" + text + "\"," + private_chat + "," + date),
      bot);
  REQUIRE(update);
  REQUIRE(update->told);
  CHECK(update->told->text.size() == chat_text_bytes_max - 1);
  CHECK(base::is_utf8(update->told->text));
  CHECK(update->told->first_name.size() == telegram_name_bytes_max);
  CHECK(update->told->username.empty());
  CHECK(update->told->locale.empty());
}

TEST_CASE("a message's links are bounded in number and length") {
  std::string entities;
  for (int i = 0; i < 150; ++i) {
    entities += R"({"type":"text_link","url":"https://e.org/"},)";
  }
  entities += R"({"type":"text_link","url":"https://e.org/)" + std::string(9000, 'a') + "\"}";
  const auto update =
      read_telegram_update(reply_to(by_us + R"("text":"x","entities":[)" + entities + "]"), bot);
  REQUIRE(update);
  REQUIRE(update->told);
  CHECK(update->told->answered_links.size() == telegram_links_max);
}

TEST_CASE("an answer of getUpdates is read one by one, whatever stands among them") {
  const std::string good = message_with(R"("text":"x")");
  const auto [list, updates, nameless, next] =
      GENERATE_REF(table<std::string, std::size_t, std::size_t, std::int64_t>({
          {"", 0, 0, 0},
          {good, 1, 0, 10},
          {good + R"(,{"update_id":12,"message":7},null,{"update_id":11})", 3, 1, 13},
          {R"({"update_id":0})", 1, 0, 1},
      }));
  CAPTURE(list);
  const auto read = read_telegram_updates(R"({"ok":true,"result":[)" + list + "]}", bot);
  REQUIRE(read);
  CHECK(read->updates.size() == updates);
  CHECK(read->nameless == nameless);
  CHECK(read->next == next);
}

TEST_CASE("what is no answer of getUpdates confirms nothing") {
  const auto answer = GENERATE(as<std::string>(), "", "[]", "{}", R"({"ok":true})",
                               R"({"ok":false,"result":[]})", R"({"ok":true,"result":{}})",
                               R"({"ok":true,"result":[null,7,"x",{"update_id":"1"}]})",
                               R"({"ok":1,"result":[]})", "<html>", R"({"ok":true,"result":[)");
  CAPTURE(answer);
  CHECK_FALSE(read_telegram_updates(answer, bot));
}

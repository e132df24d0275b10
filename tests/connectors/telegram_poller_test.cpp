#include "connectors/telegram_poller.h"

#include <optional>

#include <boost/asio/post.hpp>

#include "tests/catch.h"
#include "tests/connectors/bot_api.h"
#include "tests/connectors/caller.h"

using namespace nurtured;
using namespace nurtured::connectors;
using namespace nurtured::test;
using namespace std::chrono_literals;

namespace {

std::string said(int id, const std::string& text) {
  return R"({"update_id":)" + std::to_string(id) +
         R"(,"message":{"message_id":1,"date":1795330800,"from":{"id":77},)"
         R"("chat":{"id":77,"type":"private"},"text":")" +
         text + "\"}}";
}

std::string pressed(int id) {
  return R"({"update_id":)" + std::to_string(id) + R"(,"callback_query":{"id":"q)" +
         std::to_string(id) +
         R"(","data":"a","from":{"id":77},"message":{"chat":{"id":77,"type":"private"}}}})";
}

// A bot, its connector, and what came of it.
class World {
 public:
  explicit World(TelegramUpdateMode mode = TelegramUpdateMode::poll, std::string webhook_url = {}) {
    TelegramOptions options = bot.options();
    options.updates = mode;
    Environment environment = caller_.environment();
    environment.webhook_url = std::move(webhook_url);
    connector_ = make_telegram(std::move(options), environment);
  }

  void listen() {
    Intake intake;
    intake.chat = [this](std::vector<ChatUpdate> updates, const std::function<void(bool)>& done) {
      for (const ChatUpdate& update : updates) told.push_back(update.id);
      const bool kept = refusals == 0;
      if (!kept) --refusals;
      done(kept);
    };
    intake.state = [this](const std::optional<base::Error>& failure) {
      states.push_back(failure ? failure->message : "works");
    };
    connector_->listen(intake);
  }

  template <class Condition>
  void run_until(Condition condition) {
    while (!condition()) caller_.io().run_one();
  }
  // Until so many questions have come, and this one's answer is awaited.
  void run_until_asked(std::size_t count) {
    run_until([&] {
      nudge();
      return bot.calls("getUpdates").size() >= count;
    });
  }
  void end() { connector_.reset(); }

  std::string offset_of(std::size_t question) const {
    const boost::json::value wish = bot.calls("getUpdates").at(question).json();
    const boost::json::value* const offset = wish.as_object().if_contains("offset");
    return offset == nullptr ? "none" : boost::json::serialize(*offset);
  }

  BotApi bot;
  std::vector<std::string> told;
  std::vector<std::string> states;
  int refusals = 0;  // so many times the intake cannot keep what it is given

 private:
  // The loop turns though nothing happens in it, for the server has a thread of its own.
  void nudge() {
    boost::asio::post(caller_.io(), [] {});
  }

  Caller caller_;
  std::unique_ptr<Connector> connector_;
};

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("updates are asked for as Telegram wants it, and confirmed once they are kept") {
  World world;
  world.bot.give(said(10, "a") + "," + said(11, "b"));
  world.bot.give(said(12, "c"));
  world.listen();
  world.run_until_asked(3);
  CHECK(world.told == Strings{"10", "11", "12"});
  CHECK(world.offset_of(0) == "none");
  CHECK(world.offset_of(1) == "12");
  CHECK(world.offset_of(2) == "13");
  CHECK(world.bot.calls("getUpdates").front().json() ==
        boost::json::parse(R"({"limit":100,"timeout":25,)"
                           R"("allowed_updates":["message","callback_query","my_chat_member"]})"));
  CHECK(world.states.empty());
}

TEST_CASE("what could not be kept is not confirmed, and comes again") {
  World world;
  world.refusals = 2;
  for (int i = 0; i < 3; ++i) world.bot.give(said(10, "a"));
  world.listen();
  world.run_until_asked(4);
  CHECK(world.told == Strings{"10", "10", "10"});
  CHECK(world.offset_of(1) == "none");
  CHECK(world.offset_of(2) == "none");
  CHECK(world.offset_of(3) == "11");
}

TEST_CASE("an update that cannot be read is confirmed with the others") {
  World world;
  world.bot.give(R"({"update_id":10,"message":{"chat":7}})");
  world.bot.give("null," + said(11, "a") + R"(,{"update_id":12,"edited_message":{}})");
  world.listen();
  world.run_until_asked(3);
  CHECK(world.told == Strings{"11"});
  CHECK(world.offset_of(1) == "11");
  CHECK(world.offset_of(2) == "13");
}

TEST_CASE("a server that says nothing new, or the same again, is asked after a pause") {
  World world;
  world.bot.give("");
  for (int i = 0; i < 3; ++i) world.bot.give(said(10, "a"));
  world.listen();
  world.run_until_asked(5);
  CHECK(world.told == Strings{"10", "10", "10"});
  CHECK(world.offset_of(4) == "11");
}

TEST_CASE("a button's clock is stopped once the press is kept, whatever Telegram says to it") {
  World world;
  world.refusals = 1;
  world.bot.refuse("answerCallbackQuery", 400, "Bad Request: query is too old");
  world.bot.give(pressed(10));
  world.bot.give(pressed(10) + "," + pressed(11));
  world.listen();
  world.run_until_asked(3);
  world.run_until([&] { return world.bot.calls("answerCallbackQuery").size() >= 2; });
  Strings answered;
  for (const auto& call : world.bot.calls("answerCallbackQuery")) answered.push_back(call.body);
  CHECK(answered == Strings{R"({"callback_query_id":"q10"})", R"({"callback_query_id":"q11"})"});
  CHECK(world.states.empty());
}

TEST_CASE("a failure is told once, and once that it is over") {
  World world;
  const auto [code, description, expected] = GENERATE(table<int, std::string, std::string>({
      {401, "Unauthorized", "401 Unauthorized"},
      {404, "Not Found", "404 Not Found"},
      {409, "Conflict: terminated by other getUpdates request",
       "409 Conflict: terminated by other getUpdates request"},
      {429, "Too Many Requests: retry after 0", "429 Too Many Requests: retry after 0"},
      {502, "Bad Gateway", "502 Bad Gateway"},
  }));
  for (int i = 0; i < 3; ++i) {
    world.bot.refuse("getUpdates", code, description, R"({"retry_after":0})");
  }
  world.bot.give(said(10, "a"));
  world.listen();
  world.run_until_asked(5);
  CHECK(world.states == Strings{expected, "works"});
  CHECK(world.told == Strings{"10"});
  CHECK(world.bot.calls("deleteWebhook").empty());
}

TEST_CASE("answers that are not the Bot API's confirm nothing, and fewer are asked for after one") {
  World world;
  const auto body = GENERATE(as<std::string>(), "", "<html>", "{}", R"({"ok":true})",
                             R"({"ok":true,"result":[null]})", R"({"ok":true,"result":7})",
                             std::string(100'000, '['));
  world.bot.answer("getUpdates", {200, body});
  world.bot.give(said(10, "a"));
  world.listen();
  world.run_until_asked(3);
  CHECK(world.told == Strings{"10"});
  CHECK(world.states.size() == 2);
  CHECK(world.bot.calls("getUpdates").at(1).json().at("limit") == 1);
  CHECK(world.bot.calls("getUpdates").at(2).json().at("limit") == 100);
}

TEST_CASE("a webhook that a former setting left is taken away once") {
  const std::string active =
      "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete "
      "the webhook first";
  World world;
  world.bot.refuse("getUpdates", 409, active);
  world.bot.answer("deleteWebhook", {200, R"({"ok":true,"result":true})"});
  world.bot.give(said(10, "a"));
  SECTION("and then it works") {
    world.listen();
    world.run_until_asked(3);
    CHECK(world.told == Strings{"10"});
    CHECK(world.states.empty());
  }
  SECTION("and one that somebody sets again is for people to mend") {
    world.bot.refuse("getUpdates", 409, active);
    world.listen();
    world.run_until_asked(4);
    CHECK(world.bot.calls("deleteWebhook").size() == 1);
    CHECK(world.states == Strings{"409 " + active});
  }
}

TEST_CASE("Telegram is told once where to post, and with what secret") {
  World world(TelegramUpdateMode::webhook, "https://t.example.org/hooks/bot");
  world.bot.refuse("setWebhook", 500, "Internal Server Error");
  world.bot.answer("setWebhook", {200, R"({"ok":true,"result":true})"});
  world.listen();
  world.run_until([&] { return world.states.size() == 2; });
  CHECK(world.states == Strings{"500 Internal Server Error", "works"});
  const boost::json::value expected = {
      {"url", "https://t.example.org/hooks/bot"},
      {"secret_token", telegram_webhook_secret(config::Secret(bot_token))},
      {"max_connections", 40},
      {"allowed_updates", {"message", "callback_query", "my_chat_member"}}};
  CHECK(world.bot.calls("setWebhook").at(1).json() == expected);
  CHECK(world.bot.calls("getUpdates").empty());
}

TEST_CASE("a webhook without a public address is for people to mend") {
  World world(TelegramUpdateMode::webhook);
  world.listen();
  CHECK(world.states == Strings{"Telegram posts to https addresses alone"});
  CHECK(world.bot.calls("setWebhook").empty());
}

TEST_CASE("nothing is asked where somebody else has the updates") {
  World world(TelegramUpdateMode::none);
  world.listen();
  world.end();
  CHECK(world.bot.calls("getUpdates").empty());
}

TEST_CASE("a connector that is replaced asks no more, and finishes what it sends") {
  BotApi bot;
  Caller caller;
  auto connector = make_telegram(bot.options(), caller.environment());
  std::function<void(bool)> late;
  Intake intake;
  intake.chat = [&](const std::vector<ChatUpdate>&, std::function<void(bool)> done) {
    late = std::move(done);
  };
  bot.give(said(10, "a"));
  connector->listen(intake);
  while (!late) caller.io().run_one();
  connector->stop_listening();
  late(true);
  OutboundMessage message = sample_message();
  message.to = "77";
  CHECK(kind_of(caller.send(*connector, message)) == "delivered");
  CHECK(bot.calls("getUpdates").size() == 1);
}

TEST_CASE("what the intake tells after the connector's end is ignored") {
  BotApi bot;
  Caller caller;
  auto connector = make_telegram(bot.options(), caller.environment());
  std::function<void(bool)> late;
  Intake intake;
  intake.chat = [&](const std::vector<ChatUpdate>&, std::function<void(bool)> done) {
    late = std::move(done);
  };
  bot.give(said(10, "a"));
  connector->listen(intake);
  while (!late) caller.io().run_one();
  connector.reset();
  late(true);
  caller.io().poll();
  CHECK(bot.calls("getUpdates").size() == 1);
}

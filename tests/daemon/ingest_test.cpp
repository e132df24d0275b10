#include "daemon/ingest.h"

#include <set>

#include "base/encoding.h"
#include "rules/cel/json.h"
#include "store/types.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::daemon;
using base::ErrorKind;

namespace {

const base::Instant received = *base::parse_instant("2026-03-01T12:00:00Z");

base::Result<Ingested> take(IngestType type, std::string_view body, const WriteKeys& keys,
                            std::optional<std::string> key = std::nullopt) {
  const IngestRequest request{
      .type = type, .body = body, .write_key = std::move(key), .received_at = received};
  return ingest(request, keys, {});
}

base::Result<Ingested> take(IngestType type, std::string_view body) {
  return take(type, body, WriteKeys({}));
}

EventInput take_one(IngestType type, std::string_view body) {
  auto ingested = take(type, body);
  REQUIRE(ingested);
  INFO((ingested->rejected.empty() ? "" : ingested->rejected.front().reason));
  REQUIRE(ingested->rejected.empty());
  REQUIRE(ingested->items.size() == 1);
  return std::move(ingested->items.front());
}

std::string reason_of(IngestType type, std::string_view body) {
  const auto ingested = take(type, body);
  REQUIRE(ingested);
  CHECK(ingested->items.empty());
  REQUIRE(ingested->rejected.size() == 1);
  CHECK(ingested->rejected.front().whole);
  return ingested->rejected.front().reason;
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

std::string nested(std::size_t depth) {
  return repeated(R"({"a":)", depth) + "1" + repeated("}", depth);
}

}  // namespace

TEST_CASE("long and short path names say the same") {
  const auto [name, type] = GENERATE(table<std::string, std::optional<IngestType>>({
      {"track", IngestType::track},
      {"t", IngestType::track},
      {"identify", IngestType::identify},
      {"i", IngestType::identify},
      {"page", IngestType::page},
      {"p", IngestType::page},
      {"screen", IngestType::screen},
      {"s", IngestType::screen},
      {"group", IngestType::group},
      {"g", IngestType::group},
      {"alias", IngestType::alias},
      {"a", IngestType::alias},
      {"batch", IngestType::batch},
      {"b", IngestType::batch},
      {"import", IngestType::batch},
      {"", std::nullopt},
      {"Track", std::nullopt},
      {"tracks", std::nullopt},
  }));
  INFO(name);
  CHECK(ingest_type(name) == type);
}

TEST_CASE("each type of message becomes its event") {
  struct Case {
    IngestType type;
    const char* body;
    const char* name;
    const char* properties;
  };
  const auto c = GENERATE(values<Case>({
      {IngestType::track, R"({"userId":"u1","event":"Order Paid","properties":{"sum":5}})",
       "Order Paid", R"({"sum":5})"},
      {IngestType::track, R"({"userId":"u1","event":"x"})", "x", "{}"},
      {IngestType::track, R"({"userId":"u1","event":"x","properties":null})", "x", "{}"},
      {IngestType::page,
       R"({"userId":"u1","name":"Home","category":"Docs","properties":{"url":"https://x/"}})",
       "page.viewed", R"({"url":"https://x/","page_name":"Home","category":"Docs"})"},
      {IngestType::page, R"({"userId":"u1","name":null})", "page.viewed", "{}"},
      {IngestType::screen, R"({"userId":"u1","name":"Cart","properties":{"n":1}})", "screen.viewed",
       R"({"n":1,"screen_name":"Cart"})"},
      {IngestType::identify, R"({"userId":"u1","traits":{"plan":"pro"}})", "contact.identified",
       R"({"plan":"pro"})"},
      {IngestType::group, R"({"userId":"u1","groupId":7,"traits":{"seats":3}})", "group.joined",
       R"({"seats":3,"group_id":"7"})"},
      {IngestType::alias, R"({"previousId":"a1","userId":"u1"})", "contact.aliased",
       R"({"previous_id":"a1","user_id":"u1"})"},
      {IngestType::track, R"({"userId":"u1","event":"x","context":{"campaign":{"source":"vk"}}})",
       "x", R"({"campaign":{"source":"vk"}})"},
      {IngestType::track,
       R"({"userId":"u1","event":"x","properties":{"campaign":1},"context":{"campaign":{}}})", "x",
       R"({"campaign":1})"},
  }));
  INFO(c.body);
  const EventInput input = take_one(c.type, c.body);
  CHECK(input.event.name == c.name);
  CHECK(cel::to_json(input.event.properties) == c.properties);
  CHECK(input.event.received_at == received);
  CHECK(input.event.occurred_at == received);
  CHECK_FALSE(input.message_id);
}

TEST_CASE("ids may be numbers, and an alias names the former one") {
  const auto both = take_one(IngestType::track, R"({"userId":42,"anonymousId":"a","event":"x"})");
  CHECK(both.who.user_id == "42");
  CHECK(both.who.anonymous_id == "a");
  const auto anonymous =
      take_one(IngestType::track, R"({"userId":null,"anonymousId":"a","event":"x"})");
  CHECK(anonymous.who.user_id.empty());
  const auto alias =
      take_one(IngestType::alias, R"({"userId":"u","previousId":-7,"anonymousId":"ignored"})");
  CHECK(alias.who.user_id == "u");
  CHECK(alias.who.previous_id == "-7");
  CHECK(alias.who.anonymous_id.empty());
}

TEST_CASE("the moment of an event is corrected by the sender's own clock") {
  const auto [times, occurred] = GENERATE(table<std::string, std::string>({
      {R"("timestamp":"2026-03-01T10:00:00Z")", "2026-03-01T10:00:00Z"},
      // The sender is a year late, and sent two seconds after it happened.
      {R"("timestamp":"2025-03-01T10:00:00Z","sentAt":"2025-03-01T10:00:02Z")",
       "2026-03-01T11:59:58Z"},
      {R"("originalTimestamp":"2025-03-01T10:00:00Z","sentAt":"2025-03-01T10:00:01.5Z")",
       "2026-03-01T11:59:58.500Z"},
      {R"("sentAt":"2020-01-01T00:00:00Z")", "2026-03-01T12:00:00Z"},
      // From the future, by its own clock or after the correction.
      {R"("timestamp":"2026-03-01T12:00:01Z")", "2026-03-01T12:00:00Z"},
      {R"("timestamp":"2026-03-01T10:00:05Z","sentAt":"2026-03-01T10:00:00Z")",
       "2026-03-01T12:00:00Z"},
      {R"("timestamp":"9999-12-31T23:59:59Z","sentAt":"0001-01-01T00:00:00Z")",
       "2026-03-01T12:00:00Z"},
      {R"("timestamp":"0001-01-01T00:00:00Z","sentAt":"9999-12-31T23:59:59Z")",
       "0001-01-01T00:00:00Z"},
      {R"("timestamp":"yesterday","sentAt":"2026-03-01T10:00:00Z")", "2026-03-01T12:00:00Z"},
      {R"("timestamp":1772359200)", "2026-03-01T12:00:00Z"},
  }));
  INFO(times);
  const auto input = take_one(IngestType::track, R"({"userId":"u","event":"x",)" + times + "}");
  CHECK(base::to_rfc3339(input.event.occurred_at) == occurred);
}

TEST_CASE("a batch lends its sentAt and context to its messages") {
  const auto ingested = take(IngestType::batch, R"({
    "sentAt": "2026-03-01T10:00:02Z",
    "context": {"timezone": "Europe/Moscow", "locale": "ru-RU", "campaign": {"source": "a"}},
    "batch": [
      {"type": "track", "userId": "u1", "event": "x", "timestamp": "2026-03-01T10:00:00Z"},
      {"type": "page", "userId": "u2", "sentAt": "2026-03-01T10:00:00Z",
       "timestamp": "2026-03-01T10:00:00Z", "context": {"timezone": "Asia/Omsk"}}
    ]})");
  REQUIRE(ingested);
  REQUIRE(ingested->items.size() == 2);
  const auto& first = ingested->items[0].event;
  CHECK(base::to_rfc3339(first.occurred_at) == "2026-03-01T11:59:58Z");
  CHECK(first.change.timezone == "Europe/Moscow");
  CHECK(first.change.locale == "ru-RU");
  const auto& second = ingested->items[1].event;
  CHECK(second.occurred_at == received);
  CHECK(second.change.timezone == "Asia/Omsk");
  CHECK(second.change.locale == "ru-RU");
  CHECK(cel::to_json(second.properties) == R"({"campaign":{"source":"a"}})");
}

TEST_CASE("what the device says of itself yields to what traits say") {
  const auto identified = take_one(IngestType::identify, R"({"userId":"u",
      "context":{"timezone":"Asia/Omsk","traits":{"plan":"free","timezone":"Asia/Tokyo"}},
      "traits":{"plan":"pro","timezone":"Europe/Moscow"}})");
  CHECK(identified.event.change.timezone == "Europe/Moscow");
  REQUIRE(identified.event.change.attributes.size() == 2);
  CHECK(identified.event.change.attributes.back().second == cel::Value("pro"));
  const auto tracked = take_one(IngestType::track, R"({"userId":"u","event":"x",
      "context":{"traits":{"email":"A@Example.org"},"timezone":17,"locale":"!"}})");
  CHECK(tracked.event.change.addresses.front().second == "a@example.org");
  CHECK_FALSE(tracked.event.change.timezone);
  CHECK_FALSE(tracked.event.change.locale);
  const auto joined = take_one(IngestType::group, R"({"userId":"u","groupId":"g",
      "traits":{"email":"office@example.org"}})");
  CHECK(joined.event.change.empty());
}

TEST_CASE("a message id is remembered under its write key, and none is none") {
  const auto with_id =
      take_one(IngestType::track, R"({"userId":"u","event":"x","messageId":"m1","writeKey":"wk"})");
  CHECK(with_id.message_id == store::dedup_key("wk", "m1"));
  CHECK_FALSE(
      take_one(IngestType::track, R"({"userId":"u","event":"x","messageId":""})").message_id);
  CHECK_FALSE(
      take_one(IngestType::track, R"({"userId":"u","event":"x","messageId":null})").message_id);
  const std::string longest(100, 'm');
  CHECK(take_one(IngestType::track, R"({"userId":"u","event":"x","messageId":")" + longest + "\"}")
            .message_id);
}

TEST_CASE("a bad message is recorded with its reason") {
  struct Case {
    IngestType type;
    std::string body;
    std::string reason;
  };
  const auto c = GENERATE(values<Case>({
      {IngestType::track, R"({"event":"x"})", "neither a userId nor an anonymousId"},
      {IngestType::track, R"({"event":"x","userId":"","anonymousId":""})", "neither a userId"},
      {IngestType::track, R"({"event":"x","userId":{}})", "userId is neither a text"},
      {IngestType::track, R"({"event":"x","userId":1.5})", "userId is neither a text"},
      {IngestType::track, R"({"event":"x","userId":"a\u0000b"})", "control characters"},
      {IngestType::track, R"({"event":"x","userId":"a\u0085b"})", "control characters"},
      {IngestType::track, R"({"event":"x","anonymousId":")" + std::string(513, 'a') + "\"}",
       "longer than 512"},
      {IngestType::track, R"({"userId":"u"})", "the event of the event is missing"},
      {IngestType::track, R"({"userId":"u","event":5})", "missing or no text"},
      {IngestType::track, R"({"userId":"u","event":""})", "is empty"},
      {IngestType::track, R"({"userId":"u","event":"a\nb"})", "control characters"},
      {IngestType::track, R"({"userId":"u","event":")" + std::string(201, 'e') + "\"}",
       "longer than 200"},
      {IngestType::track, R"({"userId":"u","event":"x","properties":[1]})", "not an object"},
      {IngestType::track,
       R"({"userId":"u","event":"x","messageId":")" + std::string(101, 'm') + "\"}", "messageId"},
      {IngestType::track, R"({"userId":"u","event":"x","properties":)" + nested(17) + "}",
       "nested more than 17"},
      {IngestType::track,
       R"({"userId":"u","event":"x","properties":{"a":")" + std::string(33'000, 'x') + "\"}}",
       "longer than 32768"},
      {IngestType::identify, R"({"userId":"u","traits":"none"})", "not an object"},
      {IngestType::group, R"({"userId":"u"})", "groupId"},
      {IngestType::group, R"({"userId":"u","groupId":[]})", "groupId"},
      {IngestType::alias, R"({"userId":"u"})", "previousId"},
      {IngestType::alias, R"({"previousId":"p"})", "previousId and a userId"},
  }));
  INFO(c.body.substr(0, 100));
  CHECK_THAT(reason_of(c.type, c.body), Catch::Matchers::Contains(c.reason));
}

TEST_CASE("the deepest and the longest message are taken") {
  CHECK(take_one(IngestType::track, R"({"userId":"u","event":"x","properties":)" + nested(16) + "}")
            .event.name == "x");
  CHECK(take_one(IngestType::track, R"({"userId":"u","event":"x","properties":{"a":")" +
                                        std::string(32'600, 'x') + "\"}}")
            .event.name == "x");
}

TEST_CASE("a bad message in a batch leaves the others alone") {
  const auto ingested = take(IngestType::batch, R"({"batch":[
    {"type":"track","userId":"u","event":"one","messageId":"m0"},
    {"type":"track","event":"nobody","messageId":"m1"},
    17, null, [], {}, {"type":"batch","batch":[]}, {"type":"t","userId":"u","event":"x"},
    {"type":3}, {"type":"track","userId":"u","event":"deep","properties":)" +
                                                    nested(30) + R"(},
    {"type":"identify","userId":"u","traits":{"email":"not an address"}}]})");
  REQUIRE(ingested);
  REQUIRE(ingested->items.size() == 2);
  CHECK(ingested->items[0].event.name == "one");
  CHECK(ingested->items[1].event.name == "contact.identified");
  CHECK(ingested->items[1].event.change.empty());
  REQUIRE(ingested->rejected.size() == 10);
  CHECK(ingested->rejected[0].index == 1);
  CHECK(ingested->rejected[0].message_id == "m1");
  CHECK(ingested->rejected[0].whole);
  CHECK(ingested->rejected[9].index == 10);
  CHECK_FALSE(ingested->rejected[9].whole);
  CHECK(record_of(ingested->rejected[9], received).who.user_id == "u");
  const EventInput record = record_of(ingested->rejected[0], received);
  CHECK(record.who.user_id.empty());
  CHECK(record.event.name == "ingest.rejected");
  CHECK(record.event.properties.find("message_id")->as_string() == "m1");
}

TEST_CASE("what JSON allows and nothing can hold costs only the message that it is in") {
  const std::string good = R"({"type":"track","userId":"u","event":"good"})";
  const auto [odd, reason] = GENERATE(table<std::string, std::string>({
      {"1e999", "too large"},
      {"-1.5e+99999999999999999999", "too large"},
      {"[1e400]", "too large"},
      {nested(65), "nested more than 17"},
      {repeated("[", 100'000) + repeated("]", 100'000), "nested more than 17"},
      {R"({"a":)" + nested(70) + R"(,"b":"}]{[\"}"})", "nested more than 17"},
  }));
  INFO(odd.substr(0, 40));
  const auto ingested = take(IngestType::batch,
                             R"({"batch":[)" + good +
                                 R"(,{"type":"track","userId":"u","event":"x","properties":{"p":)" +
                                 odd + "}}," + good + "]}");
  REQUIRE(ingested);
  CHECK(ingested->items.size() == 2);
  REQUIRE(ingested->rejected.size() == 1);
  CHECK(ingested->rejected[0].index == 1);
  CHECK(ingested->rejected[0].reason.find(reason) != std::string::npos);
}

TEST_CASE("half of a surrogate pair becomes the replacement character") {
  const auto [written, read] = GENERATE(table<std::string, std::string>({
      {R"(abc\ud83d)", "abc\uFFFD"},
      {R"(\ude00abc)", "\uFFFDabc"},
      {R"(\ud83d\ud83d\ude00)", "\uFFFD😀"},
      {R"(\ud83dx\\ude00)", "\uFFFDx\\ude00"},
      {R"(\uD83D\n)", "\uFFFD\n"},
  }));
  INFO(written);
  const auto input = take_one(
      IngestType::track, R"({"userId":"u","event":"x","properties":{"t":")" + written + "\"}}");
  CHECK(input.event.properties.find("t")->as_string() == read);
}

TEST_CASE("an odd context of a batch is left out and recorded") {
  const auto ingested = take(IngestType::batch, R"({"context":{"campaign":{"a":1e999}},"batch":[
    {"type":"track","userId":"u","event":"x"}]})");
  REQUIRE(ingested);
  REQUIRE(ingested->items.size() == 1);
  CHECK(ingested->items[0].event.properties.find("campaign") == nullptr);
  REQUIRE(ingested->rejected.size() == 1);
  CHECK_FALSE(ingested->rejected[0].whole);
}

TEST_CASE("a number does as a messageId") {
  const auto [written, id] = GENERATE(table<std::string, std::string>(
      {{"7", "7"}, {"\"7\"", "7"}, {"-1", "-1"}, {"1.5", "1.5"}, {"12345678901", "12345678901"}}));
  const auto input =
      take_one(IngestType::track, R"({"userId":"u","event":"x","messageId":)" + written + "}");
  CHECK(input.message_id == store::dedup_key("", id));
}

TEST_CASE("a part that was left out is recorded on its contact, once") {
  const auto ingested = take(IngestType::identify, R"({"userId":"u","messageId":"m","traits":{
    "email":"no address","consent":{"email":"yes"}}})");
  REQUIRE(ingested);
  REQUIRE(ingested->items.size() == 1);
  REQUIRE(ingested->rejected.size() == 2);
  std::set<std::optional<store::DedupKey>> keys = {ingested->items[0].message_id};
  for (const auto& rejected : ingested->rejected) {
    const EventInput record = record_of(rejected, received);
    CHECK(record.who.user_id == "u");
    CHECK(record.message_id);
    keys.insert(record.message_id);
  }
  CHECK(keys.size() == 3);
}

TEST_CASE("a body that cannot be read is an error of the request") {
  struct Case {
    IngestType type;
    std::string body;
    ErrorKind kind;
  };
  const std::string message = R"({"type":"track","userId":"u","event":"x"})";
  const auto c = GENERATE_COPY(values<Case>({
      {IngestType::track, "", ErrorKind::invalid},
      {IngestType::track, "{", ErrorKind::invalid},
      {IngestType::track, "[]", ErrorKind::invalid},
      {IngestType::track, "\"text\"", ErrorKind::invalid},
      {IngestType::track, "null", ErrorKind::invalid},
      {IngestType::track, "{} {}", ErrorKind::invalid},
      {IngestType::track, "{'a':1}", ErrorKind::invalid},
      {IngestType::track, "{\"a\":\"\xff\"}", ErrorKind::invalid},
      {IngestType::track, "\xef\xbb\xbf{}", ErrorKind::invalid},
      {IngestType::track, std::string("{}\0", 3), ErrorKind::invalid},
      {IngestType::track, R"({"a":NaN})", ErrorKind::invalid},
      {IngestType::track, "userId=u&event=x", ErrorKind::invalid},
      {IngestType::track, "<xml/>", ErrorKind::invalid},
      {IngestType::track, "\x1f\x8b\x08\x00garbage", ErrorKind::invalid},
      {IngestType::track, repeated("[", 100'000), ErrorKind::invalid},
      {IngestType::batch, message, ErrorKind::invalid},
      {IngestType::batch, R"({"batch":{}})", ErrorKind::invalid},
      {IngestType::batch, "{\"batch\":[" + repeated("1,", 2500) + "1]}", ErrorKind::too_large},
      {IngestType::batch, "{\"batch\":[]}" + std::string(512'000, ' '), ErrorKind::too_large},
  }));
  INFO(c.body.substr(0, 60));
  const auto ingested = take(c.type, c.body);
  REQUIRE_FALSE(ingested);
  CHECK(ingested.error().kind == c.kind);
}

TEST_CASE("a write key comes from the header, the body or each message") {
  const WriteKeys keys({config::Secret("old"), config::Secret("new")});
  const std::string plain = R"({"userId":"u","event":"x"})";
  const std::string keyed = R"({"userId":"u","event":"x","writeKey":"new"})";
  CHECK(take(IngestType::track, plain, keys, "old")->write_key == "old");
  CHECK(take(IngestType::track, plain, keys, "new"));
  CHECK(take(IngestType::track, keyed, keys)->write_key == "new");
  const auto denied = [&](IngestType type, std::string_view body,
                          std::optional<std::string> key = std::nullopt) {
    const auto ingested = take(type, body, keys, std::move(key));
    return !ingested && ingested.error().kind == ErrorKind::denied;
  };
  CHECK(denied(IngestType::track, plain));
  CHECK(denied(IngestType::track, plain, "ol"));
  CHECK(denied(IngestType::track, plain, ""));
  // The header decides even where the body knows better, and nothing is parsed for a wrong one.
  CHECK(denied(IngestType::track, keyed, "wrong"));
  CHECK(denied(IngestType::track, "not json", "wrong"));
  CHECK(denied(IngestType::batch, R"({"batch":[]})"));
  CHECK(denied(IngestType::batch, R"({"batch":[{"type":"track","userId":"u","event":"x"}]})"));
  CHECK(denied(IngestType::batch, R"({"writeKey":"x","batch":[{"writeKey":"new"}]})"));
  CHECK(take(IngestType::batch, R"({"batch":[],"writeKey":"old"})", keys));
  const auto mixed = take(IngestType::batch, R"({"batch":[
      {"writeKey":"new","messageId":"m","type":"track","userId":"u","event":"x"},
      {"type":"track","userId":"u","event":"y"}]})",
                          keys);
  REQUIRE(mixed);
  REQUIRE(mixed->items.size() == 1);
  CHECK(mixed->items[0].message_id == store::dedup_key("new", "m"));
  REQUIRE(mixed->rejected.size() == 1);
}

TEST_CASE("keys that are all empty let nobody in") {
  const WriteKeys keys({config::Secret("")});
  CHECK_FALSE(keys.open());
  CHECK_FALSE(keys.accept(""));
  CHECK(WriteKeys({}).accept("anything"));
}

TEST_CASE("properties pass through the caller's types") {
  const TypedProperties typed = [](std::string_view event, cel::Value properties) {
    cel::Map map = properties.as_map();
    map.set("typed_for", event);
    return cel::Value(std::move(map));
  };
  const IngestRequest request{.type = IngestType::page,
                              .body = R"({"userId":"u","properties":{"a":1}})",
                              .received_at = received};
  const auto ingested = ingest(request, WriteKeys({}), typed);
  REQUIRE(ingested);
  CHECK(cel::to_json(ingested->items.at(0).event.properties) ==
        R"({"a":1,"typed_for":"page.viewed"})");
}

TEST_CASE("a line of a file is one message at its own time") {
  const auto line = parse_ingest_line(
      R"({"event":"x","userId":"u","timestamp":"2027-01-01T00:00:00Z","messageId":"m"})",
      std::nullopt);
  REQUIRE(line);
  CHECK(base::to_rfc3339(line->event.occurred_at) == "2027-01-01T00:00:00Z");
  CHECK(line->event.received_at == line->event.occurred_at);
  CHECK(line->message_id == store::dedup_key("", "m"));
  const auto late = parse_ingest_line(
      R"({"type":"identify","userId":"u","timestamp":"2026-02-01T00:00:00Z"})", received);
  REQUIRE(late);
  CHECK(late->event.received_at == received);
  CHECK(base::to_rfc3339(late->event.occurred_at) == "2026-02-01T00:00:00Z");
}

TEST_CASE("what is wrong with a line is said") {
  const auto [text, message] = GENERATE(table<std::string, std::string>({
      {"", "JSON"},
      {"[]", "has no type"},
      {"17", "has no type"},
      {R"({"userId":"u"})", "has no type"},
      {R"({"type":"batch","batch":[]})", "none of track"},
      {R"({"type":"Track","event":"x"})", "none of track"},
      {R"({"event":"x","timestamp":"2026-01-01T00:00:00Z"})", "neither a userId"},
      {R"({"event":"x","userId":"u"})", "no timestamp"},
      {R"({"event":"x","userId":"u","timestamp":"soon"})", "no timestamp"},
      {R"({"type":"identify","userId":"u","timestamp":"2026-01-01T00:00:00Z",
           "traits":{"email":"@"}})",
       "not an e-mail address"},
  }));
  INFO(text);
  const auto line = parse_ingest_line(text, std::nullopt);
  REQUIRE_FALSE(line);
  CHECK_THAT(line.error().message, Catch::Matchers::Contains(message));
}

#include "daemon/cloudevents.h"

#include "rules/cel/json.h"
#include "store/types.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::daemon;
using base::ErrorKind;
using http::Headers;

namespace {

const base::Instant received = *base::parse_instant("2026-03-01T12:00:00Z");
constexpr const char* structured = "application/cloudevents+json; charset=utf-8";
constexpr const char* batched = "Application/CloudEvents-Batch+JSON";

base::Result<Ingested> read(const Headers& headers, std::string_view body) {
  return read_cloudevents(headers, body, received, {});
}

EventInput read_one(const Headers& headers, std::string_view body) {
  auto ingested = read(headers, body);
  INFO((ingested ? "" : ingested.error().message));
  REQUIRE(ingested);
  INFO((ingested->rejected.empty() ? "" : ingested->rejected[0].reason));
  REQUIRE(ingested->items.size() == 1);
  return std::move(ingested->items[0]);
}

// An event with these members beside the required ones.
std::string event(const std::string& more = "") {
  return R"({"specversion":"1.0","id":"1","source":"/shop","type":"order.paid")" + more + "}";
}

Headers binary(std::initializer_list<std::pair<std::string_view, std::string_view>> more) {
  Headers headers{
      {"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-source", "/shop"}, {"ce-type", "order.paid"}};
  for (const auto& [name, value] : more) headers.add(name, value);
  return headers;
}

}  // namespace

TEST_CASE("a structured event becomes an input") {
  const auto input =
      read_one({{"Content-Type", structured}},
               event(R"(,"subject":"u1","time":"2026-03-01T14:00:00+03:00","data":{"sum":5})"));
  CHECK(input.event.name == "order.paid");
  CHECK(input.who.user_id == "u1");
  CHECK(base::to_rfc3339(input.event.occurred_at) == "2026-03-01T11:00:00Z");
  CHECK(cel::to_json(input.event.properties) == R"({"sum":5})");
  CHECK(input.message_id == store::dedup_key("cloudevents /shop", "1"));
}

TEST_CASE("a binary event becomes the same input") {
  const auto input = read_one(binary({{"Content-Type", "application/json"},
                                      {"ce-subject", "u1"},
                                      {"ce-time", "2026-03-01T11:00:00Z"}}),
                              R"({"sum":5})");
  CHECK(input.event.name == "order.paid");
  CHECK(input.who.user_id == "u1");
  CHECK(base::to_rfc3339(input.event.occurred_at) == "2026-03-01T11:00:00Z");
  CHECK(cel::to_json(input.event.properties) == R"({"sum":5})");
  CHECK(input.message_id == store::dedup_key("cloudevents /shop", "1"));
}

TEST_CASE("an event is about whoever is named most plainly") {
  struct Case {
    std::string members;
    std::string user_id;
    std::string anonymous_id;
  };
  const auto c = GENERATE(values<Case>({
      {R"(,"subject":"s")", "s", ""},
      {R"(,"subject":"s","data":{"userId":7})", "7", ""},
      {R"(,"data":{"anonymousId":"a"})", "", "a"},
      {R"(,"subject":"s","userid":"e","data":{"userId":"d"})", "e", ""},
      {R"(,"userid":12,"anonymousid":"a")", "12", "a"},
      {R"(,"subject":"s","userid":null)", "s", ""},
  }));
  INFO(c.members);
  const auto input = read_one({{"Content-Type", structured}}, event(c.members));
  CHECK(input.who.user_id == c.user_id);
  CHECK(input.who.anonymous_id == c.anonymous_id);
}

TEST_CASE("data becomes properties") {
  const auto [members, properties] = GENERATE(table<std::string, std::string>({
      {"", "{}"},
      {R"(,"data":null)", "{}"},
      {R"(,"data":{"a":[1]})", R"({"a":[1]})"},
      {R"(,"data":[1,2])", R"({"data":[1,2]})"},
      {R"(,"data":"{\"a\":1}")", R"({"data":"{\"a\":1}"})"},
      {R"(,"data_base64":"eyJhIjoxfQ==")", R"({"a":1})"},
      {R"(,"datacontenttype":"text/plain","data":"hello")", R"({"data":"hello"})"},
      {R"(,"datacontenttype":"text/plain","data_base64":"aGVsbG8=")", R"({"data":"hello"})"},
      {R"(,"datacontenttype":"image/png","data_base64":"/w==")", R"({"data":"/w=="})"},
      {R"(,"datacontenttype":"application/vnd.x+json","data_base64":"WzFd")", R"({"data":[1]})"},
  }));
  INFO(members);
  const auto input = read_one({{"Content-Type", structured}}, event(R"(,"subject":"u")" + members));
  CHECK(cel::to_json(input.event.properties) == properties);
}

TEST_CASE("headers are unquoted and percent-decoded once") {
  const auto [value, id] = GENERATE(table<std::string, std::string>({
      {"plain", "plain"},
      {"Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"},
      {R"("quoted \"text\" \\")", R"(quoted "text" \)"},
      {"%2525", "%25"},
      {"\"", "\""},
  }));
  CHECK(read_one(binary({{"ce-subject", value}}), "").who.user_id == id);
}

TEST_CASE("a time from the future is clamped") {
  const auto input = read_one({{"Content-Type", structured}},
                              event(R"(,"subject":"u","time":"2030-01-01T00:00:00Z")"));
  CHECK(input.event.occurred_at == received);
}

TEST_CASE("a batch takes what is good and records what is not") {
  CHECK(read({{"Content-Type", batched}}, "[]")->items.empty());
  const auto ingested = read({{"Content-Type", batched}}, "[" + event(R"(,"subject":"u1")") + "," +
                                                              event() + R"(,17,{"id":"x"},)" +
                                                              event(R"(,"subject":"u2")") + "]");
  REQUIRE(ingested);
  REQUIRE(ingested->items.size() == 2);
  CHECK(ingested->items[1].who.user_id == "u2");
  REQUIRE(ingested->rejected.size() == 3);
  CHECK(ingested->rejected[0].index == 1);
  CHECK(ingested->rejected[2].index == 3);
}

TEST_CASE("an odd event of a batch costs only itself") {
  const auto data = GENERATE(as<std::string>(), "1e999", "[-1e400]",
                             std::string(200, '[') + std::string(200, ']'));
  const auto ingested = read({{"Content-Type", batched}},
                             "[" + event(R"(,"subject":"u1","data":{"t":"\ud83d"})") + "," +
                                 event(R"(,"subject":"u2","data":{"a":)" + data + "}") + "]");
  REQUIRE(ingested);
  REQUIRE(ingested->items.size() == 1);
  CHECK(cel::to_json(ingested->items[0].event.properties) == "{\"t\":\"\xef\xbf\xbd\"}");
  REQUIRE(ingested->rejected.size() == 1);
  CHECK(ingested->rejected[0].index == 1);
}

TEST_CASE("a good event about nobody is recorded") {
  const auto ingested = read({{"Content-Type", structured}}, event());
  REQUIRE(ingested);
  CHECK(ingested->items.empty());
  CHECK(ingested->rejected.size() == 1);
}

TEST_CASE("an unknown format is told apart from a broken event") {
  const auto type = GENERATE(values<std::string>(
      {"application/cloudevents", "application/cloudevents+avro", "application/cloudevents-batch",
       "application/cloudevents-batch+protobuf", "application/json", "text/plain", ""}));
  INFO(type);
  const auto ingested = read({{"Content-Type", type}}, event(R"(,"subject":"u")"));
  REQUIRE_FALSE(ingested);
  CHECK(ingested.error().kind == ErrorKind::not_found);
}

TEST_CASE("broken structured events are refused") {
  const auto body = GENERATE(values<std::string>({
      "",
      "{",
      "[]",
      "17",
      "null",
      R"({"specversion":"1.0"})",
      R"({"specversion":"0.3","id":"1","source":"/s","type":"t","subject":"u"})",
      R"({"specversion":1,"id":"1","source":"/s","type":"t","subject":"u"})",
      R"({"specversion":"1.0","id":"","source":"/s","type":"t","subject":"u"})",
      R"({"specversion":"1.0","id":"1","source":null,"type":"t","subject":"u"})",
      R"({"specversion":"1.0","id":"1","source":"/s","type":{},"subject":"u"})",
      R"({"specversion":"1.0","id":"1","source":"/s","type":"a\nb","subject":"u"})",
      R"({"specversion":"1.0","id":"1","source":"/s","type":")" + std::string(201, 't') +
          R"(","subject":"u"})",
      event(R"(,"subject":"u\u0000")"),
      event(R"(,"subject":")" + std::string(513, 'u') + "\""),
      event(R"(,"subject":")" + std::string(3000, 'u') + "\""),
      event(R"(,"subject":"u","time":"yesterday")"),
      event(R"(,"subject":"u","data":1,"data_base64":"AA==")"),
      event(R"(,"subject":"u","data_base64":"!")"),
      event(R"(,"subject":"u","data_base64":7)"),
      event(R"(,"subject":"u","data_base64":"e30gIQ==")"),
      event(R"(,"data":{"userId":[]})"),
      event(R"(,"subject":"u","data":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]])"),
      event(R"(,"subject":"u"})") + "x",
  }));
  INFO(body.substr(0, 100));
  const auto ingested = read({{"Content-Type", structured}}, body);
  REQUIRE_FALSE(ingested);
  CHECK(ingested.error().kind == ErrorKind::invalid);
}

TEST_CASE("broken binary events are refused") {
  const auto headers = GENERATE(values<Headers>({
      {{"ce-id", "1"}},
      {{"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-type", "t"}, {"ce-subject", "u"}},
      {{"ce-specversion", "2.0"}, {"ce-id", "1"}, {"ce-source", "s"}, {"ce-type", "t"}},
      binary({{"ce-subject", "%"}}),
      binary({{"ce-subject", "%zz"}}),
      binary({{"ce-subject", "%C3%28"}}),
      binary({{"ce-subject", "%ED%A0%80"}}),
      binary({{"ce-subject", "a%00b"}}),
      binary({{"ce-subject", "a%0D%0Ab"}}),
      binary({{"ce-subject", "u"}, {"ce-time", "0"}}),
  }));
  const auto ingested = read(headers, "");
  REQUIRE_FALSE(ingested);
  CHECK(ingested.error().kind == ErrorKind::invalid);
  CHECK_FALSE(read(binary({{"ce-subject", "u"}, {"Content-Type", "application/json"}}), "{"));
}

TEST_CASE("sizes are bounded") {
  const auto kind_of = [](std::string_view type, const std::string& body) {
    const auto ingested = read({{"Content-Type", type}}, body);
    return ingested ? std::nullopt : std::optional(ingested.error().kind);
  };
  const auto with_data = [](std::size_t bytes) {
    return event(R"(,"subject":"u","data":{"a":")" + std::string(bytes, 'x') + "\"}");
  };
  CHECK_FALSE(kind_of(structured, with_data(65'000)));
  CHECK(kind_of(structured, with_data(66'000)) == ErrorKind::too_large);
  CHECK(kind_of(structured, with_data(600'000)) == ErrorKind::too_large);
  std::string many = "[1";
  for (int i = 0; i < 2500; ++i) many += ",1";
  CHECK(kind_of(batched, many + "]") == ErrorKind::too_large);
  CHECK(kind_of(batched, std::string(100'000, '[')) == ErrorKind::invalid);
}

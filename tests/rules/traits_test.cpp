#include "rules/traits.h"

#include "rules/cel/json.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::rules;

namespace {

struct Read {
  rules::ContactChange change;
  std::vector<std::string> problems;
};

Read read(std::string_view json) {
  Read out;
  apply_traits(*cel::from_json(json), out.change, out.problems);
  return out;
}

}  // namespace

TEST_CASE("known traits go where the contact keeps them") {
  const Read r = read(R"({"email":" Anna@Example.ORG ","phone":79161234567,"firstName":"Anna",
    "last_name":"K","timezone":"Europe/Moscow","locale":"ru-RU","birthday":"1990-02-03",
    "channels":{"telegram":123456789,"vk":{"id":"77"},"sms":{"address":"+7916"}},
    "channels.max":"m1","consent":{"email":true,"vk":false},"consent.sms":true,
    "plan":"pro","address":{"city":"Omsk"}})");
  CHECK(r.problems.empty());
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  CHECK(r.change.addresses == Pairs{{"email", "anna@example.org"},
                                    {"telegram", "123456789"},
                                    {"vk", "77"},
                                    {"sms", "+7916"},
                                    {"max", "m1"}});
  CHECK(r.change.timezone == "Europe/Moscow");
  CHECK(r.change.locale == "ru-RU");
  REQUIRE(r.change.consents.size() == 3);
  CHECK(r.change.consents[0].channel == "email");
  CHECK(r.change.consents[0].given);
  CHECK(r.change.consents[0].source == "sdk");
  CHECK_FALSE(r.change.consents[0].restores);
  CHECK_FALSE(r.change.consents[1].given);
  CHECK(r.change.consents[2].channel == "sms");
  std::vector<std::string> names;
  for (const auto& [name, value] : r.change.attributes) names.push_back(name);
  CHECK(names == std::vector<std::string>{"phone", "first_name", "last_name", "birthday", "plan",
                                          "address"});
  CHECK(r.change.attributes[0].second == cel::Value("79161234567"));
}

TEST_CASE("null and the empty text remove") {
  const Read r = read(R"({"email":null,"channels":{"vk":"","max":{"id":null}},"plan":null,
    "timezone":null,"locale":null,"consent":{"email":null}})");
  CHECK(r.problems.empty());
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  CHECK(r.change.addresses == Pairs{{"email", ""}, {"vk", ""}, {"max", ""}});
  REQUIRE(r.change.attributes.size() == 1);
  CHECK(r.change.attributes[0].second.is_null());
  CHECK_FALSE(r.change.timezone);
  CHECK(r.change.consents.empty());
}

TEST_CASE("what cannot be used is left out and named") {
  const auto [json, problem] = GENERATE(table<std::string, std::string>({
      {R"({"email":"nobody"})", "not an e-mail address"},
      {R"({"email":17.5})", "neither a text nor a whole number"},
      {R"({"email":["a@b.org"]})", "neither a text"},
      {R"({"email":"a@b.org\r\nBcc: c@d.org"})", "not an e-mail address"},
      {R"({"channels":"telegram"})", "channels is not an object"},
      {R"({"channels":{"tele gram":"1"}})", "names a channel"},
      {R"({"channels":{"":"1"}})", "names a channel"},
      {R"({"channels":{"vk":true}})", "neither a text"},
      {R"({"channels":{"vk":{}}})", "neither a text"},
      {R"({"channels":{"vk":"a\u0007b"}})", "control characters"},
      {R"({"channels.":"1"})", "names a channel"},
      {R"({"consent":true})", "consent is not an object"},
      {R"({"consent":{"email":"true"}})", "neither true nor false"},
      {R"({"consent":{"email":1}})", "neither true nor false"},
      {R"({"consent":{"e mail":true}})", "names a channel"},
      {R"({"timezone":3})", "timezone"},
      {R"({"timezone":"a\nb"})", "timezone"},
      {R"({"locale":"../../etc"})", "locale"},
      {R"({"":1})", "trait's name"},
      {R"({"a\u001b[0m":1})", "trait's name"},
  }));
  INFO(json);
  const Read r = read(json);
  CHECK(r.change.empty());
  REQUIRE(r.problems.size() == 1);
  CHECK_THAT(r.problems[0], Catch::Matchers::Contains(problem));
}

TEST_CASE("long names and addresses are refused") {
  const Read r = read(R"({"channels":{"vk":")" + std::string(513, 'a') + R"(","max":")" +
                      std::string(512, 'a') + R"("},")" + std::string(201, 'n') + R"(":1,")" +
                      std::string(200, 'n') + R"(":2})");
  CHECK(r.problems.size() == 2);
  CHECK(r.change.addresses.size() == 1);
  CHECK(r.change.attributes.size() == 1);
}

TEST_CASE("traits that are no object change nothing") {
  for (const char* json : {"null", "17", "[]", "\"email\""}) CHECK(read(json).change.empty());
}

TEST_CASE("plausible addresses are kept in lower case") {
  const auto [text, address] = GENERATE(table<std::string, std::string>({
      {"u1@example.org", "u1@example.org"},
      {"  A.B+tag@Example.Org\n", "a.b+tag@example.org"},
      {"root@localhost", "root@localhost"},
      {"o'brien@x-y.co", "o'brien@x-y.co"},
      {"иван@почта.рф", "иван@почта.рф"},
      {std::string(64, 'a') + "@b.org", std::string(64, 'a') + "@b.org"},
  }));
  CHECK(normal_email(text) == address);
}

TEST_CASE("implausible addresses are refused") {
  const auto text = GENERATE(values<std::string>({
      "",
      " ",
      "@",
      "a",
      "a@",
      "@b",
      "a@b@c",
      "a b@c.org",
      "a@b c.org",
      "a..b@c.org",
      ".a@c.org",
      "a.@c.org",
      "a@.org",
      "a@c..org",
      "a@c.org.",
      "a@-c.org",
      "a@c-.org",
      "a@c_d.org",
      "Anna <a@c.org>",
      "a@c.org,b@d.org",
      "a@[127.0.0.1]",
      "\"a\"@c.org",
      "a@c.org\r\nX: y",
      "a\t@c.org",
      std::string(65, 'a') + "@b.org",
      "a@" + std::string(64, 'b') + ".org",
      "a@" + std::string(260, 'b'),
      std::string("a\0@b.org", 8),
  }));
  INFO(text);
  CHECK_FALSE(normal_email(text));
}

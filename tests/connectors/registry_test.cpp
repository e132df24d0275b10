#include "connectors/registry.h"

#include <fstream>
#include <iterator>
#include <set>

#include <boost/json.hpp>

#include "config/yaml.h"
#include "tests/catch.h"
#include "tests/connectors/caller.h"

using namespace nurtured;
using namespace nurtured::connectors;
using namespace nurtured::test;

namespace {

// The messages of all problems with a section of that type, one a line.
std::string problems_of(const std::string& type, const std::string& text) {
  config::Problems problems;
  const auto node = config::parse_yaml(text, "nurtured.yaml", problems);
  REQUIRE(node);
  config::Section section(*node, "connectors.x", problems);
  connector_types().check(type, section);
  section.finish();
  std::string all;
  for (const config::Problem& problem : problems.take()) all += problem.message + "\n";
  return all;
}

}  // namespace

TEST_CASE("sections that are right have no problems") {
  const auto [type, text] = GENERATE(table<std::string, std::string>({
      {"file", "path: out\n"},
      {"file",
       "path: /var/out\nformat: telegram\nfrom: A <a@example.org>\nrate: 5/s\nconcurrency: 2\n"},
      {"smtp", "url: smtp://127.0.0.1:25\nfrom: Anna <anna@example.org>\nrate: 50/s\n"},
      {"smtp",
       "url: \"smtps://[::1]:465\"\nfrom: a@b.c\nreply_to: R <r@b.c>\nenvelope_from: e@b.c\nuser: "
       "u\n"
       "password: ${credential:p}\ntls: required\nca_file: /etc/ca.pem\nhelo: h.b.c\nlist_id: "
       "l.b.c\n"
       "connect_timeout: 5s\ntimeout: 2m\n"},
      {"smtp",
       "url: smtp://h\nfrom: a@b.c\nbounce: bounces@b.c\ninbox: {url: \"imaps://h:993\", user: u, "
       "password: \"${credential:p}\", folder: Bounces, ca_file: /etc/ca.pem, poll: 5m}\n"},
      {"smtp",
       "url: smtp://h\nfrom: a@b.c\ninbox: {url: imap://h, user: u, password: p, tls: none}\n"},
      {"telegram", "token: ${credential:telegram}\n"},
      {"telegram",
       "token: \"1:AA\"\napi: \"http://127.0.0.1:8081/\"\nallow_private: true\nlink_preview: "
       "false\n"},
      {"telegram", "token: \"1:AA\"\nbot: School_bot\nupdates: webhook\n"},
      {"telegram", "token: \"1:AA\"\nupdates: none\n"},
      {"webhook", "url: ${credential:hook}\nsecret: whsec_AAAA\n"},
      {"webhook", "url: https://example.org/in\ntimeout: 5s\nallow_private: true\n"},
  }));
  CAPTURE(text);
  CHECK(problems_of(type, text).empty());
}

TEST_CASE("every fault of a section is told, and no secret with it") {
  const auto [type, text] = GENERATE(table<std::string, std::string>({
      {"file", "{}"},
      {"file", "path: out\nformat: pdf\n"},
      {"file", "path: out\nfrom: nobody\n"},
      {"file", "path: out\nconcurrency: 0\n"},
      {"file", "path: out\nrate: fast\n"},
      {"file", "path: out\nunknown: 1\n"},
      {"smtp", "from: a@b.c\n"},
      {"smtp", "url: smtp://h\n"},
      {"smtp", "url: http://h\nfrom: a@b.c\n"},
      {"smtp", "url: \"smtp://\"\nfrom: a@b.c\n"},
      {"smtp", "url: \"smtp://user:canary@h\"\nfrom: a@b.c\n"},
      {"smtp", "url: smtp://h/path\nfrom: a@b.c\n"},
      {"smtp", "url: smtp://h\nfrom: \"a@b.c, d@e.f\"\n"},
      {"smtp", "url: smtp://h\nfrom: a@b.c\nreply_to: nobody\n"},
      {"smtp", "url: smtp://h\nfrom: a@b.c\nhelo: \"a b\"\n"},
      {"smtp", "url: smtp://h\nfrom: a@b.c\ntls: maybe\n"},
      {"smtp", "url: smtp://h\nfrom: a@b.c\ntimeout: 0s\n"},
      {"telegram", "{}"},
      {"telegram", "token: canary\n"},
      {"telegram", "token: \"12:canary/../x\"\n"},
      {"telegram", "token: \"1:AA\"\napi: ftp://h\n"},
      {"telegram", "token: \"1:AA\"\nlink_preview: perhaps\n"},
      {"telegram", "token: \"1:AA\"\nbot: \"@school_bot\"\n"},
      {"telegram", "token: \"1:AA\"\nbot: abc\n"},
      {"telegram", "token: \"1:AA\"\nbot: 1school_bot\n"},
      {"telegram", "token: \"1:AA\"\nbot: school-bot\n"},
      {"telegram", "token: \"1:AA\"\nbot: a23456789012345678901234567890123\n"},
      {"telegram", "token: \"1:AA\"\nbot: \"sch\\0ol\"\n"},
      {"telegram", "token: \"1:AA\"\nupdates: push\n"},
      {"webhook", "{}"},
      {"webhook", "url: \"ftp://canary\"\n"},
      {"webhook", "url: \"https://u:canary@h/\"\n"},
      {"webhook", "url: https://h\nsecret: \"whsec_canary!\"\n"},
  }));
  CAPTURE(type, text);
  const std::string problems = problems_of(type, text);
  CHECK_FALSE(problems.empty());
  CHECK(problems.find("canary") == std::string::npos);
}

TEST_CASE("the schema and a type's descriptor name the same options") {
  std::ifstream file("config/schema/nurtured.schema.json", std::ios::binary);
  const boost::json::value root =
      boost::json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  const auto& branches = root.at_pointer("/properties/connectors/additionalProperties/allOf");
  std::vector<std::string> types;
  for (const boost::json::value& branch : branches.as_array()) {
    const std::string type(branch.at_pointer("/if/properties/type/const").as_string());
    CAPTURE(type);
    types.push_back(type);
    std::set<std::string> in_schema;
    std::set<std::string> required;
    for (const auto& [key, value] : branch.at_pointer("/then/properties").as_object()) {
      in_schema.emplace(key);
    }
    for (const boost::json::value& key : branch.at_pointer("/then/required").as_array()) {
      required.emplace(key.as_string());
    }
    const Descriptor* const descriptor = find_descriptor(type);
    REQUIRE(descriptor != nullptr);
    std::set<std::string> in_descriptor{"type", "rate", "concurrency"};
    for (const Option& option : descriptor->options) {
      in_descriptor.emplace(option.name);
      CHECK(option.required == required.contains(std::string(option.name)));
      if (option.choices.empty()) continue;
      std::vector<std::string_view> choices;
      const std::string pointer = "/then/properties/" + std::string(option.name) + "/enum";
      for (const boost::json::value& choice : branch.at_pointer(pointer).as_array()) {
        choices.emplace_back(choice.as_string());
      }
      CHECK(choices == option.choices);
    }
    CHECK(in_schema == in_descriptor);
  }
  CHECK(types == connector_types().names);
}

TEST_CASE("the configuration knows every type") {
  const config::ConnectorTypes types = connector_types();
  CHECK(types.names == std::vector<std::string>{"file", "smtp", "telegram", "webhook"});
  CHECK(types.with_subject == std::vector<std::string>{"file", "smtp"});
  CHECK(types.mail == std::vector<std::string>{"smtp"});
  CHECK(find_descriptor("fax") == nullptr);
}

TEST_CASE("a link opens the chat with the bot, where its name is known") {
  const auto [type, text, expected] = GENERATE(table<std::string, std::string, std::string>({
      {"telegram", "token: \"1:AA\"\nbot: School_bot\n", "https://t.me/School_bot?start=a-B_9"},
      {"telegram", "token: \"1:AA\"\n", ""},
      {"telegram", "token: canary\n", "nothing"},
      {"webhook", "url: https://example.org/in\n", "nothing"},
      {"fax", "{}", "nothing"},
  }));
  CAPTURE(type, text);
  config::Problems problems;
  const auto node = config::parse_yaml(text, "nurtured.yaml", problems);
  REQUIRE(node);
  config::Section section(*node, "connectors.x", problems);
  const auto side = make_chat_side(type, section);
  CHECK((side ? side->start_link("a-B_9") : "nothing") == expected);
}

TEST_CASE("limits come from the section, or from the type") {
  Caller caller;
  const auto [text, expected] = GENERATE(table<std::string, Limits>({
      {"token: \"1:AA\"\n", {.rate = 25, .concurrency = 16}},
      {"token: \"1:AA\"\nrate: 60/m\nconcurrency: 3\n", {.rate = 1, .concurrency = 3}},
  }));
  config::Problems problems;
  const auto node = config::parse_yaml(text, "nurtured.yaml", problems);
  REQUIRE(node);
  config::Section section(*node, "connectors.x", problems);
  const auto connector = make_connector("telegram", section, caller.environment());
  REQUIRE(connector != nullptr);
  CHECK(connector->limits() == expected);
}

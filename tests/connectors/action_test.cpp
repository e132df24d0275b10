// What a `do` step gives to an action, and what comes back of one.
#include <boost/json.hpp>

#include "connectors/connector.h"
#include "connectors/registry.h"
#include "connectors/webhook.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::connectors;

namespace {

const Action label{.name = "label",
                   .parameters = {{.name = "name", .required = true},
                                  {.name = "count", .type = ParameterType::integer},
                                  {.name = "share", .type = ParameterType::number},
                                  {.name = "urgent", .type = ParameterType::boolean},
                                  {.name = "more", .type = ParameterType::any}}};

TEST_CASE("arguments are held against what the action takes") {
  const auto [arguments, fault] = GENERATE(table<std::string, std::string>({
      {R"({"name":"a"})", ""},
      {R"({"name":"a","count":3,"share":0.5,"urgent":true,"more":[{"x":null}]})", ""},
      {R"({"name":"a","share":3,"count":18446744073709551615})", ""},
      {R"({"name":"a","count":null})", ""},
      {R"({"name":null})", "`name` is missing"},
      {R"({})", "`name` is missing"},
      {R"({"name":5})", "`name` has to be a text"},
      {R"({"name":"a","count":1.5})", "`count` has to be a whole number"},
      {R"({"name":"a","count":"1"})", "`count` has to be a whole number"},
      {R"({"name":"a","share":"1"})", "`share` has to be a number"},
      {R"({"name":"a","urgent":1})", "`urgent` has to be true or false"},
      {R"({"name":"a","nmae":"b"})", "`label` takes no `nmae`"},
      {R"(["name"])", "the arguments are no JSON object"},
      {R"("name")", "the arguments are no JSON object"},
      {R"({"name":"a")", "the arguments are no JSON object"},
      {R"({"name":"a"} {})", "the arguments are no JSON object"},
      {"", "the arguments are no JSON object"},
      {std::string(10'000, '['), "the arguments are no JSON object"},
  }));
  CAPTURE(arguments.substr(0, 100));
  const auto checked = check_arguments(label, arguments);
  CHECK((checked ? "" : checked.error().message) == fault);
}

TEST_CASE("an open action takes any names") {
  CHECK(check_arguments({.name = "post", .takes_others = true}, R"({"a":1,"b":[2]})"));
}

TEST_CASE("what an answer gives back is a JSON object that is not too large, or nothing") {
  const auto [body, output] = GENERATE(table<std::string, std::string>({
      {R"({"id":7})", R"({"id":7})"},
      {"{}", "{}"},
      {"", ""},
      {"ok", ""},
      {"[1]", ""},
      {"7", ""},
      {"{\"a\":\"\xff\"}", ""},
      {"{\"id\":7", ""},
      {"{\"a\":\"" + std::string(webhook_output_bytes_max, 'x') + "\"}", ""},
      {"<html></html>", ""},
  }));
  CAPTURE(body.substr(0, 100));
  CHECK(webhook_output(body) == output);
}

TEST_CASE("a call says what it is, for whom and of which step") {
  const OutboundCall call{.delivery_key = "1.1.0.0.do",
                          .contact = "u1",
                          .playbook = "p",
                          .step = "do:crm.post",
                          .action = "post",
                          .arguments = R"({"a":{"b":"\"</script>"}})",
                          .sent_at = *base::parse_instant("2026-03-01T10:00:00Z")};
  CHECK(boost::json::parse(webhook_payload(call)) ==
        boost::json::parse(R"({"delivery":"1.1.0.0.do","contact":"u1","playbook":"p",)"
                           R"("step":"do:crm.post","do":"post","with":{"a":{"b":"\"</script>"}},)"
                           R"("sent_at":"2026-03-01T10:00:00Z"})"));
}

TEST_CASE("every action that a type declares can be asked of it, and has a description") {
  const config::ConnectorTypes types = connector_types();
  for (const Descriptor* descriptor : descriptors()) {
    INFO(descriptor->type);
    const auto& shapes = types.actions.at(std::string(descriptor->type));
    REQUIRE(shapes.size() == descriptor->actions.size());
    for (const Action& action : descriptor->actions) {
      CHECK_FALSE(action.description.empty());
      CHECK(descriptor->find_action(action.name) == &action);
    }
    CHECK(descriptor->find_action("nope") == nullptr);
  }
}

}  // namespace

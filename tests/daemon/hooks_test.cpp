#include "daemon/hooks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/config/workspaces.h"

using namespace nurtured;
using namespace nurtured::daemon;
using base::ErrorKind;

namespace {

const Instant now = *base::parse_instant("2026-03-02T12:00:00Z");
const std::string secret = "0123456789abcdef";

// The hook `lead` of a workspace, from what stands below its name.
config::Hook hook_of(const std::string& section) {
  const auto compiled = config::compile_with(
      "nurtured.yaml",
      "connectors: {out: {type: file, path: outbox}}\nchannels: {email: out, telegram: out}\n"
      "hooks:\n  lead:\n" +
          section);
  INFO(fmt::format("{}", fmt::join(config::lines_of(compiled.problems), "\n")));
  REQUIRE(compiled.config);
  return compiled.config->hooks.at("lead");
}

http::Request post(const std::string& body, const std::string& type = "application/json") {
  http::Request request{.method = "POST", .target = "/hooks/lead/" + secret, .headers = {}};
  request.headers.add("Content-Type", type);
  request.body = body;
  request.remote_address = "203.0.113.7";
  return request;
}

const std::string open_html = "    public: true\n    preset: html\n    event: form.sent\n";
const std::string form = "application/x-www-form-urlencoded";

EventInput taken(const config::Hook& hook, const http::Request& request,
                 const std::vector<std::string>& problems = {}) {
  const auto read = read_hook(hook, request, secret, now, {});
  REQUIRE(read);
  CHECK(read->problems == problems);
  REQUIRE(read->input);
  return *read->input;
}

std::string properties_of(const EventInput& input) {
  return cel::to_json(input.event.properties);
}

}  // namespace

TEST_CASE("a plain form makes a contact and an event, with consent only where it was given") {
  const auto hook =
      hook_of(open_html + "    consent: {email: {if: 'body.agree == \"on\"', wording: I agree}}\n");
  const auto input = taken(
      hook, post("email=Anna%40Example.org&name=Anna+B&agree=on&page=https%3A%2F%2Fe.org", form));
  CHECK(input.event.name == "form.sent");
  REQUIRE(input.who.address);
  CHECK(*input.who.address == rules::Address{"email", "anna@example.org"});
  CHECK(properties_of(input) ==
        R"({"email":"Anna@Example.org","name":"Anna B","agree":"on","page":"https://e.org"})");
  REQUIRE(input.event.change.consents.size() == 1);
  const auto& consent = input.event.change.consents[0];
  CHECK(consent.channel == "email");
  CHECK(consent.source == "form");
  CHECK(consent.wording == "I agree");
  CHECK(consent.from == "203.0.113.7");
  CHECK_FALSE(consent.restores);
  CHECK(taken(hook, post("email=a%40example.org", form)).event.change.consents.empty());
  CHECK(taken(hook, post("email=a%40example.org&agree=no", form)).event.change.consents.empty());
}

TEST_CASE("the mapping says what is what") {
  const auto hook =
      hook_of("    key: " + secret +
              "\n    event: '=\"order.\" + body.status'\n    user: body.customer.id\n"
              "    traits: {email: body.customer.mail, city: body.customer.city}\n"
              "    properties: {total: body.total * 2, items: size(body.items), ref: query.ref}\n"
              "    id: body.number\n");
  auto request = post(
      R"({"status":"paid","number":7,"total":2.5,"items":[1,2],"customer":{"id":42,"mail":"a@e.org"}})");
  request.target += "?ref=partner";
  const auto input = taken(hook, request);
  CHECK(input.event.name == "order.paid");
  CHECK(input.who.user_id == "42");
  CHECK(properties_of(input) == R"({"total":5.0,"items":2,"ref":"partner"})");
  CHECK(input.message_id == store::dedup_key("hook lead", "7"));
  CHECK(input.event.change.attributes.empty());
}

TEST_CASE("forms nest, repeat and come in any of three encodings") {
  const auto hook = hook_of(open_html);
  struct Case {
    const char* name;
    http::Request request;
    std::string properties;
  };
  const Case cases[] = {
      {"a name that comes again is a list", post("email=a@e.org&x=1&x=2&x=3", form),
       R"({"email":"a@e.org","x":["1","2","3"]})"},
      {"brackets nest", post("email=a@e.org&p[a][b]=1&p[a][c]=2&l[]=1&l[]=2", form),
       R"({"email":"a@e.org","p":{"a":{"b":"1","c":"2"}},"l":["1","2"]})"},
      {"brackets that do not fit are part of the name",
       post("email=a@e.org&a]b=1&[c]=2&d[=3", form),
       R"({"email":"a@e.org","a]b":"1","[c]":"2","d[":"3"})"},
      {"too deep is part of the name", post("email=a@e.org&a[b][c][d][e][f]=1", form),
       R"({"email":"a@e.org","a[b][c][d][e][f]":"1"})"},
      {"a mark of the byte order",
       post("\xEF\xBB\xBF"
            "email=a@e.org",
            form),
       R"({"email":"a@e.org"})"},
      {"bytes that are no UTF-8", post("email=a@e.org&x=%FF", form),
       "{\"email\":\"a@e.org\",\"x\":\"\xEF\xBF\xBD\"}"},
      {"multipart",
       post("--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@e.org\r\n--b--",
            "multipart/form-data; boundary=b"),
       R"({"email":"a@e.org"})"},
      {"JSON under another name", post(R"( {"email":"a@e.org"})", "text/plain"),
       R"({"email":"a@e.org"})"},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    CHECK(properties_of(taken(hook, c.request)) == c.properties);
  }
}

TEST_CASE("a form of another charset is decoded, by its header or its own field") {
  const auto hook = hook_of(open_html);
  const std::string anna = "email=a%40example.org&name=%C0%ED%ED%E0";
  for (const auto& [type, body] : std::vector<std::pair<std::string, std::string>>{
           {form + "; charset=windows-1251", anna},
           {form + ";boundary=x; Charset=\"Windows-1251\" ", anna},
           {form, anna + "&_charset_=windows-1251"},
           {form + "; charset=windows-1251",
            "email=a%40example.org&name=%D0%90%D0%BD%D0%BD%D0%B0"}}) {
    INFO(type + body);
    CHECK(taken(hook, post(body, type)).event.properties.find("name")->as_string() == "Анна");
  }
  CHECK(taken(hook, post(anna, form)).event.properties.find("name")->as_string() ==
        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  const auto refused = read_hook(hook, post(anna, form + "; charset=no-such"), secret, now, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == base::ErrorKind::invalid);
}

TEST_CASE("a form's texts have the types that events.yaml declares") {
  const auto compiled = config::compile_with("events.yaml",
                                             "events:\n  form.sent: {properties: {seats: int, "
                                             "price: double, agree: bool, when: timestamp, "
                                             "note: string}}\n");
  REQUIRE(compiled.config);
  const auto& shapes = compiled.config->book->settings().events;
  const auto typed = [&](std::string_view event, cel::Value properties) {
    return rules::typed_texts(shapes, event, std::move(properties));
  };
  const auto read = read_hook(hook_of(open_html),
                              post("email=a%40b.org&seats=2&price=1.5&agree=true&note=7"
                                   "&when=2026-03-01T00:00:00Z",
                                   form),
                              secret, now, typed);
  REQUIRE(read);
  REQUIRE(read->input);
  const cel::Value& properties = read->input->event.properties;
  CHECK(properties.find("seats")->is_int());
  CHECK(properties.find("price")->is_double());
  CHECK(properties.find("agree")->is_bool());
  CHECK(properties.find("note")->is_string());
  CHECK(properties.find("when")->instant().has_value());
  for (const char* seats : {"", "two", "2.5", "2 ", "99999999999999999999", "0x2"}) {
    const auto kept = typed("form.sent", cel::Map{{"seats", seats}});
    CHECK(kept.find("seats")->as_string() == seats);
  }
}

TEST_CASE("Tilda's forms are known as they come") {
  const auto hook = hook_of("    preset: tilda\n    key: {secret: " + secret +
                            ", header: X-Key}\n    event: form.sent\n");
  auto request =
      post("Name=Anna&Email=a%40example.org&Phone=%2B49+30+1&formid=form1&tranid=1:2", form);
  request.headers.add("X-Key", secret);
  const auto input = taken(hook, request);
  CHECK(input.who.address == rules::Address{"email", "a@example.org"});
  CHECK(input.message_id == store::dedup_key("hook lead", "1:2"));
  auto test = post("test=test", form);
  test.headers.add("X-Key", secret);
  const auto read = read_hook(hook, test, "", now, {});
  REQUIRE(read);
  CHECK_FALSE(read->input);
  CHECK(read->problems.empty());
}

TEST_CASE("only who has the key may post, wherever it stands") {
  struct Case {
    const char* name;
    std::string key;
    std::string target;
    std::string header;
    std::string body;
    bool is_taken;
  };
  const std::string right = "email=a@e.org";
  const Case cases[] = {
      {"in the path", secret, "/hooks/lead/" + secret, "", right, true},
      {"wrong in the path", secret, "/hooks/lead/x", "", right, false},
      {"none in the path", secret, "/hooks/lead", "", right, false},
      {"in a header", "{secret: " + secret + ", header: X-Key}", "/hooks/lead", secret, right,
       true},
      {"wrong in a header", "{secret: " + secret + ", header: X-Key}", "/hooks/lead", "x", right,
       false},
      {"in the query", "{secret: " + secret + ", query: k}", "/hooks/lead?k=" + secret, "", right,
       true},
      {"wrong in the query", "{secret: " + secret + ", query: k}", "/hooks/lead?k=1", "", right,
       false},
      {"none in the query", "{secret: " + secret + ", query: k}", "/hooks/lead", "", right, false},
      {"in a field", "{secret: " + secret + ", field: k}", "/hooks/lead", "",
       right + "&k=" + secret, true},
      {"twice in a field", "{secret: " + secret + ", field: k}", "/hooks/lead", "",
       right + "&k=" + secret + "&k=" + secret, false},
      {"none in a field", "{secret: " + secret + ", field: k}", "/hooks/lead", "", right, false},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    const auto hook = hook_of("    preset: html\n    event: form.sent\n    key: " + c.key + "\n");
    auto request = post(c.body, form);
    request.target = c.target;
    if (!c.header.empty()) request.headers.add("X-Key", c.header);
    const std::string_view path = request.path();
    const std::string_view key = path.size() > 12 ? path.substr(12) : "";
    const auto read = read_hook(hook, request, key, now, {});
    CHECK(read.has_value() == c.is_taken);
    if (!read) CHECK(read.error().kind == ErrorKind::denied);
    if (read) CHECK(properties_of(*read->input) == R"({"email":"a@e.org"})");
  }
}

TEST_CASE("a signed hook takes what is signed, whole and recent") {
  const auto hook = hook_of(
      "    preset: html\n    event: form.sent\n    signature: {secret: " + secret +
      ", header: X-Sig, prefix: \"v0=\", over: \"v0:{timestamp}:{body}\", timestamp: X-Time}\n");
  const std::string body = R"({"email":"a@e.org","x":"{timestamp}"})";
  const auto signed_at = [&](std::int64_t at, const std::string& over) {
    return "v0=" + base::to_hex(base::view(
                       base::hmac_sha256(secret, "v0:" + std::to_string(at) + ":" + over)));
  };
  const std::int64_t seconds = now.time_since_epoch().count() / 1000;
  struct Case {
    const char* name;
    std::string time;
    std::string signature;
    bool is_taken;
  };
  const Case cases[] = {
      {"as it should be", std::to_string(seconds), signed_at(seconds, body), true},
      {"at the edge of the tolerance", std::to_string(seconds - 300),
       signed_at(seconds - 300, body), true},
      {"too old", std::to_string(seconds - 301), signed_at(seconds - 301, body), false},
      {"from the future", std::to_string(seconds + 301), signed_at(seconds + 301, body), false},
      {"of another body", std::to_string(seconds), signed_at(seconds, body + " "), false},
      {"of another time", std::to_string(seconds - 1), signed_at(seconds, body), false},
      {"without a time", "", signed_at(seconds, body), false},
      {"with no number as its time", "now", signed_at(seconds, body), false},
      {"with a time beyond all clocks", "9223372036854775807", signed_at(seconds, body), false},
      {"without its prefix", std::to_string(seconds), signed_at(seconds, body).substr(3), false},
      {"cut short", std::to_string(seconds), signed_at(seconds, body).substr(0, 20), false},
      {"without a signature", std::to_string(seconds), "", false},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    auto request = post(body);
    request.headers.add("X-Time", c.time);
    if (!c.signature.empty()) request.headers.add("X-Sig", c.signature);
    const auto read = read_hook(hook, request, "", now, {});
    CHECK(read.has_value() == c.is_taken);
    if (!read) CHECK(read.error().kind == ErrorKind::denied);
  }
}

TEST_CASE("what cannot be used is named, and the rest is taken") {
  const auto hook = hook_of(open_html);
  const auto nobody =
      taken(hook, post("name=Anna", form),
            {"it tells neither a user nor an address: it is kept in the log alone"});
  CHECK_FALSE(nobody.who.address);
  const auto wrong = taken(hook, post("email=not+an+address&tel=1&name=Anna", form),
                           {"the trait email is not an e-mail address",
                            "it tells neither a user nor an address: it is kept in the log alone"});
  CHECK(wrong.event.change.attributes.size() == 2);
  const std::string deep =
      R"({"email":"a@e.org","x":)" + std::string(40, '[') + std::string(40, ']') + "}";
  CHECK(properties_of(taken(hook, post(deep), {"what it says is nested more than 16 deep"})) ==
        "{}");
}

TEST_CASE("a body that cannot be read is refused") {
  const auto hook = hook_of(open_html);
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "a=1&";
  const std::pair<http::Request, ErrorKind> cases[] = {
      {post("{", "application/json"), ErrorKind::invalid},
      {post("", "application/json"), ErrorKind::invalid},
      {post("{\"a\":1} x"), ErrorKind::invalid},
      {post("--b", "multipart/form-data; boundary=b"), ErrorKind::invalid},
      {post("x", "multipart/form-data"), ErrorKind::invalid},
      {post(many, form), ErrorKind::too_large},
      {post(std::string(hook_body_bytes_max + 1, 'a'), form), ErrorKind::too_large},
  };
  for (const auto& [request, kind] : cases) {
    const auto read = read_hook(hook, request, "", now, {});
    REQUIRE_FALSE(read);
    CHECK(read.error().kind == kind);
  }
}

TEST_CASE("a repeat on the same day is a repeat, and the next day's is news") {
  const auto hook = hook_of(open_html);
  const auto id_at = [&](Instant at, const std::string& body) {
    return read_hook(hook, post(body, form), "", at, {})->input->message_id;
  };
  CHECK(id_at(now, "email=a@e.org") == id_at(now + std::chrono::hours{1}, "email=a@e.org"));
  CHECK(id_at(now, "email=a@e.org") != id_at(now, "email=b@e.org"));
  CHECK(id_at(now, "email=a@e.org") != id_at(now + std::chrono::hours{24}, "email=a@e.org"));
}

// Real HTTP on loopback; only the engine behind the inbox is a double.
#include "daemon/routes.h"

#include <deque>
#include <mutex>

#include "base/encoding.h"
#include "http/content_coding.h"
#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/http/loopback.h"

using namespace nurtured;
using namespace nurtured::daemon;
using namespace nurtured::test;
using base::ErrorKind;

namespace {

// Keeps what comes and answers each submission as it is told, at once and on the caller's thread.
class FakeInbox final : public Inbox {
 public:
  bool submit(std::vector<EngineInput> inputs, Done done) override {
    const std::lock_guard lock(mutex_);
    if (full_) return false;
    taken_.insert(taken_.end(), inputs.begin(), inputs.end());
    http::ReplyBatch replies;
    done(outcome_, replies);
    return true;
  }

  void set_full(bool full) {
    const std::lock_guard lock(mutex_);
    full_ = full;
  }
  void set_outcome(base::Result<void> outcome) {
    const std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
  }
  std::vector<EngineInput> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(taken_, {});
  }

 private:
  std::mutex mutex_;
  bool full_ = false;
  base::Result<void> outcome_;
  std::vector<EngineInput> taken_;
};

RouteSettings settings_with(const std::vector<std::string>& keys) {
  std::vector<config::Secret> secrets;
  for (const auto& key : keys) secrets.emplace_back(key);
  return {
      .write_keys = WriteKeys(secrets),
      .links = LinkSigner({config::Secret("sign")}),
      .typed = {},
      .public_url = "https://t.example.org",
      .brand = "Anna's school",
      .consent = {},
      .channels = {"email", "telegram"},
      .topics = {"webinars"},
      .may_send =
          [](const rules::Snapshot& known, const std::string& channel) {
            return known.contact.consents.contains(channel);
          },
      .find_contact = [](rules::ContactId contact) -> base::Result<std::optional<rules::Snapshot>> {
        if (contact.value != 7) return std::optional<rules::Snapshot>();
        rules::Snapshot known;
        known.contact.id = contact;
        known.contact.addresses = {{"email", "anna@example.org"}};
        known.contact.consents["email"] = {.given = true};
        return std::optional(known);
      }};
}

// The daemon's outside: a server, its routes and one client.
struct Outside {
  explicit Outside(const std::vector<std::string>& keys = {"wk"}, RouteSet served = RouteSet::all)
      : settings(std::make_shared<const RouteSettings>(settings_with(keys))),
        routes(
            inbox, metrics, clock, [this] { return ready; }, settings),
        server(options(),
               [this, served](http::Request&& request, http::Reply reply) {
                 routes.handle(std::move(request), std::move(reply), served);
               }),
        client(server.port()) {}

  static http::ServerOptions options() {
    http::ServerOptions out;
    out.body_bytes_max_for = route_body_bytes_max;
    out.refusal = server_refusal;
    return out;
  }

  // `headers` each with its line end.
  std::string ask(const std::string& method, const std::string& target, std::string_view body = "",
                  const std::string& headers = "") {
    std::string request = method + " " + target + " HTTP/1.1\r\nHost: t.example.org\r\n" + headers;
    if (headers.find("chunked") == std::string::npos) {
      request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    }
    client.send(request + "\r\n" + std::string(body));
    return client.read_response(method != "HEAD");
  }
  std::string post(const std::string& target, std::string_view body,
                   const std::string& headers = "") {
    return ask("POST", target, body, headers);
  }
  std::string unsubscribe_path() const {
    const LinkClaim claim{.contact = {7}, .channel = "email", .delivery = "7.1.0.0.email"};
    return "/u/" + settings->links.sign(LinkPurpose::unsubscribe, claim);
  }

  FakeInbox inbox;
  Metrics metrics;
  base::VirtualClock clock{base::from_millis(1'772'366'400'000)};  // 2026-03-01T12:00:00Z
  base::Result<void> ready;
  std::shared_ptr<const RouteSettings> settings;
  Routes routes;
  ServerThread server;
  RawClient client;
};

std::string basic(std::string_view pair) {
  return "Authorization: Basic " + base::to_base64(pair) + "\r\n";
}

bool has_header(const std::string& response, std::string_view line) {
  return response.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
}

std::string event_name_of(const EngineInput& input) {
  return std::get<EventInput>(input).event.name;
}

constexpr const char* track = R"({"userId":"u1","event":"x","writeKey":"wk"})";
constexpr const char* success = "{\"success\":true}";

}  // namespace

TEST_CASE("every path of the SDKs takes events, with and without a slash at the end") {
  Outside outside;
  const std::string message = R"("userId":"u1","previousId":"a","groupId":"g","event":"x")";
  const std::vector<std::pair<std::string, std::string>> paths = {
      {"track", "x"},
      {"t", "x"},
      {"identify", "contact.identified"},
      {"i", "contact.identified"},
      {"page", "page.viewed"},
      {"p", "page.viewed"},
      {"screen", "screen.viewed"},
      {"s", "screen.viewed"},
      {"group", "group.joined"},
      {"g", "group.joined"},
      {"alias", "contact.aliased"},
      {"a", "contact.aliased"},
      {"batch", "x"},
      {"b", "x"},
      {"import", "x"},
  };
  for (const auto& [path, name] : paths) {
    for (const std::string slash : {"", "/"}) {
      INFO(path + slash);
      const bool is_batch = ingest_type(path) == IngestType::batch;
      const std::string response = outside.post(
          "/v1/" + path + slash,
          is_batch ? R"({"batch":[{"type":"track",)" + message + "}]}" : "{" + message + "}",
          basic("wk:"));
      CHECK(status_of(response) == 200);
      CHECK(body_of(response) == success);
      CHECK(has_header(response, "Content-Type: application/json"));
      CHECK(has_header(response, "Access-Control-Allow-Origin: *"));
      const auto taken = outside.inbox.take();
      REQUIRE(taken.size() == 1);
      CHECK(event_name_of(taken[0]) == name);
    }
  }
}

TEST_CASE("bodies come as SDKs send them") {
  Outside outside;
  SECTION("text/plain") {
    CHECK(status_of(outside.post("/v1/t", track, "Content-Type: text/plain\r\n")) == 200);
  }
  SECTION("gzip") {
    CHECK(status_of(outside.post("/v1/t", http::gzip(track), "Content-Encoding: gzip\r\n")) == 200);
  }
  SECTION("gzip and chunked, as Kotlin's always does") {
    const std::string zipped = http::gzip(track);
    std::string size = base::to_hex(std::string(1, static_cast<char>(zipped.size())));
    const std::string chunked = size + "\r\n" + zipped + "\r\n0\r\n\r\n";
    CHECK(status_of(outside.post("/v1/t", chunked,
                                 "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n"
                                 "Transfer-Encoding: chunked\r\n")) == 200);
  }
  CHECK(outside.inbox.take().size() == 1);
}

TEST_CASE("a write key opens, in every place where SDKs put it") {
  Outside outside({"first", "second"});
  const std::string bare = R"({"userId":"u1","event":"x"})";
  const auto [headers, body, status] = GENERATE_COPY(table<std::string, std::string, int>({
      {basic("first:"), bare, 200},
      {basic("second:"), bare, 200},
      {basic("second"), bare, 200},
      {basic("first:password"), bare, 200},
      {"authorization: bAsIc " + base::to_base64("first:") + "\r\n", bare, 200},
      {"", R"({"userId":"u1","event":"x","writeKey":"first"})", 200},
      {"Authorization: Bearer oauth\r\n", R"({"userId":"u1","event":"x","writeKey":"first"})", 200},
      {basic(":"), R"({"userId":"u1","event":"x","writeKey":"first"})", 200},
      {"", bare, 401},
      {basic("third:"), bare, 401},
      {basic("firs:"), bare, 401},
      {basic("firstt:"), bare, 401},
      {basic("First:"), bare, 401},
      {basic(std::string("first\0:", 7)), bare, 401},
      {"Authorization: Basic !!!\r\n", bare, 401},
      {"Authorization: Basic\r\n", bare, 401},
      {"Authorization: first\r\n", bare, 401},
      {"", R"({"userId":"u1","event":"x","writeKey":["first"]})", 401},
      {"", R"({"userId":"u1","event":"x","writeKey":""})", 401},
  }));
  INFO(headers + body);
  const std::string response = outside.post("/v1/track", body, headers);
  CHECK(status_of(response) == status);
  CHECK(has_header(response, "Access-Control-Allow-Origin: *"));
  CHECK(outside.inbox.take().size() == (status == 200 ? 1 : 0));
}

TEST_CASE("without keys in the settings whoever reaches the listener may write") {
  Outside outside(std::vector<std::string>{});
  CHECK(status_of(outside.post("/v1/track", R"({"userId":"u1","event":"x"})")) == 200);
}

TEST_CASE("only what is on disk is called a success") {
  Outside outside;
  SECTION("the inbox is full") {
    outside.inbox.set_full(true);
    const std::string response = outside.post("/v1/t", track);
    CHECK(status_of(response) == 429);
    CHECK(has_header(response, "Retry-After: 1"));
    CHECK(has_header(response, "Access-Control-Allow-Origin: *"));
  }
  SECTION("the disk refuses") {
    outside.inbox.set_outcome(base::fail(ErrorKind::disk, "database or disk is full"));
    const std::string response = outside.post("/v1/t", track);
    CHECK(status_of(response) == 503);
    CHECK(has_header(response, "Retry-After: 5"));
    CHECK(response.find("database") == std::string::npos);
  }
  SECTION("the daemon stops") {
    outside.inbox.set_outcome(base::fail(ErrorKind::unavailable, "stopping"));
    CHECK(status_of(outside.post("/v1/t", track)) == 503);
  }
  SECTION("we are at fault") {
    outside.inbox.set_outcome(base::fail(ErrorKind::internal, "secret"));
    const std::string response = outside.post("/v1/t", track);
    CHECK(status_of(response) == 500);
    CHECK(response.find("secret") == std::string::npos);
  }
}

TEST_CASE("a bad message is recorded and answered like a good one") {
  Outside outside;
  CHECK(status_of(outside.post("/v1/t", R"({"event":"x"})", basic("wk:"))) == 200);
  const auto taken = outside.inbox.take();
  REQUIRE(taken.size() == 1);
  CHECK(event_name_of(taken[0]) == "ingest.rejected");
  CHECK(std::get<EventInput>(taken[0]).who.user_id.empty());
  CHECK(body_of(outside.post("/v1/b", R"({"batch":[]})", basic("wk:"))) == success);
  CHECK(outside.inbox.take().empty());
}

TEST_CASE("hostile bodies are refused and nothing is taken") {
  Outside outside;
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "{\"a\":";
  std::string many = R"({"batch":[0)";
  for (int i = 0; i < 2500; ++i) many += ",0";
  const auto [path, body, status] = GENERATE_COPY(table<std::string, std::string, int>({
      {"/v1/t", "", 400},
      {"/v1/t", "{", 400},
      {"/v1/t", "null", 400},
      {"/v1/t", "[1,2]", 400},
      {"/v1/t", "\"text\"", 400},
      {"/v1/t", "{}}", 400},
      {"/v1/t", "{\"a\":1,}", 400},
      {"/v1/t", std::string("{\"a\":\"\0\"}", 9), 400},
      {"/v1/t", "{\"a\":\"\xc3\x28\"}", 400},
      {"/v1/t", R"({"a":1e})", 400},
      {"/v1/t", "\xff\xfe{\0}\0", 400},
      {"/v1/t", "<?xml version=\"1.0\"?><a/>", 400},
      {"/v1/t", "event=x&userId=u", 400},
      {"/v1/t", deep, 400},
      {"/v1/b", "{}", 400},
      {"/v1/b", R"({"batch":"x"})", 400},
      {"/v1/b", many + "]}", 413},
      {"/v1/t", "{}" + std::string(512'000, ' '), 413},
      {"/v1/events", "[]", 415},
  }));
  INFO(path << " " << body.substr(0, 60));
  const std::string response = outside.post(path, body, basic("wk:"));
  CHECK(status_of(response) == status);
  CHECK(outside.inbox.take().empty());
}

TEST_CASE("a gzip bomb is cut off") {
  Outside outside;
  const std::string bomb = http::gzip(std::string(50'000'000, ' '));
  REQUIRE(bomb.size() < 500'000);
  CHECK(status_of(outside.post("/v1/b", bomb, "Content-Encoding: gzip\r\n")) == 413);
}

TEST_CASE("every refusal of a Segment call is JSON that a page's script may read") {
  Outside outside;
  struct Case {
    std::string method;
    std::string path;
    std::string headers;
    std::string body;
    int status;
  };
  const auto c = GENERATE(values<Case>({
      {"POST", "/v1/t", "", std::string(600'000, ' '), 413},
      {"POST", "/v1/t", "Transfer-Encoding: chunked\r\n", "FFFFFF\r\n", 413},
      {"POST", "/v1/t", "Content-Encoding: br\r\n", track, 415},
      {"POST", "/v1/t", "Content-Encoding: gzip\r\n", track, 400},
      {"POST", "/v1/t", "", "{", 400},
      {"POST", "/v1/t", "", "{}", 401},
      {"GET", "/v1/t", "", "", 405},
      {"POST", "/v1/projects/wk/settings", "", "", 405},
      {"GET", "/v1/projects/none/settings", "", "", 404},
      {"POST", "/v1/t", "X: " + std::string(20'000, 'x') + "\r\n", "", 431},
  }));
  INFO(c.method << " " << c.path << " " << c.status);
  const std::string response = outside.ask(c.method, c.path, c.body, c.headers);
  CHECK(status_of(response) == c.status);
  CHECK(has_header(response, "Access-Control-Allow-Origin: *"));
  CHECK(has_header(response, "Content-Type: application/json"));
  const auto body = cel::from_json(body_of(response));
  REQUIRE(body);
  CHECK_FALSE(body->find("success")->as_bool());
}

TEST_CASE("browsers are told what they may send") {
  Outside outside;
  const std::string response =
      outside.ask("OPTIONS", "/v1/t", "",
                  "Origin: https://shop.example\r\nAccess-Control-Request-Method: POST\r\n"
                  "Access-Control-Request-Headers: authorization,content-type,x-retry-count\r\n");
  CHECK(status_of(response) == 204);
  CHECK(has_header(response, "Access-Control-Allow-Origin: *"));
  CHECK(has_header(response,
                   "Access-Control-Allow-Headers: authorization, content-type, x-retry-count"));
  CHECK(response.find("Access-Control-Allow-Methods: GET, POST, OPTIONS\r\n") != std::string::npos);
}

TEST_CASE("SDKs get the settings that send them back to us") {
  Outside outside({"a b"});
  for (const std::string prefix : {"/v1/projects/", "/projects/"}) {
    const std::string response = outside.ask("GET", prefix + "a%20b/settings");
    CHECK(status_of(response) == 200);
    CHECK(has_header(response, "Access-Control-Allow-Origin: *"));
    const auto document = cel::from_json(body_of(response));
    REQUIRE(document);
    const auto* segment = document->find("integrations")->find("Segment.io");
    CHECK(segment->find("apiKey")->as_string() == "a b");
    CHECK(segment->find("apiHost")->as_string() == "t.example.org/v1");
    CHECK(segment->find("protocol")->as_string() == "https");
    for (const std::string key : {"x", "%", "%ff", "", "a%20b/x"}) {
      CHECK(status_of(outside.ask("GET", prefix + key + "/settings")) == 404);
    }
    CHECK(status_of(outside.post(prefix + "a%20b/settings", "")) == 405);
  }
}

TEST_CASE("CloudEvents come with a token in any of three places") {
  Outside outside;
  const std::string event =
      R"({"specversion":"1.0","id":"1","source":"/s","type":"order.paid","subject":"u1"})";
  const std::string type = "Content-Type: application/cloudevents+json\r\n";
  const auto [target, headers, status] = GENERATE_COPY(table<std::string, std::string, int>({
      {"/v1/events", "Authorization: Bearer wk\r\n", 200},
      {"/v1/events", basic("wk:"), 200},
      {"/v1/events?access_token=wk", "", 200},
      {"/v1/events/?access_token=wk", "", 200},
      {"/v1/events", "", 401},
      {"/v1/events?access_token=", "", 401},
      {"/v1/events?access_token=w", "", 401},
      {"/v1/events", "Authorization: Bearer x\r\n", 401},
      {"/v1/events", "Authorization: Bearer \r\n", 401},
  }));
  INFO(target << " " << headers);
  CHECK(status_of(outside.post(target, event, type + headers)) == status);
  const auto taken = outside.inbox.take();
  CHECK(taken.size() == (status == 200 ? 1 : 0));
}

TEST_CASE("a sender of CloudEvents may ask before it sends") {
  Outside outside;
  const std::string response = outside.ask(
      "OPTIONS", "/v1/events", "",
      "WebHook-Request-Origin: eventemitter.example.com\r\nWebHook-Request-Rate: 120\r\n");
  CHECK(status_of(response) == 200);
  CHECK(has_header(response, "WebHook-Allowed-Origin: *"));
  CHECK(has_header(response, "WebHook-Allowed-Rate: *"));
  CHECK(outside.ask("OPTIONS", "/v1/events").find("WebHook") == std::string::npos);
}

TEST_CASE("an unsubscribe link asks on GET and acts on POST") {
  Outside outside;
  const std::string path = outside.unsubscribe_path();
  for (const std::string method : {"GET", "HEAD"}) {
    CHECK(status_of(outside.ask(method, path)) == 200);
    CHECK(outside.inbox.take().empty());
  }
  CHECK(outside.ask("GET", path).find("<form method=\"post\">") != std::string::npos);
  const auto [headers, body] = GENERATE(table<std::string, std::string>({
      {"Content-Type: application/x-www-form-urlencoded\r\n", "List-Unsubscribe=One-Click"},
      {"Content-Type: multipart/form-data; boundary=b\r\n",
       "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n"
       "--b--\r\n"},
      {"", ""},
  }));
  // Twice: a repeat is no error.
  for (int i = 0; i < 2; ++i) {
    const std::string response = outside.post(path, body, headers);
    CHECK(status_of(response) == 200);
    CHECK(response.find("Location:") == std::string::npos);
    const auto taken = outside.inbox.take();
    REQUIRE(taken.size() == 1);
    const auto& input = std::get<ContactInput>(taken[0]);
    CHECK(input.contact.value == 7);
    const auto& suppress = std::get<rules::Suppress>(input.input);
    CHECK(suppress.scope == rules::SuppressionScope::marketing);
    CHECK(suppress.reason == "unsubscribed");
    CHECK(suppress.channel == "email");
    CHECK_FALSE(suppress.address);
  }
}

TEST_CASE("the page speaks the reader's language") {
  Outside outside;
  const std::string path = outside.unsubscribe_path();
  CHECK(outside.ask("GET", path, "", "Accept-Language: ru\r\n").find("Отписаться") !=
        std::string::npos);
  const LinkClaim chinese{.contact = {7}, .channel = "email", .locale = "zh-CN"};
  const std::string token = outside.settings->links.sign(LinkPurpose::unsubscribe, chinese);
  CHECK(outside.ask("GET", "/u/" + token, "", "Accept-Language: ru\r\n").find("退订") !=
        std::string::npos);
}

TEST_CASE("a link that is not ours shows a page and does nothing") {
  Outside outside;
  const std::string good = outside.unsubscribe_path();
  const auto path = GENERATE_COPY(values<std::string>(
      {"/u/x", "/u/%00", "/u/%", "/u//", "/u/..", good + "x", good.substr(0, good.size() - 1),
       good + "/more", "/u/" + std::string(5'000, 'A')}));
  for (const std::string method : {"GET", "POST"}) {
    const std::string response = outside.ask(method, path);
    CHECK(status_of(response) == 404);
    CHECK(has_header(response, "Content-Type: text/html; charset=utf-8"));
  }
  CHECK(outside.inbox.take().empty());
}

TEST_CASE("an unsubscribe that could not be written is not called done") {
  Outside outside;
  outside.inbox.set_full(true);
  CHECK(status_of(outside.post(outside.unsubscribe_path(), "")) == 503);
  outside.inbox.set_full(false);
  outside.inbox.set_outcome(base::fail(ErrorKind::disk, "full"));
  CHECK(status_of(outside.post(outside.unsubscribe_path(), "")) == 503);
}

TEST_CASE("a confirmation shows what is agreed to, and only a POST agrees") {
  Outside outside;
  const LinkClaim claim{.contact = {7}, .channel = "email", .delivery = "7.1.0.0.email"};
  const std::string path = "/d/" + outside.settings->links.sign(LinkPurpose::confirm, claim);
  for (const std::string method : {"GET", "HEAD"}) {
    CHECK(status_of(outside.ask(method, path)) == 200);
    CHECK(outside.inbox.take().empty());
  }
  const std::string wording =
      "I agree to receive messages with news and offers from Anna&#39;s school.";
  CHECK(outside.ask("GET", path).find(wording) != std::string::npos);
  CHECK(status_of(outside.post(path, "")) == 200);
  const auto taken = outside.inbox.take();
  REQUIRE(taken.size() == 1);
  const auto& choice = std::get<rules::Choice>(std::get<ContactInput>(taken[0]).input);
  CHECK(choice.source == "double-opt-in");
  CHECK(choice.delivery == "7.1.0.0.email");
  CHECK(choice.channels == std::vector<std::pair<std::string, bool>>{{"email", true}});
  CHECK(choice.wording == "I agree to receive messages with news and offers from Anna's school.");
  CHECK(choice.from == "127.0.0.1");
}

TEST_CASE("the preference page shows how things stand, and a POST changes them") {
  Outside outside;
  const LinkClaim claim{.contact = {7}, .channel = "email", .delivery = "7.1.0.0.email"};
  const std::string path = "/p/" + outside.settings->links.sign(LinkPurpose::preferences, claim);
  const std::string page = outside.ask("GET", path);
  CHECK(page.find("value=\"email\" checked> E-mail (a…@example.org)") != std::string::npos);
  CHECK(page.find("value=\"webinars\" checked> webinars") != std::string::npos);
  CHECK(page.find("telegram") == std::string::npos);
  CHECK(outside.inbox.take().empty());
  using Choices = std::vector<std::pair<std::string, bool>>;
  struct Case {
    std::string body;
    Choices channels;
    Choices topics;
  };
  const Case cases[] = {
      {"channel=email&topic=webinars", {{"email", true}}, {{"webinars", true}}},
      {"channel=email", {{"email", true}}, {{"webinars", false}}},
      {"", {{"email", false}}, {{"webinars", false}}},
      {"channel=email&topic=webinars&none=1", {{"email", false}}, {}},
      {"channel=telegram&channel=email&topic=other&x=%", {{"email", true}}, {{"webinars", false}}},
  };
  for (const Case& c : cases) {
    INFO(c.body);
    CHECK(outside.post(path, c.body).find("Your choice is saved.") != std::string::npos);
    const auto taken = outside.inbox.take();
    REQUIRE(taken.size() == 1);
    const auto& choice = std::get<rules::Choice>(std::get<ContactInput>(taken[0]).input);
    CHECK(choice.source == "preferences");
    CHECK(choice.channels == c.channels);
    CHECK(choice.topics == c.topics);
  }
}

TEST_CASE("a page is behind its own token alone") {
  Outside outside;
  const LinkClaim claim{.contact = {7}, .channel = "email"};
  const std::pair<std::string, LinkPurpose> pages[] = {{"/u/", LinkPurpose::unsubscribe},
                                                       {"/p/", LinkPurpose::preferences},
                                                       {"/d/", LinkPurpose::confirm}};
  for (const auto& [path, purpose] : pages) {
    for (const auto& [other_path, other] : pages) {
      const std::string target = path + outside.settings->links.sign(other, claim);
      INFO(target);
      CHECK(status_of(outside.post(target, "")) == (purpose == other ? 200 : 404));
    }
  }
  LinkClaim stranger = claim;
  stranger.contact = {8};
  const std::string gone = outside.settings->links.sign(LinkPurpose::preferences, stranger);
  CHECK(status_of(outside.ask("GET", "/p/" + gone)) == 404);
}

TEST_CASE(
    "a visit is recorded with what gives its visitor away, and led on even when it cannot be") {
  Outside outside;
  const VisitClaim claim{
      .delivery = "7.1.0.0.email", .link = "a", .url = "https://example.org/?x=1#y"};
  const std::string click = "/c/" + *outside.settings->links.sign(LinkPurpose::click, claim);
  const std::string open = "/o/" + *outside.settings->links.sign(
                                       LinkPurpose::open, VisitClaim{.delivery = "7.1.0.0.email"});
  const std::string person =
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0\r\n";
  const auto visit = [&](const std::string& path, const std::string& headers) {
    INFO(path);
    const std::string response = outside.ask("GET", path, "", headers);
    const bool is_click = path == click;
    CHECK(status_of(response) == (is_click ? 302 : 200));
    CHECK(has_header(
        response, is_click ? "Location: https://example.org/?x=1#y" : "Content-Type: image/gif"));
    const auto taken = outside.inbox.take();
    REQUIRE(taken.size() == 1);
    const auto& input = std::get<ContactInput>(taken[0]);
    CHECK(input.contact.value == 7);
    return std::get<rules::Visit>(input.input);
  };
  CHECK(visit(click, person).machine.empty());
  CHECK(visit(open, person).machine.empty());
  CHECK(visit(click, "User-Agent: curl/8\r\n").machine == "a program's user agent");
  CHECK(visit(open, "User-Agent: Mozilla/5.0\r\n").machine == "a privacy proxy");
  CHECK(visit(click, person + "Sec-Purpose: prefetch\r\n").machine == "a prefetch");
  CHECK(visit(click, person).link == "a");

  CHECK(status_of(outside.ask("HEAD", click, "", person)) == 302);
  CHECK(outside.inbox.take().empty());
  CHECK(status_of(outside.post(click, "")) == 405);
  outside.inbox.set_outcome(base::fail(ErrorKind::disk, "full"));
  CHECK(status_of(outside.ask("GET", click, "", person)) == 302);
  outside.inbox.set_full(true);
  CHECK(status_of(outside.ask("GET", click, "", person)) == 302);
}

TEST_CASE("health, readiness and figures") {
  Outside outside;
  CHECK(body_of(outside.ask("GET", "/healthz")) == "ok\n");
  CHECK(status_of(outside.ask("GET", "/readyz")) == 200);
  outside.server.on_thread([&] { outside.ready = base::fail("the store is being opened"); });
  const std::string waiting = outside.ask("GET", "/readyz/");
  CHECK(status_of(waiting) == 503);
  CHECK(body_of(waiting) == "the store is being opened\n");
  outside.post("/v1/t", track);
  outside.post("/v1/t", "{");
  outside.post("/v1/t", "{}");
  const std::string figures = outside.ask("GET", "/metrics");
  CHECK(has_header(figures, "Content-Type: text/plain; version=0.0.4; charset=utf-8"));
  for (const char* line :
       {"nurtured_ingest_requests_total{result=\"taken\"} 1\n",
        "nurtured_ingest_requests_total{result=\"unreadable\"} 1\n",
        "nurtured_ingest_requests_total{result=\"denied\"} 1\n",
        "nurtured_ingest_messages_total 1\n", "nurtured_ingest_seconds_count 1\n"}) {
    INFO(line);
    CHECK(figures.find(line) != std::string::npos);
  }
  CHECK(figures.find("wk") == std::string::npos);
}

TEST_CASE("other paths and methods are refused in JSON") {
  Outside outside;
  const auto [method, target, status] = GENERATE(table<std::string, std::string, int>({
      {"GET", "/", 404},
      {"GET", "/v1", 404},
      {"GET", "/v1/", 404},
      {"POST", "/v1/x", 404},
      {"POST", "/v2/track", 404},
      {"POST", "/v1/track//", 404},
      {"POST", "/v1/%74rack", 404},
      {"POST", "/V1/track", 404},
      {"POST", "/u", 404},
      {"GET", "/v1/projects/settings", 404},
      {"GET", "/v1/track", 405},
      {"PUT", "/v1/events", 405},
      {"POST", "/metrics", 405},
      {"DELETE", "/healthz", 405},
  }));
  INFO(method << " " << target);
  const std::string response = outside.ask(method, target);
  CHECK(status_of(response) == status);
  CHECK((response.find("\r\nAllow: ") != std::string::npos) == (status == 405));
  const auto body = cel::from_json(body_of(response));
  REQUIRE(body);
  CHECK_FALSE(body->find("success")->as_bool());
  CHECK(status_of(outside.ask("DELETE", outside.unsubscribe_path())) == 405);
}

TEST_CASE("a listener may serve one half alone") {
  {
    Outside outside({"wk"}, RouteSet::public_only);
    CHECK(status_of(outside.ask("GET", "/metrics")) == 404);
    CHECK(status_of(outside.post("/v1/t", track)) == 200);
  }
  Outside inside({"wk"}, RouteSet::operations_only);
  CHECK(status_of(inside.ask("GET", "/metrics")) == 200);
  CHECK(status_of(inside.post("/v1/t", track)) == 404);
  CHECK(status_of(inside.post(inside.unsubscribe_path(), "")) == 404);
}

TEST_CASE("new settings count from the next request on") {
  Outside outside;
  CHECK(status_of(outside.post("/v1/t", track)) == 200);
  auto changed = std::make_shared<const RouteSettings>(settings_with({"other"}));
  outside.server.on_thread([&] { outside.routes.set(changed); });
  CHECK(status_of(outside.post("/v1/t", track)) == 401);
}

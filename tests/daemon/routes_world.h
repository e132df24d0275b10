// Real HTTP on loopback; only the engine behind the inbox is a double.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "daemon/routes.h"
#include "tests/http/loopback.h"

namespace nurtured::daemon::testing {

using namespace nurtured::test;

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

inline const rules::Zone& utc() {
  static const rules::Zone zone;
  return zone;
}

// A messenger whose requests prove themselves by one header.
inline base::Result<connectors::WebhookRead> read_webhook(
    const connectors::WebhookRequest& request) {
  if (request.headers.find("X-Proof") != "good") return base::fail(base::ErrorKind::denied, "no");
  if (request.body != "{}") return base::fail(base::ErrorKind::invalid, "no JSON");
  return connectors::WebhookRead{.updates = {{.id = "1", .chat = "4711"}},
                                 .answer = "{\"method\":\"m\"}"};
}

inline RouteSettings settings_with(const std::vector<std::string>& keys) {
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
      .hooks = {},
      .chats = {{"bot", {.read_webhook = read_webhook, .start_link = {}}}},
      .inputs_of_chat =
          [](const std::string&, const std::vector<connectors::ChatUpdate>& updates, Instant now) {
            std::vector<EngineInput> inputs;
            for (const auto& update : updates) {
              inputs.emplace_back(EventInput{.who = {.user_id = update.chat},
                                             .event = {.name = "chat.started",
                                                       .properties = cel::Map{},
                                                       .occurred_at = now,
                                                       .received_at = now,
                                                       .change = {}}});
            }
            return inputs;
          },
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
        // Unsubscribed an hour into 2026.
        known.contact.consents["vk"] = {.at = base::Instant{std::chrono::hours{490897}},
                                        .source = std::string(rules::unsubscribed)};
        return std::optional(known);
      },
      .find_delivery = [](const std::string& key) -> base::Result<std::optional<rules::Delivery>> {
        if (key.empty()) return std::optional<rules::Delivery>();
        const auto at = std::chrono::hours{key == "late" ? 490898 : 490896};
        return std::optional(rules::Delivery{.key = key, .at = base::Instant{at}});
      },
      .timeline = [](rules::ContactId) -> base::Result<std::vector<store::TimelineEntry>> {
        const rules::Event said{.name = "message.replied",
                                .properties = cel::Map{{"text", "Is it <b>free</b>?"}},
                                .occurred_at = {},
                                .received_at = {},
                                .change = {}};
        return std::vector<store::TimelineEntry>{{.at = {}, .what = said}};
      },
      .zone = &utc()};
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

inline std::string basic(std::string_view pair) {
  return "Authorization: Basic " + base::to_base64(pair) + "\r\n";
}

inline bool has_header(const std::string& response, std::string_view line) {
  return response.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
}

inline std::string event_name_of(const EngineInput& input) {
  return std::get<EventInput>(input).event.name;
}

inline constexpr const char* track = R"({"userId":"u1","event":"x","writeKey":"wk"})";
inline constexpr const char* success = "{\"success\":true}";

}  // namespace nurtured::daemon::testing

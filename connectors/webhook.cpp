#include "connectors/webhook.h"

#include <boost/json.hpp>

#include "base/digest.h"
#include "base/encoding.h"
#include "connectors/http_outcome.h"
#include "connectors/options.h"
#include "connectors/outcome_post.h"
#include "http/url.h"

namespace nurtured::connectors {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::string_view secret_prefix = "whsec_";

class WebhookConnector final : public Connector, public Actor {
 public:
  WebhookConnector(WebhookOptions options, const Environment& environment)
      : options_(std::move(options)),
        client_(environment.client),
        clock_(environment.clock),
        post_(environment.io) {}

  const Descriptor& descriptor() const override { return webhook_descriptor(); }
  Limits limits() const override { return options_.limits; }

  Actor* actor() override { return this; }

  void send(OutboundMessage message, Done done) override {
    post(message.delivery_key, webhook_payload(message), std::move(done));
  }

  // There is one action.
  void perform(OutboundCall call, Done done) override {
    post(call.delivery_key, webhook_payload(call), std::move(done));
  }

 private:
  void post(std::string_view delivery_key, std::string body, Done done) {
    client_.send(
        request_for(delivery_key, std::move(body)),
        [this, life = post_.life(), done = std::move(done)](const http::HttpResult& result) {
          if (life.expired()) return;
          done(result ? classify_webhook(*result, clock_.now())
                      : outcome_of_failure(result.error(), webhook_descriptor().honours_key));
        });
  }

  http::HttpRequest request_for(std::string_view delivery_key, std::string body) const {
    http::HttpRequest request;
    request.method = "POST";
    request.url = options_.url.reveal();
    request.body = std::move(body);
    request.total_time_max = options_.total_time_max;
    request.allow_private = options_.allow_private;
    request.repeatable = true;
    // The key is made of names that people chose: as it stands it might not fit a header.
    const std::string key = base::to_hex(base::view(base::sha256(delivery_key)));
    const std::string seconds = std::to_string(base::to_millis(clock_.now()) / 1000);
    request.headers = {{"Content-Type", "application/json"},
                       {"Idempotency-Key", key},
                       {"webhook-id", key},
                       {"webhook-timestamp", seconds}};
    if (!options_.secret.empty()) {
      request.headers.add("webhook-signature",
                          webhook_signature(options_.secret.reveal(), key, seconds, request.body));
    }
    return request;
  }

  WebhookOptions options_;
  http::Client& client_;
  const base::Clock& clock_;
  OutcomePost post_;
};

// What is written may refer to a secret that is not read yet, as when a workspace is checked.
void judge_url(config::Section& section, const config::Secret& url) {
  if (url.empty() || config::refers_to_secret(url.reveal())) return;
  if (const auto parsed = http::parse_url(url.reveal()); !parsed) {
    section.error("url", parsed.error().message, parsed.error().remedy);
  }
}

}  // namespace

std::string webhook_signature(std::string_view secret, std::string_view id,
                              std::string_view seconds, std::string_view body) {
  std::string key(secret);
  if (secret.starts_with(secret_prefix)) {
    if (auto decoded = base::from_base64(secret.substr(secret_prefix.size()))) key = *decoded;
  }
  std::string signed_text;
  signed_text.reserve(id.size() + seconds.size() + body.size() + 2);
  signed_text.append(id).append(".").append(seconds).append(".").append(body);
  return "v1," + base::to_base64(base::view(base::hmac_sha256(key, signed_text)));
}

std::string webhook_payload(const OutboundMessage& message) {
  json::array buttons;
  for (const content::Button& button : message.rendered.buttons) {
    buttons.push_back({{"id", button.id}, {"text", button.text}, {"url", button.url}});
  }
  const json::object payload{
      {"delivery", message.delivery_key},
      {"contact", message.contact},
      {"channel", message.channel},
      {"to", message.to},
      {"kind", std::string_view(to_string(message.kind))},
      {"message", message.message},
      {"playbook", message.playbook},
      {"subject", message.rendered.subject},
      {"text", message.rendered.text},
      {"buttons", std::move(buttons)},
      {"unsubscribe_url", message.unsubscribe_url},
      {"sent_at", base::to_rfc3339(message.sent_at)},
  };
  return json::serialize(payload);
}

std::string webhook_payload(const OutboundCall& call) {
  const json::object payload{
      {"delivery", call.delivery_key},
      {"contact", call.contact},
      {"playbook", call.playbook},
      {"step", call.step},
      {"do", call.action},
      {"with", json::parse(call.arguments)},
      {"sent_at", base::to_rfc3339(call.sent_at)},
  };
  return json::serialize(payload);
}

std::string webhook_output(std::string_view body) {
  if (body.size() > webhook_output_bytes_max) return {};
  boost::system::error_code failed;
  const json::value value = json::parse(body, failed);
  return !failed && value.is_object() ? std::string(body) : std::string();
}

Outcome classify_webhook(const http::HttpResponse& response, base::Instant now) {
  const int status = response.status;
  if (status >= 200 && status < 300) return Delivered{.output = webhook_output(response.body)};
  const std::string code = std::to_string(status);
  const std::string reason = "HTTP " + code;
  switch (status) {
    case 408:
    case 409:  // a first copy of this message may still be in work there
    case 425:
      return Deferred{retry_after_of(response, now), reason, Scope::message};
    case 429:
      return Deferred{retry_after_of(response, now), reason, Scope::connector};
    case 401:
    case 403:
    case 404:
    case 405:
    case 410:
      return Rejected{reason, code, Blame::configuration};
    default:
      break;
  }
  if (status >= 500) return Deferred{retry_after_of(response, now), reason, Scope::connector};
  if (status < 400) {
    return Rejected{reason + ": redirects are not followed", code, Blame::configuration};
  }
  return Rejected{reason, code, Blame::content};
}

const Descriptor& webhook_descriptor() {
  static const Descriptor descriptor{
      .type = "webhook",
      .title = "JSON to a URL",
      .format = content::Format::plain,
      .has_subject = false,
      .honours_key = true,
      .limits = {.rate = 0, .concurrency = 32},
      .options =
          {
              {"url", OptionType::secret, true, "", "where each message is POSTed", {}},
              {"secret",
               OptionType::secret,
               false,
               "",
               "signs each request (Standard Webhooks)",
               {}},
              {"allow_private",
               OptionType::boolean,
               false,
               "false",
               "the URL may be inside the network",
               {}},
              {"timeout", OptionType::period, false, "30s", "longest wait for an answer", {}},
          },
      .actions = {{.name = "post",
                   .description =
                       "POSTs what `with` gives, and keeps the JSON object that comes back",
                   .takes_others = true,
                   .gives_others = true}},
  };
  return descriptor;
}

std::optional<WebhookOptions> read_webhook(config::Section& section) {
  const std::size_t faults = section.problems().errors();
  WebhookOptions options;
  section.require("url", "write https://HOST/PATH");
  options.url = section.secret("url").value_or(config::Secret());
  judge_url(section, options.url);
  options.secret = section.secret("secret").value_or(config::Secret());
  const std::string& secret = options.secret.reveal();
  if (secret.starts_with(secret_prefix) &&
      !base::from_base64(std::string_view(secret).substr(secret_prefix.size()))) {
    section.error("secret", "what follows whsec_ is no base64", "copy the whole secret");
  }
  options.allow_private = section.boolean("allow_private").value_or(options.allow_private);
  options.total_time_max =
      section.period("timeout", {.min = 1s, .max = 5min}).value_or(options.total_time_max);
  options.limits = read_limits(section, webhook_descriptor().limits);
  if (section.problems().errors() != faults) return std::nullopt;
  return options;
}

std::unique_ptr<Connector> make_webhook(WebhookOptions options, const Environment& environment) {
  return std::make_unique<WebhookConnector>(std::move(options), environment);
}

}  // namespace nurtured::connectors

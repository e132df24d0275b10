// Messages, and calls, as JSON to a URL of one's own. Each request is signed as the Standard
// Webhooks specification has it (standardwebhooks.com: webhook-id, webhook-timestamp,
// webhook-signature) and carries the delivery key as Idempotency-Key, so a repeat is known as one
// and an unanswered request is simply sent again.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "connectors/connector.h"
#include "connectors/registry.h"
#include "http/client.h"

namespace nurtured::connectors {

struct WebhookOptions {
  config::Secret url;     // http or https; secret because a path may hold a token
  config::Secret secret;  // signs; empty: unsigned. "whsec_" and base64, or any text
  bool allow_private = false;
  std::chrono::milliseconds total_time_max{30'000};
  Limits limits;
};

const Descriptor& webhook_descriptor();
std::optional<WebhookOptions> read_webhook(config::Section& section);
std::unique_ptr<Connector> make_webhook(WebhookOptions options, const Environment& environment);

// "v1," and the base64 of HMAC-SHA256 over "ID.SECONDS.BODY". Pure.
std::string webhook_signature(std::string_view secret, std::string_view id,
                              std::string_view seconds, std::string_view body);
// What the receiver's answer means. Pure.
Outcome classify_webhook(const http::HttpResponse& response, base::Instant now);
// What an answer to a call gave back: a JSON object of at most webhook_output_bytes_max; empty for
// any other body. Pure.
std::string webhook_output(std::string_view body);
// The body of the request. Pure.
std::string webhook_payload(const OutboundMessage& message);
std::string webhook_payload(const OutboundCall& call);

inline constexpr std::size_t webhook_output_bytes_max = 64 << 10;

}  // namespace nurtured::connectors

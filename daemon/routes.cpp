#include "daemon/routes.h"

#include <array>
#include <utility>

#include "base/encoding.h"
#include "daemon/hooks.h"
#include "daemon/routes_impl.h"
#include "http/url.h"
#include "rules/cel/json.h"

namespace nurtured::daemon {
namespace {

// Pages and probes need no body; a one-click POST has some thirty bytes (RFC 8058), more when a
// mail program sends it as multipart/form-data.
constexpr std::size_t small_body_bytes_max = std::size_t{16} << 10;
// An answer in any script, percent-encoded.
constexpr std::size_t answer_body_bytes_max = std::size_t{64} << 10;

// The path without the one trailing slash that is ignored.
std::string_view route_path(const http::Request& request) {
  std::string_view path = request.path();
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

// What stands between `before` and `after` when all three make the path.
std::optional<std::string_view> between(std::string_view path, std::string_view before,
                                        std::string_view after) {
  if (path.size() <= before.size() + after.size() || !path.starts_with(before) ||
      !path.ends_with(after)) {
    return std::nullopt;
  }
  return path.substr(before.size(), path.size() - before.size() - after.size());
}

// "https://t.example.org/x" as the SDKs want it: "t.example.org/x/v1".
std::string api_host(std::string_view public_url) {
  const std::size_t scheme = public_url.find("://");
  if (scheme != std::string_view::npos) public_url.remove_prefix(scheme + 3);
  return std::string(public_url) + "/v1";
}

// Of "Basic QWxh" the part after a scheme of this name.
std::optional<std::string_view> credentials(const http::Headers& headers, std::string_view scheme) {
  const auto header = headers.find("Authorization");
  if (!header || header->size() <= scheme.size() || (*header)[scheme.size()] != ' ' ||
      !http::equal_ignoring_case(header->substr(0, scheme.size()), scheme)) {
    return std::nullopt;
  }
  std::string_view rest = header->substr(scheme.size());
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  return rest;
}

// Why the server itself refuses (http/server.h).
std::string_view refusal_words(int status) {
  switch (status) {
    case 408:
      return "the request did not come in time";
    case 413:
      return "the body is too long";
    case 415:
      return "the content coding is not known here: send gzip, deflate or none";
    case 429:
      return "there are too many connections from this address";
    case 431:
      return "the headers are too long or too many";
    case 503:
      return "there are too many connections";
    default:
      return "the request cannot be read";
  }
}

}  // namespace

// ---- Routes

Routes::Routes(Inbox& inbox, Metrics& metrics, const base::Clock& clock, Ready ready,
               std::shared_ptr<const RouteSettings> settings)
    : impl_(std::make_unique<Impl>(inbox, metrics, clock, std::move(ready), std::move(settings))) {}

Routes::~Routes() = default;

void Routes::set(std::shared_ptr<const RouteSettings> settings) {
  impl_->set(std::move(settings));
}

void Routes::handle(http::Request&& request, http::Reply reply, RouteSet served) {
  impl_->handle(std::move(request), std::move(reply), served);
}

http::Response server_refusal(int status) {
  return for_any_page(refusal_response(status, refusal_words(status)));
}

std::size_t route_body_bytes_max(const http::Request& request) {
  if (request.path().starts_with("/hooks/")) return hook_body_bytes_max;
  if (request.path().starts_with("/h/")) return answer_body_bytes_max;
  return request.path().starts_with("/v1/") ? ingest_body_bytes_max : small_body_bytes_max;
}

// ---- Impl

Routes::Impl::Impl(Inbox& inbox, Metrics& metrics, const base::Clock& clock, Ready ready,
                   std::shared_ptr<const RouteSettings> settings)
    : inbox_(inbox),
      metrics_(metrics),
      clock_(clock),
      ready_(std::move(ready)),
      settings_(std::move(settings)),
      figures_(metrics),
      unsubscribes_(metrics.counter("nurtured_unsubscribe_requests_total",
                                    "Unsubscribes with a valid link, repeats included")),
      clicks_(metrics.counter("nurtured_visits_total",
                              "Links of messages followed and pictures loaded, programs included.",
                              {{"kind", "click"}})),
      opens_(metrics.counter("nurtured_visits_total",
                             "Links of messages followed and pictures loaded, programs included.",
                             {{"kind", "open"}})) {}

void Routes::Impl::handle(http::Request&& request, http::Reply reply, RouteSet served) {
  const std::string_view path = route_path(request);
  if (served != RouteSet::operations_only && outside(request, path, reply)) return;
  if (served != RouteSet::public_only && operations(request, path, reply)) return;
  reply.send(refusal_response(404, "there is nothing at this path"));
}

bool Routes::Impl::outside(const http::Request& request, std::string_view path,
                           http::Reply& reply) {
  using Page = void (Impl::*)(const http::Request&, std::string_view rest, http::Reply);
  static constexpr std::array<std::pair<std::string_view, Page>, 8> pages = {
      {{"/u/", &Impl::unsubscribe},
       {"/p/", &Impl::preferences},
       {"/d/", &Impl::confirm},
       {"/t/", &Impl::touch},
       {"/h/", &Impl::human},
       {"/c/", &Impl::click},
       {"/o/", &Impl::open},
       {"/hooks/", &Impl::hook}}};
  for (const auto& [prefix, page] : pages) {
    if (!path.starts_with(prefix)) continue;
    (this->*page)(request, path.substr(prefix.size()), std::move(reply));
    return true;
  }
  for (const std::string_view prefix : {"/v1/projects/", "/projects/"}) {
    if (const auto key = between(path, prefix, "/settings")) {
      settings_document(request, *key, std::move(reply));
      return true;
    }
  }
  if (!path.starts_with("/v1/")) return false;
  if (path == "/v1/events") {
    cloudevents(request, std::move(reply));
    return true;
  }
  const auto type = ingest_type(path.substr(4));
  if (type) segment(request, *type, std::move(reply));
  return type.has_value();
}

bool Routes::Impl::operations(const http::Request& request, std::string_view path,
                              http::Reply& reply) {
  if (path != "/healthz" && path != "/readyz" && path != "/metrics") return false;
  if (!is_reading(request)) {
    reply.send(method_refused("GET, HEAD"));
  } else if (path == "/metrics") {
    http::Response response;
    response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = metrics_.text();
    reply.send(std::move(response));
  } else if (path == "/healthz") {
    reply.send(http::text_response(200, "ok\n"));
  } else if (const auto ready = ready_(); ready) {
    reply.send(http::text_response(200, "ready\n"));
  } else {
    reply.send(http::text_response(503, ready.error().message + "\n"));
  }
  return true;
}

// The few fields without which Segment's SDKs do not start; the host sends them back to us.
void Routes::Impl::settings_document(const http::Request& request, std::string_view encoded_key,
                                     http::Reply reply) const {
  if (request.method == "OPTIONS") return reply.send(preflight_response());
  if (!is_reading(request)) return reply.send(for_any_page(method_refused("GET, HEAD, OPTIONS")));
  const auto key = http::percent_decode(encoded_key);
  if (!key || !base::is_utf8(*key) || !settings_->write_keys.accept(*key)) {
    return reply.send(for_any_page(refusal_response(404, "there is no such project")));
  }
  const std::string& url = settings_->public_url;
  const cel::Map segment{{"apiKey", *key},
                         {"apiHost", api_host(url)},
                         {"protocol", url.starts_with("https:") ? "https" : "http"}};
  const cel::Map document{{"integrations", cel::Map{{"Segment.io", segment}}},
                          {"plan", cel::Map{{"track", cel::Map{}}}},
                          {"edgeFunction", cel::Map{}}};
  http::Response response = http::json_response(200, cel::to_json(document));
  response.headers.add("Cache-Control", "no-cache");
  reply.send(for_any_page(std::move(response)));
}

// ---- answers

http::Response refusal_response(int status, std::string_view message) {
  return http::json_response(status,
                             "{\"success\":false,\"message\":" + cel::json_quote(message) + "}\n");
}

http::Response method_refused(std::string_view allowed) {
  http::Response response = refusal_response(405, "this method does nothing here");
  response.headers.add("Allow", allowed);
  return response;
}

bool is_reading(const http::Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

http::Response for_any_page(http::Response response) {
  response.headers.add("Access-Control-Allow-Origin", "*");
  return response;
}

http::Response preflight_response() {
  http::Response response = for_any_page({.status = 204});
  response.headers.add("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
  response.headers.add("Access-Control-Allow-Headers",
                       "authorization, content-type, x-retry-count");
  response.headers.add("Access-Control-Max-Age", "86400");
  return response;
}

// ---- who asks

std::optional<std::string> basic_user(const http::Headers& headers) {
  const auto encoded = credentials(headers, "Basic");
  if (!encoded) return std::nullopt;
  auto pair = base::from_base64(*encoded);
  if (!pair) return std::nullopt;
  pair->resize(std::min(pair->find(':'), pair->size()));
  return pair->empty() ? std::nullopt : pair;
}

std::optional<std::string> bearer_token(const http::Headers& headers) {
  const auto token = credentials(headers, "Bearer");
  return token ? std::optional<std::string>(*token) : std::nullopt;
}

}  // namespace nurtured::daemon

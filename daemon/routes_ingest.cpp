// What writes events: Segment's calls and CloudEvents. The answer is given once what was taken is
// on disk.
#include <utility>

#include "daemon/cloudevents.h"
#include "daemon/routes_impl.h"

namespace nurtured::daemon {
namespace {

using base::ErrorKind;

constexpr const char* requests_name = "nurtured_ingest_requests_total";
constexpr const char* requests_help = "Requests that brought events, by how they were answered";
// The engine asks the disk again every second; a caller who waits a little longer finds it decided.
constexpr const char* disk_retry_seconds = "5";

Counter& requests(Metrics& metrics, const char* result) {
  return metrics.counter(requests_name, requests_help, {{"result", result}});
}

http::Response retry_later(int status, std::string_view message, std::string_view seconds) {
  http::Response response = refusal_response(status, message);
  response.headers.add("Retry-After", seconds);
  return response;
}

// PHP's SDK takes nothing but exactly 200, Ruby's reads the body as JSON.
http::Response success_response() {
  return http::json_response(200, "{\"success\":true}");
}

http::Response answer_to(const base::Result<void>& outcome) {
  if (outcome) return success_response();
  if (outcome.error().kind == ErrorKind::disk) {
    return retry_later(503, "the store cannot write at the moment", disk_retry_seconds);
  }
  if (outcome.error().kind == ErrorKind::unavailable) {
    return retry_later(503, "the daemon is stopping", "1");
  }
  return refusal_response(500, "the events could not be written");
}

// `time` in the milliseconds that our clock tells.
double seconds_between(Instant from, Instant to) {
  return std::chrono::duration<double>(to - from).count();
}

// The token of the query, as the webhook specification's section 3.2 has it.
std::optional<std::string> query_token(const http::Request& request) {
  const auto query = request.query();
  if (!query) return std::nullopt;
  const std::string* token = http::find(*query, "access_token");
  return token == nullptr ? std::nullopt : std::optional(*token);
}

bool may_send_cloudevents(const http::Request& request, const WriteKeys& keys) {
  if (keys.open()) return true;
  for (const auto& key :
       {bearer_token(request.headers), basic_user(request.headers), query_token(request)}) {
    if (key && keys.accept(*key)) return true;
  }
  return false;
}

// The webhook specification's section 4: a sender asks before it delivers. Everybody with a key may
// send at any rate, so everybody is told so.
http::Response handshake_response(const http::Request& request) {
  http::Response response{.status = 200};
  response.headers.add("Allow", "POST, OPTIONS");
  if (request.headers.has("WebHook-Request-Origin")) {
    response.headers.add("WebHook-Allowed-Origin", "*");
    response.headers.add("WebHook-Allowed-Rate", "*");
  }
  return response;
}

}  // namespace

IngestFigures::IngestFigures(Metrics& metrics)
    : bytes(metrics.counter("nurtured_ingest_bytes_total", "Bytes of bodies that brought events")),
      messages(metrics.counter("nurtured_ingest_messages_total", "Messages taken from requests")),
      rejected(metrics.counter("nurtured_ingest_rejected_total",
                               "Messages, or parts of them, that were recorded and not taken")),
      unreadable(requests(metrics, "unreadable")),
      denied(requests(metrics, "denied")),
      too_large(requests(metrics, "too_large")),
      full(requests(metrics, "full")),
      taken(requests(metrics, "taken")),
      failed(requests(metrics, "failed")),
      seconds(
          metrics.histogram("nurtured_ingest_seconds",
                            "From a request's arrival to its answer, what it took being on disk",
                            latency_buckets())) {}

void Routes::Impl::segment(const http::Request& request, IngestType type, http::Reply reply) {
  if (request.method == "OPTIONS") return reply.send(preflight_response());
  if (request.method != "POST") return reply.send(for_any_page(method_refused("POST, OPTIONS")));
  figures_.bytes.add(request.body.size());
  const Instant now = clock_.now();
  const IngestRequest ask{.type = type,
                          .body = request.body,
                          .write_key = basic_user(request.headers),
                          .received_at = now};
  auto ingested = ingest(ask, settings_->write_keys, settings_->typed);
  if (!ingested) return reply.send(refusal(ingested.error(), Caller::segment));
  submit(*std::move(ingested), now, Caller::segment, std::move(reply));
}

void Routes::Impl::cloudevents(const http::Request& request, http::Reply reply) {
  if (request.method == "OPTIONS") return reply.send(handshake_response(request));
  if (request.method != "POST") return reply.send(method_refused("POST, OPTIONS"));
  figures_.bytes.add(request.body.size());
  if (!may_send_cloudevents(request, settings_->write_keys)) {
    const base::Error denied{.kind = ErrorKind::denied,
                             .message = "the write key is missing or not accepted"};
    return reply.send(refusal(denied, Caller::cloudevents));
  }
  const Instant now = clock_.now();
  auto ingested = read_cloudevents(request.headers, request.body, now, settings_->typed);
  if (!ingested) return reply.send(refusal(ingested.error(), Caller::cloudevents));
  submit(*std::move(ingested), now, Caller::cloudevents, std::move(reply));
}

http::Response Routes::Impl::refusal(const base::Error& error, Caller caller) const {
  http::Response response;
  switch (error.kind) {
    case ErrorKind::denied:
      figures_.denied.add();
      response = refusal_response(401, error.message);
      response.headers.add("WWW-Authenticate", "Basic realm=\"write key\"");
      break;
    case ErrorKind::too_large:
      figures_.too_large.add();
      response = refusal_response(413, error.message);
      break;
    case ErrorKind::not_found:
      figures_.unreadable.add();
      response = refusal_response(415, error.message + "; " + error.remedy);
      break;
    default:
      figures_.unreadable.add();
      response = refusal_response(400, error.message);
  }
  return caller == Caller::segment ? for_any_page(std::move(response)) : response;
}

void Routes::Impl::submit(Ingested ingested, Instant received_at, Caller caller,
                          http::Reply reply) {
  const auto finish = [caller](http::Response response) {
    return caller == Caller::segment ? for_any_page(std::move(response)) : response;
  };
  std::vector<EngineInput> inputs;
  inputs.reserve(ingested.items.size() + ingested.rejected.size());
  for (auto& item : ingested.items) inputs.emplace_back(std::move(item));
  for (const auto& item : ingested.rejected) inputs.emplace_back(record_of(item, received_at));
  if (inputs.empty()) {
    figures_.taken.add();
    return reply.send(finish(success_response()));
  }
  // std::function wants what can be copied, and the inbox may say no, so the reply is shared.
  auto owed = std::make_shared<http::Reply>(std::move(reply));
  const std::size_t messages = ingested.items.size();
  const std::size_t rejected = ingested.rejected.size();
  Done done = [owed, finish, received_at, messages, rejected, figures = figures_, &clock = clock_](
                  const base::Result<void>& outcome, http::ReplyBatch& replies) {
    replies.add(std::move(*owed), finish(answer_to(outcome)));
    figures.seconds.observe(seconds_between(received_at, clock.now()));
    if (!outcome) return figures.failed.add();
    figures.taken.add();
    figures.messages.add(messages);
    figures.rejected.add(rejected);
  };
  if (inbox_.submit(std::move(inputs), std::move(done))) return;
  figures_.full.add();
  owed->send(finish(retry_later(429, "too much is waiting to be written", "1")));
}

}  // namespace nurtured::daemon

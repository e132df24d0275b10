// The parts of Routes: routes.cpp (which path is whose), routes_ingest.cpp (what writes events) and
// routes_links.cpp (pages behind signed links). Private to them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/pages.h"
#include "daemon/routes.h"

namespace nurtured::daemon {

// Series that are counted on the server's thread and, once the answer is known, on the engine's.
struct IngestFigures {
  explicit IngestFigures(Metrics& metrics);

  Counter& bytes;
  Counter& messages;
  Counter& rejected;
  Counter& unreadable;
  Counter& denied;
  Counter& too_large;
  Counter& full;
  Counter& taken;
  Counter& failed;
  Histogram& seconds;
};

class Routes::Impl {
 public:
  Impl(Inbox& inbox, Metrics& metrics, const base::Clock& clock, Ready ready,
       std::shared_ptr<const RouteSettings> settings);

  void set(std::shared_ptr<const RouteSettings> settings) { settings_ = std::move(settings); }
  void handle(http::Request&& request, http::Reply reply, RouteSet served);

 private:
  // Each false when the path is not its own; then nothing was answered.
  bool operations(const http::Request& request, std::string_view path, http::Reply& reply);
  bool outside(const http::Request& request, std::string_view path, http::Reply& reply);
  void settings_document(const http::Request& request, std::string_view encoded_key,
                         http::Reply reply) const;

  // ---- routes_ingest.cpp ----
  void segment(const http::Request& request, IngestType type, http::Reply reply);
  void cloudevents(const http::Request& request, http::Reply reply);
  enum class Caller { segment, cloudevents };
  http::Response refusal(const base::Error& error, Caller caller) const;
  void submit(Ingested ingested, Instant received_at, Caller caller, http::Reply reply);

  // ---- routes_hooks.cpp ----
  void hook(const http::Request& request, std::string_view path, http::Reply reply);
  void chat(const http::Request& request, const std::string& connector,
            const connectors::ChatSide& side, http::Reply reply);

  // ---- routes_links.cpp ----
  void unsubscribe(const http::Request& request, std::string_view token, http::Reply reply);
  void confirm(const http::Request& request, std::string_view token, http::Reply reply);
  void preferences(const http::Request& request, std::string_view token, http::Reply reply);
  void touch(const http::Request& request, std::string_view token, http::Reply reply);

  // ---- routes_humans.cpp ----
  void human(const http::Request& request, std::string_view token, http::Reply reply);

  // ---- routes_links.cpp ----
  // What a page of this request is made with, but for the language of a claim.
  PageOptions page_for(const http::Request& request) const;
  // The claim and the page's language; nullopt when it was refused, and answered.
  std::optional<LinkClaim> claim_of(const http::Request& request, std::string_view token,
                                    LinkPurpose purpose, PageOptions& page, http::Reply& reply);
  // Answers with `done` once `input` is on disk.
  void act(EngineInput input, http::Reply reply, const PageOptions& page,
           std::function<http::Response()> done);
  void click(const http::Request& request, std::string_view token, http::Reply reply);
  void open(const http::Request& request, std::string_view token, http::Reply reply);
  void visit(const http::Request& request, std::string_view token, rules::VisitKind kind,
             http::Reply reply);

  Inbox& inbox_;
  Metrics& metrics_;
  const base::Clock& clock_;
  Ready ready_;
  std::shared_ptr<const RouteSettings> settings_;
  IngestFigures figures_;
  Counter& unsubscribes_;
  Counter& clicks_;
  Counter& opens_;
};

// ---- answers

// {"success":false,"message":MESSAGE}
http::Response refusal_response(int status, std::string_view message);
// 405 with the methods that would do.
http::Response method_refused(std::string_view allowed);
// GET or HEAD; the server leaves the body of the latter out.
bool is_reading(const http::Request& request);
// What a browser's script may see: answers to requests from any page (Fetch standard, "CORS
// protocol"). Keys are sent as headers, not as cookies, so "*" is enough.
http::Response for_any_page(http::Response response);
http::Response preflight_response();

// ---- who asks

// The user name of HTTP Basic credentials (RFC 7617); also where the colon is missing. nullopt for
// other schemes, for what is not base64, and for an empty name.
std::optional<std::string> basic_user(const http::Headers& headers);
// The token of a Bearer header (RFC 6750 section 2.1).
std::optional<std::string> bearer_token(const http::Headers& headers);

}  // namespace nurtured::daemon

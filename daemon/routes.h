// What the daemon serves to the outside over HTTP: ingest, the links of messages, health and
// metrics. Wires http::Server to the inbox and decides nothing about marketing.
//
//   POST /v1/{track,t,identify,i,page,p,screen,s,group,g,alias,a,batch,b,import}
//        Segment (daemon/ingest.h)
//   GET  /v1/projects/KEY/settings, /projects/KEY/settings
//        the settings that its SDKs ask for
//   POST, OPTIONS /v1/events
//        CloudEvents (daemon/cloudevents.h)
//   POST, OPTIONS /hooks/NAME, /hooks/NAME/KEY
//        forms and other systems (daemon/hooks.h)
//   POST /hooks/CONNECTOR
//        what a messenger tells (connectors/chat.h)
//   GET, POST /u/TOKEN
//        unsubscribe, RFC 8058
//   GET, POST /p/TOKEN, /d/TOKEN
//        preferences, and the confirmation of a double opt-in
//   GET, POST /t/TOKEN
//        a touch that a QR code tells of
//   GET, POST /h/TOKEN
//        a contact that a human answers
//   GET  /c/TOKEN, /o/TOKEN
//        a link of a message, and the picture that tells of its opening
//   GET  /healthz, /readyz, /metrics
//
// One trailing slash is ignored. Writing is answered {"success":true} once it is on disk; 429 with
// Retry-After when the inbox is full, 503 with Retry-After when the store cannot write.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "config/hook.h"
#include "connectors/chat.h"
#include "daemon/inbox.h"
#include "daemon/ingest.h"
#include "daemon/links.h"
#include "daemon/metrics.h"
#include "daemon/write_keys.h"
#include "http/reply.h"
#include "http/request.h"

namespace nurtured::daemon {

// What a reload may change. Immutable once given.
struct RouteSettings {
  WriteKeys write_keys;
  LinkSigner links;
  TypedProperties typed;
  TypedProperties typed_texts;  // of hooks, whose forms have texts alone
  std::string public_url;       // "https://t.example.org", for the SDKs' settings document
  std::string brand;            // shown on pages; may be empty
  std::map<std::string, std::string, std::less<>> consent;  // locale → wording; ours without
  std::vector<std::string> channels;                        // in the workspace's order
  std::vector<std::string> topics;
  // By name; the config that has them is kept.
  std::shared_ptr<const std::map<std::string, config::Hook, std::less<>>> hooks;
  // What connectors offer of chats, by the connector's name, and what their updates mean.
  std::map<std::string, connectors::ChatSide, std::less<>> chats;
  std::function<std::vector<EngineInput>(const std::string& connector,
                                         const std::vector<connectors::ChatUpdate>& updates,
                                         Instant now)>
      inputs_of_chat;
  // Whether marketing may go by this channel, as far as the person has a say in it.
  std::function<bool(const rules::Snapshot&, const std::string& channel)> may_send;
  // What is known of a contact, on the server's thread; follows merges.
  std::function<base::Result<std::optional<rules::Snapshot>>(rules::ContactId)> find_contact;
  // Likewise of a delivery, by its key.
  std::function<base::Result<std::optional<rules::Delivery>>(const std::string& key)> find_delivery;
  // Likewise what happened to them lately.
  std::function<base::Result<std::vector<store::TimelineEntry>>(rules::ContactId)> timeline;
  const rules::Zone* zone = nullptr;  // the humans'; of the config that `hooks` keeps
};

// Which part one listener serves: with `admin_listen`, figures are not for everybody.
enum class RouteSet { all, public_only, operations_only };

class Routes {
 public:
  // Nothing, when the daemon may be sent traffic; else why not, in words that may be shown.
  using Ready = std::function<base::Result<void>()>;

  // All references outlive the object. One thread, that of the server.
  Routes(Inbox& inbox, Metrics& metrics, const base::Clock& clock, Ready ready,
         std::shared_ptr<const RouteSettings> settings);
  ~Routes();

  // For the requests that come from now on.
  void set(std::shared_ptr<const RouteSettings> settings);

  // http::Handler. Answers at once, or from Inbox's `done`.
  void handle(http::Request&& request, http::Reply reply, RouteSet served = RouteSet::all);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// For http::ServerOptions::refusal: what the server refuses is answered as the routes do, in JSON
// and readable for a page's script.
http::Response server_refusal(int status);

// For http::ServerOptions::body_bytes_max_for: bodies that no route takes are refused before they
// are read.
std::size_t route_body_bytes_max(const http::Request& request);

}  // namespace nurtured::daemon

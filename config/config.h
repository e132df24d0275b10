// A whole workspace, checked and compiled: what the daemon, the simulator and the commands run on.
// Immutable, swapped as one pointer on reload, and free to be read by any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/hook.h"
#include "config/secret.h"
#include "config/workspace.h"
#include "config/yaml.h"
#include "content/message.h"
#include "rules/book.h"
#include "rules/scope.h"

namespace nurtured::config {

struct HttpSettings {
  std::string listen = "127.0.0.1:8025";
  std::string public_url;                    // without a final slash; empty: http:// and `listen`
  std::string admin_listen;                  // empty: all is on `listen`
  std::vector<std::string> trusted_proxies;  // addresses whose X-Forwarded-For counts

  // Where links of ours begin.
  std::string base_url() const { return public_url.empty() ? "http://" + listen : public_url; }
};

struct Keys {
  std::vector<Secret> write;  // of the ingest; none: anybody who reaches `listen` may write
  std::optional<Secret> admin;
  std::vector<Secret> sign;  // the first signs links, all verify; none: the daemon makes one
};

struct Keep {
  rules::Span events{.days = 400};
  rules::Span history{.days = 400};
  rules::Span decisions{.days = 90};
};

// Where a human is told something.
struct Receiver {
  std::string channel;
  std::string to;
};

// Who answers a contact that a human has; our addition to the contract. What it says of a contact's
// own messages is rules::Settings::handoff_on_message.
struct HandoffSettings {
  std::vector<Receiver> to;  // `notify` where left out
};

// What links in messages tell of their readers; our addition to the contract.
struct Tracking {
  bool clicks = true;
  bool opens = true;
  // "utm_source" → Liquid over message, playbook, channel, kind and link, in the file's order.
  std::vector<std::pair<std::string, content::liquid::Template>> utm;
};

// What the pages behind links say; our addition to the contract.
struct Pages {
  // What a person agrees to on the page of a double opt-in: "en", "ru", "zh" → text. Kept as the
  // evidence of the consent. Ours where it is left out.
  std::map<std::string, std::string, std::less<>> consent;
};

// A connector's section as it stands, to be read again by whoever builds the connector:
//   Section section(connector.node, "connectors." + connector.name, problems, secrets);
//   section.allow({"type"});
struct ConnectorConfig {
  std::string name;
  std::string type;
  Node node;
};

struct Config {
  std::shared_ptr<const rules::Book> book;
  std::map<std::string, content::Message, std::less<>> messages;
  std::shared_ptr<const content::Library> library;  // the layouts and partials that they share
  std::map<std::string, ConnectorConfig, std::less<>> connectors;

  std::string store = "sqlite:nurtured.db";  // as written; whoever opens it takes a relative path
                                             // from $STATE_DIRECTORY or `root`
  HttpSettings http;
  Keys keys;
  Keep keep;
  rules::Span dedup{.days = 7};    // how long a messageId is remembered
  std::optional<Receiver> notify;  // of `notify` steps and alarms; our addition to the contract
  HandoffSettings handoff;
  Tracking tracking;
  Pages pages;
  std::map<std::string, Hook, std::less<>> hooks;

  std::string root;         // the workspace's folder: attachments are below it
  std::vector<File> files;  // what was compiled, to be kept in the store as the applied book
};

}  // namespace nurtured::config

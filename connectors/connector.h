// The seam to the outside systems: one message in, one outcome out. Each connector is a pair of
// files named after its type; connectors/registry.h knows them all. The dispatcher decides what to
// do about an outcome: connectors only tell what happened, and never more than they know.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "connectors/inbox.h"
#include "content/message.h"
#include "rules/kind.h"

namespace nurtured::connectors {

// The provider has taken the message, or done what it was asked.
struct Delivered {
  std::string provider_id;  // the provider's own name for it; may be empty
  // The address under which the provider knows the contact from now on, where it told of a new one.
  std::optional<std::string> new_address;
  // Of an action: a JSON object of what it gave back; empty: nothing.
  std::string output = {};
  bool operator==(const Delivered&) const = default;
};

// How much is held up.
enum class Scope {
  message,      // this one
  destination,  // what goes to the same address or domain
  connector,    // everything on this connector
};

// Not taken now, certainly not sent, worth another try.
struct Deferred {
  std::optional<base::Milliseconds> retry_after;  // as the provider asked, within retry_after_max
  std::string reason;
  Scope scope = Scope::message;
  bool operator==(const Deferred&) const = default;
};

enum class Blame {
  address,        // it is no address any more: a hard bounce, which suppresses it
  mailbox,        // full, or delivery expired: a soft bounce
  content,        // this message cannot be sent, whoever gets it
  policy,         // the receiver refuses us: reputation, blocklist; never the contact's fault
  configuration,  // credentials, our own sender address: pauses the connector and tells the humans
};

// Refused for good.
struct Rejected {
  std::string reason;
  std::string code;  // the provider's: "550 5.1.1", "403"
  Blame blame = Blame::content;
  bool operator==(const Rejected&) const = default;
};

// All of it left and no answer came: it may have been sent.
struct Uncertain {
  std::string reason;
  bool operator==(const Uncertain&) const = default;
};

using Outcome = std::variant<Delivered, Deferred, Rejected, Uncertain>;

// A provider that asks for a longer pause is asked again after this one.
inline constexpr base::Milliseconds retry_after_max = std::chrono::hours(24);
// Reasons are cut to this many bytes, for they quote what others wrote.
inline constexpr std::size_t reason_bytes_max = 500;

std::string_view to_string(Scope scope);
std::string_view to_string(Blame blame);
// For logs: "deferred (destination): 421 4.7.0 slow down".
std::string to_string(const Outcome& outcome);
// What others wrote as a reason: one line of UTF-8, at most reason_bytes_max.
std::string to_reason(std::string_view text);

struct Attachment {
  std::string name;          // a file's name without folders
  std::string content_type;  // "text/plain", without parameters
  std::string bytes;
  std::string charset = {};  // of a text, "utf-8"; empty: none is named
};

struct OutboundMessage {
  std::string delivery_key;  // unique and the same at each attempt
  std::string message_id;    // opaque token made from the key: the local part of a Message-ID
  std::string contact;       // the contact's key, for systems that know contacts
  std::string channel;
  std::string to;  // the contact's address on the channel
  rules::Kind kind = rules::Kind::value;
  std::string message;   // name
  std::string playbook;  // empty where none sent it
  content::Rendered rendered;
  std::vector<Attachment> attachments;  // the files that `rendered` names, read
  std::string unsubscribe_url;          // empty: none is offered
  bool one_click = false;               // a POST to that URL unsubscribes (RFC 8058)
  std::string reply_to;                 // empty: the connector's own
  base::Instant sent_at{};              // the first attempt's time, the same at each attempt
};

enum class OptionType {
  text,
  secret,
  url,
  address,
  folder,
  period,
  rate,
  integer,
  boolean,
  choice,
  section  // keys of its own
};

// One key of the connector's section in nurtured.yaml.
struct Option {
  std::string_view name;
  OptionType type = OptionType::text;
  bool required = false;
  std::string_view fallback;  // as it would be written; empty: none
  std::string_view description;
  std::vector<std::string_view> choices;
};

enum class ParameterType { text, integer, number, boolean, any };

std::string_view to_string(ParameterType type);

struct Parameter {
  std::string_view name;
  ParameterType type = ParameterType::text;
  bool required = false;
  std::string_view description;
};

// What a step may call beside sending, as `do: CONNECTOR.ACTION`.
struct Action {
  std::string_view name;
  std::string_view description;
  std::vector<Parameter> parameters;
  bool takes_others = false;  // any other name with any value, too
  std::vector<Parameter> outputs;
  bool gives_others = false;
};

// One call of an action.
struct OutboundCall {
  std::string delivery_key;  // unique and the same at each attempt
  std::string contact;       // the contact's key
  std::string playbook;
  std::string step;
  std::string action;
  std::string arguments;    // a JSON object that fits the action (check_arguments)
  base::Instant sent_at{};  // the first attempt's time, the same at each attempt
};

// `invalid` for what is no JSON object, or none that the action takes: named in one line.
base::Result<void> check_arguments(const Action& action, std::string_view arguments);

struct Limits {
  double rate = 0;  // messages a second; 0: as fast as they come
  int concurrency = 1;
  bool operator==(const Limits&) const = default;
};

// The least time between two messages to one address. Pure.
using DestinationGap = base::Milliseconds (*)(std::string_view to);

// All that schema, check, documentation and the contract test need to know of a type of connector.
struct Descriptor {
  std::string_view type;
  std::string_view title;
  content::Format format = content::Format::plain;  // what messages are rendered to
  bool has_subject = false;                         // messages show a subject line
  // A repeat with the same delivery key is known to the receiver as such, so nothing is ever
  // uncertain.
  bool honours_key = false;
  // What it sends is read on this machine alone, where links to the daemon's own `listen` work.
  bool is_local = false;
  Limits limits;
  DestinationGap per_destination = nullptr;  // null: none
  std::vector<Option> options;  // beside `type`, `rate` and `concurrency`, which all have
  std::vector<Action> actions;

  // nullptr where there is no such action.
  const Action* find_action(std::string_view name) const;
};

using Done = std::function<void(Outcome)>;

// The side of a connector that does the actions of its descriptor.
class Actor {
 public:
  virtual ~Actor() = default;

  // Does what the descriptor names and `check_arguments` let pass. Calls `done` as Connector::send
  // does.
  virtual void perform(OutboundCall call, Done done) = 0;
};

// Lives on the thread that runs the io_context it was given. Destroying it drops what is under way
// without calling back.
class Connector {
 public:
  virtual ~Connector() = default;

  virtual const Descriptor& descriptor() const = 0;
  // The descriptor's, or what the section says instead.
  virtual content::Format format() const { return descriptor().format; }
  virtual Limits limits() const = 0;
  // Calls `done` exactly once, on the io_context's thread and never from inside send(), within the
  // connector's total deadline.
  virtual void send(OutboundMessage message, Done done) = 0;
  // nullptr where the descriptor has no actions. Lives as long as the connector.
  virtual Actor* actor() { return nullptr; }
  // Begins to hand in what comes back, where the section says from where; until destroyed. Once.
  virtual void listen(const Intake& /*intake*/) {}
  // Another connector takes its place: it hands in nothing more, for two that listen may take what
  // comes from each other. What is being sent goes on.
  virtual void stop_listening() {}
};

}  // namespace nurtured::connectors

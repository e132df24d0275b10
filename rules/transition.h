// What goes into the one function that decides, and what comes out (rules/advance.h). Plain values.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "rules/calendar.h"
#include "rules/contact.h"
#include "rules/event.h"
#include "rules/playbook.h"

namespace nurtured::rules {

// What the dispatcher is to do about one delivery.
enum class DeliveryChange {
  ready,       // hand it over
  committing,  // it may leave now
  departed,
  uncertain,
  refused,
  returned,  // gave its slot back; forget it, another `ready` follows when the gates allow
};

// Everything needed to render a message without the engine. Written with the state that caused it.
struct Delivery {
  std::string key;
  ContactId contact;
  std::int64_t enrollment = 0;
  std::string playbook;
  PlaybookVersion version;
  std::string step;
  std::string message;
  Kind kind = Kind::value;
  Address to;
  std::uint32_t attempt = 0;
  DeliveryChange change = DeliveryChange::ready;
  Instant at;
  std::string reason;
  std::string text = {};     // Pending::text
  std::string subject = {};  // Pending::subject
  // Of a call, which is no message: what is asked of which connector, with `text` as its arguments
  // (a JSON object). Then there is no message and nobody it goes to, and the kind is a receipt's,
  // which counts in no mix.
  std::string connector = {};
  std::string action = {};

  bool is_call() const { return !action.empty(); }
};

// ---- in ----

// Something that fell due: all of the contact's timers up to the moment given to `advance`.
struct Wake {};

// The dispatcher has a connection and a rate token: judge the gates for the last time and mark it
// committing.
struct Claim {
  std::string delivery;
};

// The provider's answer, as connectors classify it.
enum class OutcomeKind {
  delivered,
  deferred,         // try again after `retry_after`; the slot is free meanwhile
  refused_address,  // hard bounce: the address is suppressed
  refused_mailbox,  // full or disabled for now; counts as refused on this channel
  refused_message,  // content, size, policy: never punishes the contact
  uncertain,        // may have left
  unsent,  // provably not sent (a crash before committing, a shutdown): as if never claimed
  failed,  // could not be rendered: the step fails for this contact alone
};
struct Outcome {
  std::string delivery;
  OutcomeKind kind = OutcomeKind::delivered;
  std::optional<base::Milliseconds> retry_after;
  std::string reason;      // in the provider's words, cut
  cel::Value output = {};  // of a call that was delivered: what it gave back
};

// Whose fault a bounce is, as connectors classify it.
enum class BounceClass {
  address,        // it is no address any more: a hard bounce
  mailbox,        // full, or nobody took the message in time: a soft bounce
  content,        // this message, whoever gets it
  policy,         // our standing with the receiver
  configuration,  // our own settings
};
std::string_view to_string(BounceClass bounce);

// What came back of a delivery after it had left.
enum class FeedbackKind {
  seen,       // a sign that it arrived, of which another input tells: a complaint, a click
  delivered,  // the receiver's server says so
  bounced,
  replied,
  answered_by_machine,  // an absence notice, a confirmation: it arrived, and nobody has answered
};
struct Feedback {
  std::string delivery;
  FeedbackKind kind = FeedbackKind::seen;
  BounceClass bounce = BounceClass::mailbox;  // of `bounced`
  std::string reason = {};                    // of `bounced`: the last server's words, cut
  std::string subject = {};                   // of an answer
  std::string text = {};                      // of `replied`
  std::optional<Delivery> message = {};       // the delivery; the engine looks it up
};

// Somebody, or something, followed a link of a message or fetched the picture that tells of its
// opening.
enum class VisitKind { click, open };
struct Visit {
  VisitKind kind = VisitKind::click;
  std::string delivery;  // whose link it was; the engine looks up `message`
  std::string link;      // its id; empty for an opening
  std::string url;       // where it led
  std::string machine;   // what gives it away as no person's; empty: nothing so far
  std::optional<Delivery> message = {};
};

// Operators' commands about one contact.
struct StopEnrollment {
  std::int64_t enrollment = 0;
};
// Starts a playbook by hand, where it has `manual`.
struct StartPlaybook {
  std::string playbook;
  cel::Value properties = {};  // of the event that it begins with: a map, or null
};
// Moves what the contact is under way in to the current versions of its playbooks, where the steps
// match.
struct Migrate {};
struct RetryEnrollment {
  std::int64_t enrollment = 0;  // parked: its step is run again
  // The call that its step may have made, whose doubt ends with another; the engine looks up
  // `message`.
  std::string delivery = {};
  std::optional<Delivery> message = {};
};
RetryEnrollment retry_of(ContactId contact, const Enrollment& parked);
struct Suppress {
  SuppressionScope scope = SuppressionScope::marketing;
  std::string reason;
  std::optional<Address> address;  // none: the person
  // Instead of `address`: what the contact now has on this channel, the person where that is
  // nothing, for whoever asks us to stop must not be asked for an address.
  std::string channel = {};
  // The delivery whose link or report says so; the engine looks up `message`, which then names the
  // address.
  std::string delivery = {};
  std::optional<Delivery> message = {};
};
// What is suppressed: `address`, or the contact's own on `channel`. nullopt: the person.
std::optional<Address> suppressed_address(const Suppress& command, const Contact& contact);

// The way back from a suppression of any scope, by hand (CONTRACT M4). What consent was taken back
// with it stays so.
struct Unsuppress {
  std::optional<Address> address = {};  // none: the person
  std::string by;                       // who decided it, and why: recorded
  std::string reason;
};

// What a person chose on a page of ours: on the preference page, or by confirming what a message
// asked (double opt-in).
struct Choice {
  std::string source;    // "preferences", "double-opt-in"
  std::string delivery;  // whose link led there; the engine looks up `message`
  std::vector<std::pair<std::string, bool>> channels = {};  // channel → wanted
  std::vector<std::pair<std::string, bool>> topics = {};    // topic → wanted
  std::string wording = {};                                 // what was agreed to, as it was shown
  std::string from = {};                                    // the network address that it came from
  std::optional<Delivery> message = {};
};

// A human takes the contact over, by hand: nothing automated but receipts goes out (CONTRACT M4).
struct TakeOver {
  std::optional<Span> pause;  // none: until handed back
  std::string by;
  std::string reason;
};
struct HandBack {
  std::string by;
};
// What a human writes to the contact. Takes the contact over, where no human has it yet.
struct HumanMessage {
  std::string text;
  std::string by;
};

// A messenger tells that the person shut us out of a chat, or let us in again; writing to us does
// the latter, too.
struct Reachability {
  Address address;
  bool reachable = true;
};

struct ResendDelivery {
  Delivery delivery;  // an uncertain one, by hand: what the store kept of it
};
// The book, a pause or another holder of an address changed: judge what is held again.
struct Rejudge {
  // What a connector put off is tried at once: the connector may have been mended.
  bool deferred_too = false;
};

using Input = std::variant<Event, Wake, Claim, Outcome, Feedback, StopEnrollment, RetryEnrollment,
                           Suppress, Unsuppress, ResendDelivery, Rejudge, Visit, Choice, TakeOver,
                           HandBack, HumanMessage, Reachability, StartPlaybook, Migrate>;

// ---- out ----

// One thing that happened to a contact, with the facts it was decided by. `explain` prints it, the
// simulator prints it, the store keeps it.
struct Decision {
  Instant at;
  std::string action;  // CONTRACT section 5's `do`: start send hold skip wait fail end set tag
                       // untag move_to score emit notify ask handoff; and, not printed by the
                       // simulator: touch, conversion, ignored, error, suppress, unsuppress
  std::int64_t enrollment = 0;
  std::string playbook;
  std::string step;
  std::string message;
  std::optional<Kind> kind;
  Address to;  // channel empty where none
  std::string delivery;
  Reason reason = Reason::none;
  std::optional<Instant> until;
  std::string outcome;  // of `end`: finished, goal, stopped; of `handoff`: empty, ended
  std::string detail;   // the facts in words: "2 of 2 this week", the tag, the error and its place
};

struct Notification {
  Instant at;
  std::string playbook;
  std::string step;
  std::string text;
  // Whom it is about, where a human is to answer: what they wrote lately and a way to answer are
  // told with it.
  ContactId contact = {};
};

// An enrollment came to a step: which way it went there is seen from where it came.
struct Passage {
  std::string playbook;
  PlaybookVersion version;
  StepIndex from = no_step;  // where it stood; no_step: it has just begun
  StepIndex to = no_step;    // no_step: it is through; as `from`: a step that failed is tried again

  bool operator==(const Passage&) const = default;
};

struct Transition {
  Snapshot next;
  std::vector<Decision> decisions;  // in the order in which they happened
  std::vector<Delivery> deliveries;
  std::vector<Event>
      emitted;  // built-in and `emit` events, already applied to `next`; for the event log
  std::vector<Notification> notifications;
  std::vector<Passage> passages = {};  // in their order, where AdvanceLimits::trace_steps asks
  // Of the event that came in: its properties as they were understood, where they came otherwise.
  std::optional<cel::Value> understood = {};
  std::vector<ContactId> rejudge;  // other holders of an address whose slot or ledger changed
  std::optional<Instant> wake;     // the next moment at which something of this contact falls due
};

}  // namespace nurtured::rules

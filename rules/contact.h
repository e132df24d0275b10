// A person we may message and everything the rules need to decide about them: one document, read
// once and written once a batch. Plain values; the store keeps them by the field tags in
// store/codec.cpp. Fields are added, never reused.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/instant.h"
#include "rules/cel/value.h"
#include "rules/history.h"
#include "rules/kind.h"
#include "rules/ledger.h"

namespace nurtured::rules {

using base::Instant;
using ContactId = base::Id<struct ContactTag>;
using PlaybookVersion = std::string;  // hex digest of what the playbook means

// Where a channel reaches the contact. `email:u1@example.org` is an Address; its suppression and
// ledger are shared by all contacts that hold it.
struct Address {
  std::string channel;
  std::string value;
  auto operator<=>(const Address&) const = default;
};
std::string to_key(const Address& address);

struct Consent {
  bool given = false;
  Instant at;
  std::string source;
  std::string wording;
  std::string from;
  bool operator==(const Consent&) const = default;
};
// Taken back by an unsubscribe or a complaint: only the person's own act or an operator brings it
// back (CONTRACT M4).
bool is_unsubscribed(const Consent& consent);

// CONTRACT M4: `marketing` after an unsubscribe or complaint; `all` after a hard bounce, by hand,
// or when erased.
enum class SuppressionScope { marketing, all };

// Sources of a consent that are the person's own act on a page of ours.
inline constexpr std::string_view double_opt_in = "double-opt-in";
inline constexpr std::string_view preferences = "preferences";
// Source of a consent that an operator recorded, on the person's word.
inline constexpr std::string_view by_operator = "operator";

// The messages that no file of the workspace has (Pending::text): of kind `reply`.
inline constexpr std::string_view human_message = "human:message";  // a human's own
inline constexpr std::string_view ask_again = "ask:again";

// Reasons of a suppression that end when the person writes or lets us in again: they shut a
// messenger's bot out, or the provider said that we cannot reach them.
inline constexpr std::string_view blocked = "blocked";
inline constexpr std::string_view hard_bounced = "bounced";

// Reasons of a suppression that are the person's own word.
inline constexpr std::string_view unsubscribed = "unsubscribed";
inline constexpr std::string_view complained = "complained";

struct Suppression {
  SuppressionScope scope = SuppressionScope::marketing;
  Instant at;
  std::string reason;  // unsubscribed, complained, bounced, manual, erased
  bool operator==(const Suppression&) const = default;
};

// How far an enrollment has come.
enum class EnrollmentState {
  running,    // in the middle of a transition; stored only when the step chain was cut by a crash
  waiting,    // until `due`
  expecting,  // for an event (`wait_for`), until `due` when that is set
  sending,    // for the outcome of the message in `pending`
  parked,     // a step failed for this contact; goes on when retried
  finished,   // ended, kept while a later goal still counts as a conversion
  calling,    // for the answer to the call in `calls`
};

// How often the steps of a `repeat` have begun.
struct Rounds {
  std::uint32_t step = 0;
  std::uint32_t begun = 0;

  bool operator==(const Rounds&) const = default;
};

struct Enrollment {
  std::int64_t number = 0;  // unique within the contact, from 1
  std::string playbook;
  PlaybookVersion version;
  std::string key;  // of `per`; empty without
  Instant started;
  std::string event_name;  // the event that started it
  cel::Value event;        // its properties
  Instant event_at;
  cel::Value saved;  // what `save` kept: a map, or null
  EnrollmentState state = EnrollmentState::running;
  std::uint32_t step = 0;  // index into the version's steps
  std::uint32_t turn =
      0;  // how often a step was sent before, so that a repeat gets a delivery key of its own
  Instant since;  // when `step` began to wait; a wait_for takes events from then on
  Instant heard;  // when the latest event that it took occurred: earlier ones come too late for it
  std::optional<Instant> due;
  cel::Value early;  // the event that a wait_for right after a send has already got: a map, or null
  std::string parked_reason;
  std::uint32_t misread = 0;   // answers to the question at `step` that could not be taken
  bool caught_up = false;      // `due` was already spread by catch_up
  bool skip_sends = false;     // sends up to the next wait fell due in downtime and are skipped
  std::vector<Rounds> rounds;  // of the `repeat` steps that it is inside of
  std::uint32_t hops = 0;      // of the event that started it: Event::hops
  // The steps since `pace_from`: counted anew each hour, and after a wait or an event from outside.
  std::uint32_t pace = 0;
  Instant pace_from;

  bool operator==(const Enrollment&) const = default;
};

// Why a gate keeps a message, in the order in which gates are judged. The names are CONTRACT
// section 5's reasons.
enum class Reason {
  none,
  handoff,
  suppressed,
  consent,
  unreachable,
  touches,
  mix,
  cap,
  quiet,
  muted,
  in_flight,  // another message of this contact or to this address holds the slot
  paused,     // the playbook or connector is paused by hand
  deferred,   // the provider said later
  only_to,    // staging: the address is not on the list
  expired,
  hold,       // `hold` ran out
  late,       // fell due in downtime and is to be skipped
  withdrawn,  // the enrollment ended first
  refused,    // the provider refused it for good
  uncertain,  // may or may not have left
  failed,     // could not be rendered
};
std::string_view to_string(Reason reason);

enum class TargetState {
  held,        // not judged favourably yet, or given back
  ready,       // has the slot; with the dispatcher
  committing,  // marked; may be on the wire
  departed,    // accepted by the provider
  uncertain,   // committing without an outcome
  refused,     // permanently, on this channel
};

// One delivery of a message: a channel and an address.
struct Target {
  Address address;
  TargetState state = TargetState::held;
  std::uint32_t attempt = 0;
  std::optional<Instant> not_before;  // a deferral's, or a retry's
  std::optional<Instant> departed;    // when it was marked committing
  std::string connector_reason;       // of the last deferral or refusal
  bool operator==(const Target&) const = default;
};

// A message that a step decided on and that has not reached its end.
struct Pending {
  std::int64_t enrollment = 0;  // 0: a piece of `fill`
  std::string playbook;
  PlaybookVersion version;
  std::uint32_t step = 0;
  std::uint32_t turn = 0;
  std::string step_id;
  std::string message;
  // What it says where no file does: a human's own words, or a question put once more.
  std::string text;
  std::string subject;   // of `text`, on channels that show one
  std::string channel;   // of `text`: where it goes if it can
  bool by_hand = false;  // an operator asked for it: it stays though its enrollment has ended
  Instant since;
  Instant hold_until;
  std::optional<Instant> expires;
  std::vector<Target> targets;  // empty until a channel was chosen; several only for `via: all`
  Reason reason = Reason::none;
  Instant reason_since;
  std::optional<Instant> until;  // when time alone would change the answer

  bool operator==(const Pending&) const = default;
};

enum class CallState {
  held,        // waits for its next try, or for what it is kept by
  ready,       // with the dispatcher
  committing,  // marked; the connector may have got it
};

// What a `do` step asked of a connector and has no answer to yet. It is no message: of the gates it
// passes only pauses and staging.
struct Call {
  std::int64_t enrollment = 0;
  std::string playbook;
  PlaybookVersion version;
  std::uint32_t step = 0;
  std::uint32_t turn = 0;
  std::string step_id;
  std::string connector;
  std::string action;
  std::string arguments;  // a JSON object
  CallState state = CallState::held;
  std::uint32_t attempt = 0;
  Instant since;
  Reason reason = Reason::none;       // why it is held
  std::optional<Instant> not_before;  // of a try that was put off: the next one
  std::string connector_reason;       // of the last try

  bool operator==(const Call&) const = default;
};

// A link that was followed, and by whom is not known yet: rules/visits.cpp.
struct Click {
  std::string delivery;
  std::string message;
  Kind kind = Kind::value;
  std::string channel;
  std::string playbook;
  std::string link;
  std::string url;
  Instant at;
  bool is_machine = false;  // reported as such, and kept a moment longer for those that follow

  bool operator==(const Click&) const = default;
};

// A human has the contact: nothing automated but receipts goes out meanwhile (CONTRACT M4).
struct Handoff {
  Instant since;
  std::optional<Instant> until;  // none: until it is handed back
  std::string playbook;          // whose step asked for it; empty: somebody's own message did
  std::string channel;           // where the contact wrote last, and an answer goes; may be empty
  std::string subject;           // of what they wrote, where it had one

  bool operator==(const Handoff&) const = default;
};

// The latest message that left on a channel: what a person answers who writes there and names none.
struct LastMessage {
  std::string channel;
  std::string message;
  Kind kind = Kind::value;
  std::string playbook;

  bool operator==(const LastMessage&) const = default;
};

// A segment that the contact is in, or may enter by time alone.
struct Membership {
  std::string segment;
  bool is_in = false;
  std::optional<Instant> due;  // when time alone may change the answer

  bool operator==(const Membership&) const = default;
};

// Of a contact that was merged into this one, until it is judged what the two are together.
struct MergedFrom {
  std::vector<std::string> segments;  // that it was in

  bool operator==(const MergedFrom&) const = default;
};

// When a playbook is to start for the contact without an event: by a date or a schedule.
struct PlannedStart {
  std::string playbook;
  std::uint32_t start = 0;  // of its timed starts
  Instant due;

  bool operator==(const PlannedStart&) const = default;
};

// The way that a `split` sent the contact, for good.
struct ChosenWay {
  std::string playbook;
  std::string step;
  std::string way;

  bool operator==(const ChosenWay&) const = default;
};

// The start of a playbook that `again` is judged by.
struct LastStart {
  std::string playbook;
  std::string key;
  Instant at;
  bool operator==(const LastStart&) const = default;
};

struct Contact {
  ContactId id;
  std::string user_id;  // the sender's id; the first anonymous id until one is known
  std::vector<std::string> anonymous_ids;
  std::map<std::string, cel::Value, std::less<>> attributes;
  std::map<std::string, std::string, std::less<>> addresses;  // channel → address
  std::map<std::string, Consent, std::less<>> consents;       // by channel
  std::vector<std::string> tags;                              // sorted
  std::optional<Suppression> suppression;  // of the person; that of an address is in AddressState
  std::string timezone;                    // IANA; empty: the workspace's
  std::string locale;
  std::string stage;  // of the journey
  double score = 0;
  Instant created;

  std::map<std::string, Tally, std::less<>> history;  // by event name
  Tally touches;                                      // counted ones, both directions
  std::map<std::string, Tally, std::less<>>
      touch_counted;  // event name → what of it counted as touches (count_every)
  Ledger ledger;

  std::int64_t enrollments_made = 0;
  std::vector<Enrollment> enrollments;  // active, and finished ones whose goal may still come
  std::vector<LastStart> starts;
  std::vector<Pending> pending;
  std::vector<std::string> fill_sent;  // pieces of series that the contact has had
  std::optional<Instant> fill_last;
  std::vector<Click> clicks;                 // in the order in which they came
  std::vector<std::string> topics_declined;  // sorted; on the preference page
  std::optional<Handoff> handoff;
  std::vector<LastMessage> last_messages;  // one a channel
  std::vector<Membership> memberships;
  std::vector<PlannedStart> planned_starts;
  // Which segments and timed starts the two lists above are of: Book::standing_rules. 0: of none.
  std::uint64_t standing_rules = 0;
  std::vector<ChosenWay> ways;
  std::vector<Call> calls;
  std::optional<MergedFrom> merged_from;

  bool operator==(const Contact&) const = default;
};

// What all holders of one address share.
struct AddressState {
  Address address;
  Ledger ledger;
  std::optional<Suppression> suppression;
  // When it last bounced softly, in a row, oldest first: rules/feedback.cpp has what they add up
  // to.
  std::vector<Instant> soft_bounces;
  std::vector<ContactId>
      holders;  // to judge the others again when one of them takes or frees the slot

  bool operator==(const AddressState&) const = default;
};

// All that one transition reads and writes.
struct Snapshot {
  Contact contact;
  std::vector<AddressState> addresses;  // of the contact's addresses and its pending targets

  bool operator==(const Snapshot&) const = default;
};

// Identifies one delivery for ever: enrollment, step, turn, channel. Stored, and the source of the
// Message-ID.
std::string delivery_key(ContactId contact, const Pending& pending, const std::string& channel);
std::string delivery_key(ContactId contact, const Call& call);

}  // namespace nurtured::rules

// What the store takes and gives: plain values, shaped for batches. store/store.h has the calls.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/instant.h"
#include "rules/contact.h"
#include "rules/event.h"
#include "rules/kind.h"
#include "rules/transition.h"

namespace nurtured::store {

using base::Instant;
using rules::ContactId;

// How the outside names a contact. Addresses are looked up through their AddressState instead.
struct IdentityKey {
  enum class Kind { user, anonymous };  // stored
  Kind kind = Kind::user;
  std::string value;
  auto operator<=>(const IdentityKey&) const = default;
};

struct Identity {
  IdentityKey key;
  ContactId contact;
  bool operator==(const Identity&) const = default;
};

// What a repeated message is recognised by.
using DedupKey = std::array<unsigned char, 16>;

// The first 16 bytes of SHA-256 over both, the write key preceded by its length so that no two
// pairs run together. Stored: must never change.
DedupKey dedup_key(std::string_view write_key, std::string_view message_id);

// ---- load

// Everything that one batch of inputs needs to know, in one question.
struct LoadRequest {
  std::vector<IdentityKey> identities;
  std::vector<ContactId> contacts;
  std::vector<rules::Address> addresses;  // beside those of the contacts: what an event brings
  std::vector<DedupKey> message_ids;
};

struct StoredContact {
  rules::Contact contact;
  std::optional<Instant> wake;  // its timer; hand it back as ContactWrite::wake_before
  bool operator==(const StoredContact&) const = default;
};

// A contact that was folded into another; `into` exists.
struct Merge {
  ContactId from;
  ContactId into;
  bool operator==(const Merge&) const = default;
};

// Contacts and addresses stand apart, each once, because several contacts of a batch may share an
// address and must see one state of it.
struct Loaded {
  std::vector<std::optional<ContactId>> identities;  // in the order of the request
  // In the order of the request: true when the store knows it, or when it repeats an earlier one of
  // this request.
  std::vector<bool> known;
  // Those asked for and those that the identities name, ascending by id. What does not exist is
  // left out; a merged one stands under the contact it was merged into.
  std::vector<StoredContact> contacts;
  std::vector<Merge> merged;  // of the contacts asked for
  // Their rows cannot be read; they are not in `contacts`, and nothing may be written for them.
  std::vector<ContactId> damaged;
  // Of the contacts' addresses, of their pending targets, and of those asked for; ascending by
  // rules::to_key. Those never stored are left out; a damaged one is suppressed for everything.
  std::vector<rules::AddressState> addresses;
};

struct Due {
  Instant due;
  ContactId contact;
  auto operator<=>(const Due&) const = default;
};

// ---- commit

struct ContactWrite {
  rules::Contact contact;
  std::optional<Instant> wake_before;  // as loaded; nullopt for a new contact
  std::optional<Instant> wake;         // from now on; a contact has one timer
};

struct EventRecord {
  ContactId contact;  // none: it could not be given to anybody
  rules::Event event;
};

struct DecisionRecord {
  ContactId contact;
  rules::Decision decision;
};

// How many enrollments stand at a step of a version; as a change and as a figure.
struct Standing {
  std::string playbook;
  rules::PlaybookVersion version;
  std::uint32_t step = 0;
  std::int64_t count = 0;
  auto operator<=>(const Standing&) const = default;
};

struct Counter {
  std::string name;
  std::int64_t count = 0;
  auto operator<=>(const Counter&) const = default;
};

struct MetaEntry {
  std::string key;
  std::string value;  // empty removes the key
  bool operator==(const MetaEntry&) const = default;
};

struct BookFile {
  std::string path;  // relative to the workspace
  std::string contents;
  bool operator==(const BookFile&) const = default;
};

// The workspace as it was applied, so that a start with broken files can run it.
struct AppliedBook {
  Instant at;
  std::vector<BookFile> files;
  bool operator==(const AppliedBook&) const = default;
};

// The text that a playbook's version was made from.
struct PlaybookSource {
  std::string playbook;
  rules::PlaybookVersion version;
  std::string path;
  std::string source;
  bool operator==(const PlaybookSource&) const = default;
};

// What a restore applies to an older backup: store/journal.h.
struct DepartureRecord {
  Instant at;
  ContactId contact;
  rules::Address to;
  rules::Kind kind = rules::Kind::value;
  std::string delivery;
  bool operator==(const DepartureRecord&) const = default;
};
struct SuppressionRecord {
  Instant at;
  ContactId contact;
  std::optional<rules::Address> address;  // none: the person
  rules::SuppressionScope scope = rules::SuppressionScope::marketing;
  std::string reason;
  bool operator==(const SuppressionRecord&) const = default;
};
struct WithdrawalRecord {  // of the consent for one channel
  Instant at;
  ContactId contact;
  std::string channel;
  std::string source;
  bool operator==(const WithdrawalRecord&) const = default;
};
struct ErasureRecord {
  Instant at;
  ContactId contact;
  bool operator==(const ErasureRecord&) const = default;
};
using JournalRecord =
    std::variant<DepartureRecord, SuppressionRecord, WithdrawalRecord, ErasureRecord>;

// An input that the process ended at again and again (docs/operations.md, "An input that ends the
// daemon"): kept with what it takes to try it again by hand, and never tried otherwise.
struct SetAside {
  enum class Kind { event, timer, other };  // stored
  std::int64_t number = 0;                  // by which people name it; the store gives it
  Instant at;
  DedupKey fingerprint{};  // what a repeat is recognised by
  Kind kind = Kind::other;
  std::string text;   // what it is, in words
  ContactId contact;  // of a timer, or Who::contact of an event
  Instant due;        // likewise
  // Of an event: whose it is, as its sender knows them, and what a repeat of its message is
  // recognised by.
  std::string user_id;
  std::string anonymous_id;
  std::string previous_id;
  std::optional<rules::Address> address;
  std::optional<DedupKey> message_id;
  rules::Event event;
};

// All that a batch of transitions writes, in one transaction. Each contact, address and identity at
// most once. Lists that are logs (events, decisions, deliveries, notifications) are in the order in
// which things happened.
struct Batch {
  Instant now;  // the day under which the dedup keys are remembered
  std::vector<ContactWrite> contacts;
  // `from` is not in `contacts`; its timer goes with it, its identities are those written here.
  std::vector<std::pair<Merge, std::optional<Instant>>> merges;  // with the timer of `from`
  std::vector<Due> timers_removed;  // of contacts that are damaged or gone (Loaded::damaged)
  std::vector<rules::AddressState> addresses;
  std::vector<Identity> identities;  // new ones, and those that now mean another contact
  std::vector<EventRecord> events;
  std::vector<DecisionRecord> decisions;
  std::vector<rules::Delivery> deliveries;  // every change; of several to one key the last counts
  std::vector<rules::Notification> notifications;
  std::vector<DedupKey> message_ids;
  std::vector<Standing> standing;  // changes: +1, -1
  std::vector<Counter> counters;   // changes
  std::vector<MetaEntry> meta;
  std::optional<AppliedBook> book;
  std::vector<PlaybookSource> sources;  // those already kept are left alone
  std::vector<JournalRecord> journal;
  std::vector<SetAside> set_aside;           // one that is there already stays as it is
  std::vector<std::int64_t> set_aside_done;  // taken again, by number
};

// Whether a commit of it would change nothing.
bool is_empty(const Batch& batch);

// ---- read

struct TimelineEntry {
  Instant at;  // an event's receipt, a decision's moment, a delivery's last change
  std::variant<rules::Event, rules::Decision, rules::Delivery> what;
};

// A part of the log of events, in the order in which they were written.
struct EventPage {
  std::vector<EventRecord> events;  // each with the contact whose it is now
  std::int64_t last_row = 0;        // where the next part begins; unchanged at the log's end
};

// With its place in the list of all.
struct StoredDelivery : rules::Delivery {
  std::int64_t row = 0;  // of one that has ended: rises in the order in which they did. 0: open
};

// How far a list of deliveries was read: the last of the open ones and the last of those that have
// ended. The defaults are before the newest.
struct DeliveryPlace {
  Instant open_at = base::instant_max;
  std::string open_key;
  std::int64_t ended_row = std::numeric_limits<std::int64_t>::max();
  bool operator==(const DeliveryPlace&) const = default;
};
// The place after that one.
DeliveryPlace after(DeliveryPlace place, const StoredDelivery& delivery);

// Newest first. `uncertain`, `ready` and `committing` are open; the others have ended.
struct DeliveryQuery {
  std::optional<rules::DeliveryChange> state = {};  // none: all
  std::size_t limit = 1000;
  DeliveryPlace after = {};  // older ones than that
};

}  // namespace nurtured::store

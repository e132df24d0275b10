// A fact from outside, immutable, and what it does to the contact it is about. The ingest, the CLI,
// the simulator and the engine's own built-in events (`message.sent`, `enrollment.started` …) all
// take this form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/instant.h"
#include "rules/cel/value.h"
#include "rules/contact.h"

namespace nurtured::rules {

using base::Instant;

// Consent for one channel as an input states it.
struct ConsentChange {
  std::string channel;
  bool given = false;
  std::string source;   // "sdk", "form", "double-opt-in", "operator", "preferences" …
  std::string wording;  // what the person agreed to, as evidence; may be empty
  std::string from;     // where from: a network address, a page; may be empty
  // When the person said so, where that was before the input came: an older word never undoes a
  // newer one. Later than the input counts as the input's own moment.
  std::optional<Instant> at = {};
  // Only double opt-in, the preference page or an operator bring back consent after an unsubscribe
  // (CONTRACT M4).
  bool restores = false;
};

// A refusal that another system knows of, told by an import: it takes effect without the events
// that one of our own leads to.
struct SuppressionChange {
  std::string channel;  // its address; the person where this is empty or the contact has none there
  SuppressionScope scope = SuppressionScope::marketing;
  std::string reason;              // as of a Suppression
  std::optional<Instant> at = {};  // as of a ConsentChange
};

// Changes to a contact that an event carries: traits of `identify`, `set`, the CLI's edits. Each
// list is applied in its order; a null attribute removes it.
struct ContactChange {
  std::vector<std::pair<std::string, cel::Value>> attributes;
  std::vector<std::pair<std::string, std::string>> addresses;  // channel → address; empty removes
  std::vector<SuppressionChange> suppressions;  // before the consents, which they bar
  std::vector<ConsentChange> consents;
  std::optional<std::string> timezone;  // IANA name; an unknown one is recorded and ignored
  std::optional<std::string> locale;
  std::vector<std::string> tags_added;
  std::vector<std::string> tags_removed;
  // Attributes and locale come from somebody who knows them less well than the contact: what there
  // is already stays.
  bool is_hearsay = false;

  bool empty() const {
    return attributes.empty() && addresses.empty() && suppressions.empty() && consents.empty() &&
           !timezone && !locale && tags_added.empty() && tags_removed.empty();
  }
};

struct Event {
  std::string name;
  cel::Value properties;  // a map
  Instant occurred_at;    // the sender's clock, corrected and clamped to `received_at`
  Instant received_at;    // ours
  ContactChange change;
  // Told long after it happened, by an import: it counts, and starts no playbook.
  bool is_history = false;
  // How many enrollments led to it, each begun by what the one before did within an hour. Of no use
  // beyond the transition that made it: not stored.
  std::uint32_t hops = 0;
};

// Made by the engine when a date or a schedule starts a playbook.
inline constexpr std::string_view date_reached = "date.reached";
inline constexpr std::string_view schedule_reached = "schedule.reached";

// A property that is a text; empty for any other and for none. A view into the event.
std::string_view text_of(const Event& event, std::string_view property);

}  // namespace nurtured::rules

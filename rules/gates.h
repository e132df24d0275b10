// May this message go now? Each gate is a small pure function; they are judged in one order, and
// the first that says no gives the reason (CONTRACT section 4, DESIGN section 4). Used by
// rules/slots.cpp when a message wants a slot and again when the dispatcher is about to let it
// leave.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/advance.h"
#include "rules/book.h"
#include "rules/contact.h"

namespace nurtured::rules {

struct Verdict {
  Reason reason = Reason::none;  // none: it may go now
  std::optional<Instant>
      until;           // the next moment at which time alone changes the answer; unknown when empty
  std::string detail;  // the facts it used, for `explain`
  bool skip = false;   // held for ever would serve nobody: leave the message out
  std::vector<Address> targets;  // where it would go; one, or several for `via: all`

  bool allowed() const { return reason == Reason::none; }
};

// How a message is to reach its contact.
struct Route {
  std::vector<std::string> via;      // channels in order of preference
  bool all = false;                  // every channel that may be used, as one message
  std::vector<std::string> refused;  // channels that refused this message for good
};

// The way that its step names, else its playbook, else the settings; without the channels that have
// refused it.
Route route_of(const Book& book, const Pending& pending);

// All gates but the slot itself. `enrollment` may be null (a piece of `fill`).
Verdict judge(const Book& book, const Pauses& pauses, const Snapshot& snapshot,
              const Enrollment* enrollment, const MessageInfo& message, const Pending& pending,
              const Route& route, Instant now);

// The gates of one address alone (suppression, consent, staging): for the further deliveries of a
// `via: all` message, which share the slot of the first.
Reason judge_address(const Book& book, const Snapshot& snapshot, Kind kind, const Address& address);

// Staging (`only_to`): whether anything may leave for this address.
bool is_let_out(const Settings& settings, const Address& address);

// Whether the person lets marketing come by this channel: consent, and no suppression.
bool is_wanted(const Book& book, const Snapshot& snapshot, const std::string& channel);

// What M1 and M3 are judged by for a message to `targets`: the contact's ledger and theirs.
std::vector<const Ledger*> ledgers_of(const Snapshot& snapshot,
                                      const std::vector<Address>& targets);

// CONTRACT M1: how many of `kind` may be among any `window` messages in a row; the window itself
// for value.
std::size_t share_max(const Mix& mix, Kind kind);
// Would one more of `kind` keep M1 in this ledger?
bool mix_allows(const Mix& mix, const Ledger& ledger, Kind kind);

// CONTRACT M3 over all `ledgers` at once, and quiet hours: the earliest moment at or after `now` at
// which both allow a message, and which of them says no now.
struct CapVerdict {
  Instant earliest;
  Reason reason = Reason::none;
  std::string detail;
};
CapVerdict judge_caps(const Limits& limits, const std::vector<const Ledger*>& ledgers, bool capped,
                      const Zone& zone, Instant now);

}  // namespace nurtured::rules

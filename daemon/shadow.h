// A new book beside the live one (`nurtured simulate --shadow`): what the log recorded of the last
// days is played twice on the virtual clock, once with each book, and the two are compared message
// by message. It only reads: a store's Reader beside the running daemon.
//
// Both plays begin alike: everything that the log has of the time before goes through the live
// book, and the change comes as a reload would bring it. What the log does not tell is not known
// here either; `ShadowRecord` says how much that is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "daemon/engine.h"
#include "store/store.h"

namespace nurtured::daemon {

// What happened, as inputs to play again.
struct ShadowRecord {
  std::vector<EventInput> events;  // by the time of their receipt, which is `received_at`
  std::optional<Instant> begins;   // the first of them; none: the log is empty
  std::size_t contacts = 0;
  // Who came before the log begins: they start with what is known of them now.
  std::size_t older_contacts = 0;
  std::size_t made_by_us = 0;  // events that the engine made itself, and makes again
};

// Reads the whole log. Events that a playbook of `live` emits are left out, as both books make
// their own. Errors are the reader's; `too_large` beyond what a simulation takes.
base::Result<ShadowRecord> read_shadow_record(store::Reader& reader, const rules::Book& live);

// What became of one message that a book wanted to send.
struct ShadowFate {
  std::optional<Instant> sent;
  // Where it was not sent, or had to wait: why, the last reason. `none` where it never waited.
  rules::Reason reason = rules::Reason::none;
  bool skipped = false;
  bool operator==(const ShadowFate&) const = default;
};

enum class ShadowChange { only_before, only_after, moved, held_otherwise };
std::string_view to_string(ShadowChange change);

struct ShadowDifference {
  std::string contact;
  std::string playbook;
  std::string step;
  std::string message;
  rules::Kind kind = rules::Kind::value;
  ShadowChange change = ShadowChange::moved;
  std::optional<ShadowFate> before;  // none: that book never wanted it
  std::optional<ShadowFate> after;
  Instant at;  // the earlier of the two, for the order
};

struct ShadowComparison {
  Instant from;
  Instant until;
  std::size_t same = 0;  // sent by both at the same moment
  std::size_t sent_before = 0;
  std::size_t sent_after = 0;
  std::vector<ShadowDifference> differences;  // by time, then contact
};

// Compares what the two books do from `from` to `until`.
base::Result<ShadowComparison> compare_shadow(const std::shared_ptr<const config::Config>& live,
                                              const std::shared_ptr<const config::Config>& other,
                                              const ShadowRecord& record, Instant from,
                                              Instant until);

}  // namespace nurtured::daemon

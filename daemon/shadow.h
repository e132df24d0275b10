// A new book beside the live one (`nurtured simulate --shadow`): what the log recorded of the last
// days is played twice on the virtual clock, once with each book, and the two are compared message
// by message. It only reads: a store's Reader beside the running daemon.
//
// Both plays begin alike: everything that the log has of the time before goes through the live
// book, and the change comes as a reload would bring it. What the log does not tell is not known
// here either; `ShadowRecord` says how much that is.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "daemon/by_kind.h"
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

// What one book did in the compared time.
struct ShadowFigures {
  std::int64_t sent = 0;
  std::vector<ByKind> days;  // messages sent, by day UTC from the one of `from` on
  std::map<std::pair<std::string, std::string>, std::int64_t> messages;  // playbook, message → sent
  // Messages that had to wait, each once for each reason that held it.
  std::map<rules::Reason, std::int64_t> held;
  // Messages that did not leave, by their last reason; `none` of one that could not be made.
  std::map<rules::Reason, std::int64_t> left_out;
};

// How far messages moved is counted in steps, which end here; the last has no end.
inline constexpr std::array<base::Milliseconds, 5> shadow_move_steps = {
    std::chrono::hours{1}, std::chrono::hours{6}, std::chrono::hours{24}, std::chrono::hours{72},
    std::chrono::hours{168}};

struct ShadowComparison {
  Instant from;
  Instant until;
  ShadowFigures before;
  ShadowFigures after;
  std::int64_t same = 0;                  // sent by both at the same moment
  std::array<std::int64_t, 4> changes{};  // differences, by ShadowChange
  // Messages that moved, by how far: the shortest way first.
  std::array<ByKind, shadow_move_steps.size() + 1> earlier{};
  std::array<ByKind, shadow_move_steps.size() + 1> later{};
  std::vector<ShadowDifference> differences;  // by time, then contact

  std::int64_t count(ShadowChange change) const {
    return changes[static_cast<std::size_t>(change)];
  }
};

// Compares what the two books do from `from` to `until`.
base::Result<ShadowComparison> compare_shadow(const std::shared_ptr<const config::Config>& live,
                                              const std::shared_ptr<const config::Config>& other,
                                              const ShadowRecord& record, Instant from,
                                              Instant until);

}  // namespace nurtured::daemon

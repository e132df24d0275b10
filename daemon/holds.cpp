#include "daemon/holds.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "rules/gates.h"
#include "rules/migration.h"

namespace nurtured::daemon {
namespace {

using rules::Pending;
using rules::Reason;
using rules::TargetState;

constexpr std::size_t page_size = 500;

// By message, effect, reason and what is instead.
using Counts = std::map<std::tuple<std::string, HoldEffect, Reason, std::string>, std::int64_t>;

// What a book says of a message now.
struct Fate {
  Reason reason = Reason::none;  // none: it may go
  bool skipped = false;          // it will not go later either
};

// A provider has it, or may have it.
bool is_beyond_recall(const Pending& pending) {
  return std::ranges::any_of(pending.targets, [](const rules::Target& target) {
    return target.state == TargetState::committing || target.state == TargetState::departed ||
           target.state == TargetState::uncertain;
  });
}

Fate fate_of(const rules::Book& book, const rules::Pauses& pauses, const rules::Snapshot& snapshot,
             const Pending& pending, base::Instant now) {
  const rules::MessageInfo* message = book.message(pending.message);
  if (message == nullptr) return {Reason::failed, true};
  if (pending.expires && *pending.expires <= now) return {Reason::expired, true};
  const auto& enrollments = snapshot.contact.enrollments;
  const auto enrollment =
      std::ranges::find(enrollments, pending.enrollment, &rules::Enrollment::number);
  const rules::Verdict verdict =
      rules::judge(book, pauses, snapshot, enrollment == enrollments.end() ? nullptr : &*enrollment,
                   *message, pending, rules::route_of(book, pending), now);
  return {verdict.reason, !verdict.allowed() && (verdict.skip || pending.hold_until <= now)};
}

std::optional<std::pair<HoldEffect, Reason>> effect_of(const Fate& before, const Fate& after) {
  if (before.skipped) return std::nullopt;
  if (after.skipped) return std::pair(HoldEffect::left_out, after.reason);
  const bool was_held = before.reason != Reason::none;
  const bool is_held = after.reason != Reason::none;
  if (was_held == is_held) return std::nullopt;
  return is_held ? std::pair(HoldEffect::held, after.reason)
                 : std::pair(HoldEffect::freed, before.reason);
}

// What became of the message when its enrollment moved to another version; nullptr where nothing
// is left of it.
const Pending* same_in(const rules::Contact& contact, const Pending& pending) {
  const auto same = std::ranges::find_if(contact.pending, [&](const Pending& other) {
    return other.enrollment == pending.enrollment && other.turn == pending.turn &&
           other.since == pending.since;
  });
  return same == contact.pending.end() ? nullptr : &*same;
}

// True when the contact waits for anything that can be judged.
bool judge_contact(const HoldInput& input, const rules::Snapshot& snapshot, Counts& counts) {
  rules::Snapshot later = snapshot;
  if (input.migrate) later = rules::migrated(input.after, std::move(later), input.now);
  bool waits = false;
  for (const Pending& pending : snapshot.contact.pending) {
    if (is_beyond_recall(pending)) continue;
    waits = true;
    const Pending* moved = same_in(later.contact, pending);
    if (moved == nullptr) {
      ++counts[{pending.message, HoldEffect::left_out, Reason::none, {}}];
      continue;
    }
    const Fate before = fate_of(input.before, input.pauses, snapshot, pending, input.now);
    const Fate after = fate_of(input.after, input.pauses, later, *moved, input.now);
    if (moved->message != pending.message) {
      ++counts[{pending.message, HoldEffect::replaced, after.reason, moved->message}];
    } else if (const auto effect = effect_of(before, after)) {
      ++counts[{pending.message, effect->first, effect->second, {}}];
    }
  }
  return waits;
}

std::string_view to_string(HoldEffect effect) {
  switch (effect) {
    case HoldEffect::held:
      return "held";
    case HoldEffect::left_out:
      return "left_out";
    case HoldEffect::freed:
      return "freed";
    case HoldEffect::replaced:
      return "replaced";
  }
  return {};
}

std::string describe(const HoldChange& change) {
  const std::string_view reason = rules::to_string(change.reason);
  switch (change.effect) {
    case HoldEffect::held:
      return fmt::format("  - {}  {} newly held by {}\n", change.message, change.count, reason);
    case HoldEffect::left_out:
      if (change.reason == Reason::none) {
        return fmt::format("  - {}  {} left out, for the playbook ends without it\n",
                           change.message, change.count);
      }
      return fmt::format("  - {}  {} left out by {}\n", change.message, change.count, reason);
    case HoldEffect::freed:
      return fmt::format("  + {}  {} freed, held now by {}\n", change.message, change.count,
                         reason);
    case HoldEffect::replaced:
      return fmt::format(
          "  ~ {}  {} replaced by {}, {}\n", change.message, change.count, change.instead,
          change.reason == Reason::none ? "which may go" : fmt::format("which {} holds", reason));
  }
  return {};
}

}  // namespace

base::Result<HoldComparison> compare_holds(store::Reader& reader, const HoldInput& input) {
  HoldComparison holds;
  Counts counts;
  rules::ContactId last;
  std::size_t passed = 0;
  for (bool more = true; more;) {
    const auto page = reader.contacts_after(last, page_size);
    if (!page) return base::fail(page.error());
    more = page->size() == page_size;
    for (const rules::Contact& contact : *page) {
      if (passed >= input.bounds.contacts_max ||
          (holds.people >= input.bounds.people_max && !contact.pending.empty())) {
        holds.limited = true;
        more = false;
        break;
      }
      ++passed;
      last = contact.id;
      if (contact.pending.empty()) continue;
      // The states of the addresses, which count too, come with the contact alone. Merged or erased
      // meanwhile, it waits for nothing.
      const auto snapshot = reader.contact(contact.id);
      if (!snapshot) return base::fail(snapshot.error());
      if (*snapshot && (*snapshot)->contact.id == contact.id &&
          judge_contact(input, **snapshot, counts)) {
        ++holds.people;
      }
    }
  }
  for (const auto& [key, count] : counts) {
    const auto& [message, effect, reason, instead] = key;
    holds.changes.push_back({.message = message,
                             .effect = effect,
                             .reason = reason,
                             .count = count,
                             .instead = instead});
  }
  return holds;
}

std::string to_text(const HoldComparison& holds) {
  if (holds.changes.empty() && !holds.limited) return {};
  std::string out = "waiting messages";
  if (holds.limited) out += fmt::format(", of the first {} people who wait", holds.people);
  out += '\n';
  for (const HoldChange& change : holds.changes) out += describe(change);
  if (holds.changes.empty()) out += "  none is held or freed\n";
  return out;
}

cel::Value to_value(const HoldComparison& holds) {
  cel::List changes;
  changes.reserve(holds.changes.size());
  for (const HoldChange& change : holds.changes) {
    cel::Map its{{"message", change.message},
                 {"effect", to_string(change.effect)},
                 {"reason", rules::to_string(change.reason)},
                 {"messages", change.count}};
    if (change.effect == HoldEffect::replaced) its.set("instead", change.instead);
    changes.emplace_back(std::move(its));
  }
  return cel::Map{{"people", static_cast<std::int64_t>(holds.people)},
                  {"limited", holds.limited},
                  {"changes", std::move(changes)}};
}

}  // namespace nurtured::daemon

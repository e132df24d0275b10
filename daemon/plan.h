// What applying a workspace would change against what runs, and whom it concerns: `nurtured plan`.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/holds.h"
#include "rules/cel/value.h"
#include "rules/migration.h"
#include "store/types.h"

namespace nurtured::daemon {

enum class Change { added, changed, removed };

// People at one step of a version that is not the one that new enrollments start on.
struct StandingAtStep {
  std::string version;
  std::string step;  // its id; "#3" where the version's source is not known
  // Where they would go on if they were taken along (`--migrate`).
  rules::StepMatch match = rules::StepMatch::matched;
  std::int64_t people = 0;
  bool operator==(const StandingAtStep&) const = default;
};

struct PlaybookChange {
  std::string id;
  Change change = Change::changed;
  std::string before;  // versions; empty where there is none
  std::string after;
  std::int64_t people = 0;               // under way on any older version: they finish on it
  std::vector<StandingAtStep> standing;  // by version, then in the order of the steps
};

struct MessageChange {
  std::string name;
  Change change = Change::changed;
  // Removed, and a version with people under way names it: the stored copy serves.
  bool kept = false;
  std::int64_t people = 0;  // who may still be sent it
};

struct SettingChange {
  std::string name;  // "limits", "connectors.email", "segments.hot"; no values,
                     // which may be secret
  Change change = Change::changed;
  bool restart = false;  // takes effect at the next start
};

struct Plan {
  bool first = false;                     // nothing is applied yet
  bool migrate = false;                   // everybody who is under way is taken along
  bool files_changed = false;             // also where only comments did
  std::vector<PlaybookChange> playbooks;  // by id
  std::vector<MessageChange> messages;    // by name
  std::vector<SettingChange> settings;    // by name
  std::vector<std::string> refusals;      // why it may not be applied; empty: it may
  // What becomes of the messages that people wait for; none where nobody looked: a start and a
  // reload do not.
  std::optional<HoldComparison> holds;

  bool empty() const {
    return playbooks.empty() && messages.empty() && settings.empty() && refusals.empty();
  }
};

struct PlanInput {
  const config::Config* before = nullptr;  // knows the former versions; null: nothing is applied
  const config::Config& after;             // likewise
  std::vector<store::Standing> standing;
  // Messages whose files are gone and whose stored copies are in `after`, because people under way
  // need them.
  std::vector<std::string> kept;
  bool migrate = false;  // everybody who is under way is taken along
};

Plan make_plan(const PlanInput& input);

// Messages that the versions name with anybody standing in them: all that must stay in the store.
struct MessageUse {
  std::string message;
  std::int64_t people = 0;  // who may still be sent it: none of those that are past it
};
std::vector<MessageUse> messages_in_use(const rules::Book& book,
                                        const std::vector<store::Standing>& standing);

// Lines for a person, each with a line end.
std::string to_text(const Plan& plan);
// {"first", "playbooks": [{"id", "change", "before", "after", "people", "standing": [...]}],
// "messages", "settings", "refusals", "holds": to_value(HoldComparison) or null}
cel::Value to_value(const Plan& plan);

}  // namespace nurtured::daemon

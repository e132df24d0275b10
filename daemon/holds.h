// Which messages that people wait for a new book would hold or let go: what `nurtured plan` tells
// of settings, kinds, segments and playbooks that change. Every message is judged twice by the
// gates, by the book that runs and by the new one, as of the same moment. Writes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "rules/advance.h"
#include "rules/book.h"
#include "rules/cel/value.h"
#include "rules/contact.h"
#include "store/store.h"

namespace nurtured::daemon {

enum class HoldEffect {
  held,      // could go now, and would be held
  left_out,  // is waited for, and would never be sent
  freed,     // is held now, and could go
  replaced,  // by another message, which the step says in the version that people go to
};

// Messages of one name that meet the same.
struct HoldChange {
  std::string message;  // as it is called now
  HoldEffect effect = HoldEffect::held;
  // The gate that says no: in the new book, for what is freed in the one that runs. None where what
  // replaces it may go, and where its playbook ends without it.
  rules::Reason reason = rules::Reason::none;
  std::int64_t count = 0;
  std::string instead;  // of what is replaced: the message that is waited for from then on
  bool operator==(const HoldChange&) const = default;
};

struct HoldComparison {
  std::vector<HoldChange> changes;  // by message, then effect, then reason
  std::size_t people = 0;           // who wait and were judged
  bool limited = false;             // there may be more of them: the first, by id, were judged
};

struct HoldBounds {
  std::size_t people_max = 10'000;     // judged
  std::size_t contacts_max = 200'000;  // read to find them
};

struct HoldInput {
  const rules::Book& before;  // both know the former versions
  const rules::Book& after;
  const rules::Pauses& pauses;
  bool migrate = false;  // who is under way goes to the new versions first
  base::Instant now;
  HoldBounds bounds = {};
};

// Messages on their way are not judged: no book calls them back. Who gets a slot that several want
// is not decided here, so what is freed may still leave one after another. Reads page by page, on
// the reader's thread; errors are the reader's.
base::Result<HoldComparison> compare_holds(store::Reader& reader, const HoldInput& input);

// Lines for a person, each with a line end; none where nothing is held or freed and all were
// judged.
std::string to_text(const HoldComparison& holds);
// {"people", "limited", "changes": [{"message", "effect", "reason", "messages",
// "instead"}]}; `instead` only of what is replaced
cel::Value to_value(const HoldComparison& holds);

}  // namespace nurtured::daemon

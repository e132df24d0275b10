// The heart: one pure function from what is known of a contact and one input to everything that
// follows. The daemon, the simulator, `nurtured test` and the unit tests all call it. It never
// throws for anything that input can cause.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "rules/book.h"
#include "rules/silence.h"
#include "rules/transition.h"

namespace nurtured::rules {

// What an operator has paused by hand. Part of the daemon's state, not of the book.
struct Pauses {
  bool all = false;
  bool marketing = false;  // value, engagement and offer alone
  std::set<std::string, std::less<>> playbooks;
  std::set<std::string, std::less<>> connectors;
  std::vector<Silence> silences;
  std::int64_t silences_made = 0;  // the last one's id
};

// `now` never goes back for one contact. Timers due before `now` are handled first, then the input;
// a Wake handles those due at `now` as well. So it does not matter in which batch, or how late, an
// input arrives. Bounds: more than `steps_max` steps of one enrollment within an hour, with no wait
// and no event from outside in between, park it, where a message that no cap holds counts as
// `unheld_message_steps`; more than `events_max` emitted events are dropped and recorded.
struct AdvanceLimits {
  std::size_t steps_max = 1000;
  std::size_t unheld_message_steps = 20;
  std::size_t events_max = 100;
  // Tell which way enrollments went (Transition::passages): for coverage, not for daily use.
  bool trace_steps = false;
};

Transition advance(const Book& book, const Pauses& pauses, Snapshot snapshot, const Input& input,
                   Instant now, const AdvanceLimits& limits = {});

}  // namespace nurtured::rules

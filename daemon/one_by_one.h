// The careful way of taking a batch, after an unclean start: each input and each due timer alone,
// in a transaction of its own, marked in the crash record before it is taken. What follows is the
// same as of the batch (CONTRACT section 4: batching never changes a result).
#pragma once

#include <functional>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "daemon/crash_record.h"
#include "daemon/engine.h"
#include "store/store.h"

namespace nurtured::daemon {

// What came of it. After an error `results` has what was on disk before; a repeat of the inputs
// finds that done.
struct TakenInputs {
  std::vector<BatchResult> results;  // of each in turn
  base::Result<void> outcome;
};

// All of `inputs`, then timers due at `now`, up to a bound: the last result's `more` says that
// there are others. `alive` is called after each. On the engine's thread.
TakenInputs process_one_by_one(Engine& engine, store::Store& store, CrashRecord& record,
                               const std::vector<Arrived>& inputs, Instant now,
                               const std::function<void()>& alive);

}  // namespace nurtured::daemon

// The seam between whoever brings inputs (HTTP routes, control socket, dispatcher) and the thread
// that owns the engine.
#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "daemon/inputs.h"
#include "http/reply.h"

namespace nurtured::daemon {

// Told once, on the engine's thread: no error when every input of the call is on disk, `disk` when
// the store could not write (nothing of it happened, or, while inputs are taken one by one, what a
// repeat finds done), `unavailable` when the daemon ends before.
// HTTP answers are added to `replies`, which the engine's thread flushes after all callers of one
// commit were told. Must not block or throw.
using Done = std::function<void(const base::Result<void>& result, http::ReplyBatch& replies)>;

class Inbox {
 public:
  virtual ~Inbox() = default;
  // Queues the inputs, which arrive together and in this order. False when the inbox is full:
  // nothing was queued and `done` is never called. `done` may be empty. Any thread; never blocks.
  virtual bool submit(std::vector<EngineInput> inputs, Done done) = 0;
};

}  // namespace nurtured::daemon

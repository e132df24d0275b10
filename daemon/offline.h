// The running state without a daemon: the store under its lock, and an engine that takes inputs at
// once and fires no timers, so that an operator's command does what it says and nothing else.
// Deliveries that it leads to wait in the store for the next start.
#pragma once

#include <memory>
#include <string>

#include "base/instant.h"
#include "base/result.h"
#include "daemon/book_keeper.h"
#include "daemon/engine.h"
#include "daemon/inbox.h"
#include "daemon/operations.h"
#include "store/store.h"

namespace nurtured::daemon {

// Hands what is submitted to the engine on the calling thread; `done` is called before submit()
// returns.
class DirectInbox final : public Inbox {
 public:
  DirectInbox(Engine& engine, const base::Clock& clock) : engine_(engine), clock_(clock) {}
  bool submit(std::vector<EngineInput> inputs, Done done) override;

 private:
  Engine& engine_;
  const base::Clock& clock_;
};

class Offline {
 public:
  // Opens the store of the keeper's workspace: with its lock when `changing`, else as a reader
  // or, before the first start, as an empty one. `conflict` when a daemon has it. `keeper` and
  // `clock` outlive it.
  static base::Result<std::unique_ptr<Offline>> open(BookKeeper& keeper, const base::Clock& clock,
                                                     bool changing);

  Operations& operations() { return *operations_; }
  store::Reader& reader() { return store_ ? *store_ : *reader_; }

 private:
  Offline() = default;

  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::Reader> reader_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<DirectInbox> inbox_;
  std::unique_ptr<Operations> operations_;
};

}  // namespace nurtured::daemon

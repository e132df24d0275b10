// The thread that owns the engine and the store: gathers what arrives while a batch is syncing into
// the next batch (group commit), fires timers when they fall due, and answers callers after the
// commit. The rest of the daemon talks to it through Inbox and post().
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/instant.h"
#include "daemon/clock_watch.h"
#include "daemon/crash_record.h"
#include "daemon/engine.h"
#include "daemon/inbox.h"
#include "daemon/one_by_one.h"

namespace nurtured::daemon {

struct EngineThreadOptions {
  std::size_t inbox_inputs_max = 100'000;
  std::size_t batch_inputs_max = 2000;  // a larger submission is a batch of its own
  // While the disk refuses, timers and sends are tried again after this long.
  base::Milliseconds retry_after_error = std::chrono::seconds{1};
  base::Milliseconds maintain_every = std::chrono::seconds{5};  // when the inbox is never empty
  // Time since boot, sleep included, for ClockWatch. Empty: the clock is trusted.
  std::function<base::Milliseconds()> uptime;
  // Says when inputs are taken one by one, and outlives the thread. None: never.
  CrashRecord* crash_record = nullptr;
};

// What the thread tells the rest of the daemon. All calls are on the engine's thread and must not
// block.
class EngineListener {
 public:
  virtual ~EngineListener() = default;
  // Everything in it is on disk.
  virtual void on_batch(const BatchResult& result) = 0;
  // The store refused a batch; the callers were told. A fatal error is followed by nothing: the
  // process must end.
  virtual void on_store_error(const base::Error& error, bool fatal) = 0;
  // The clock was set by so much; marketing is held from now on.
  virtual void on_clock_jump(base::Milliseconds jump) = 0;
  // Once a second at the least, by the loop itself: what a watchdog may trust.
  virtual void on_alive(Instant now) = 0;
};

struct EngineThreadStats {
  std::uint64_t batches = 0;
  std::uint64_t inputs = 0;
  std::uint64_t wakes = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t store_errors = 0;
  std::size_t inbox = 0;      // waiting now
  std::size_t set_aside = 0;  // inputs that are not taken
};

class EngineThread final : public Inbox {
 public:
  // All references outlive it. Starts with start().
  EngineThread(Engine& engine, store::Store& store, const base::Clock& clock,
               EngineListener& listener, EngineThreadOptions options = {});
  // Takes nothing more, finishes what was taken, and joins.
  ~EngineThread() override;

  void start();
  // After this submit() refuses; what was taken is still committed and answered. Blocks until it is
  // done.
  void stop();

  bool submit(std::vector<EngineInput> inputs, Done done) override;
  // Runs `job` on the engine's thread between two batches: reload, pauses, reading through the one
  // writer.
  void post(std::function<void(Engine&, store::Store&)> job);

  EngineThreadStats stats() const;

 private:
  struct Submission {
    std::vector<EngineInput> inputs;
    Instant at;
    Done done;
  };

  void run();
  void wait();
  void run_batch();
  TakenInputs process(const std::vector<Arrived>& inputs, Instant now, bool one_by_one);
  void took(const BatchResult& result);
  std::vector<Submission> take_submissions(std::vector<Arrived>& inputs, std::size_t inputs_max);
  void finish(std::vector<Submission>& submissions, const base::Result<void>& outcome);
  void maintain(Instant now);
  void watch_clock();

  Engine& engine_;
  store::Store& store_;
  const base::Clock& clock_;
  EngineListener& listener_;
  EngineThreadOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Submission> inbox_;
  std::size_t inbox_inputs_ = 0;
  std::deque<std::function<void(Engine&, store::Store&)>> jobs_;
  bool stopping_ = false;
  EngineThreadStats stats_;

  // Of the thread alone.
  bool more_ = false;
  bool maintaining_ = true;
  bool failed_ = false;
  std::optional<Instant> next_due_;
  Instant maintained_;
  Instant last_at_;
  ClockWatch clock_watch_;
  std::thread thread_;
};

}  // namespace nurtured::daemon

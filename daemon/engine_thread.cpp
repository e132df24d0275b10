#include "daemon/engine_thread.h"

#include <algorithm>
#include <utility>

#include "daemon/one_by_one.h"
#include "daemon/pauses.h"

namespace nurtured::daemon {
namespace {

// The longest sleep: the clock may be set, and the watchdog wants to hear of the loop.
constexpr base::Milliseconds idle_max{500};

}  // namespace

EngineThread::EngineThread(Engine& engine, store::Store& store, const base::Clock& clock,
                           EngineListener& listener, EngineThreadOptions options)
    : engine_(engine),
      store_(store),
      clock_(clock),
      listener_(listener),
      options_(std::move(options)) {}

EngineThread::~EngineThread() {
  stop();
}

void EngineThread::start() {
  last_at_ = clock_.now();
  thread_ = std::thread([this] { run(); });
}

void EngineThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool EngineThread::submit(std::vector<EngineInput> inputs, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || inbox_inputs_ + inputs.size() > options_.inbox_inputs_max) return false;
    inbox_inputs_ += inputs.size();
    // The order in the queue is the order of arrival, so the moment is read under the same lock.
    last_at_ = std::max(last_at_, clock_.now());
    inbox_.push_back({std::move(inputs), last_at_, std::move(done)});
  }
  wake_.notify_one();
  return true;
}

void EngineThread::post(std::function<void(Engine&, store::Store&)> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

EngineThreadStats EngineThread::stats() const {
  const std::lock_guard lock(mutex_);
  EngineThreadStats stats = stats_;
  stats.inbox = inbox_inputs_;
  return stats;
}

void EngineThread::wait() {
  const Instant now = clock_.now();
  base::Milliseconds pause = idle_max;
  if (next_due_) pause = std::clamp(*next_due_ - now, base::Milliseconds{0}, idle_max);
  if (failed_) pause = std::min(options_.retry_after_error, idle_max);
  if (!failed_ && (more_ || maintaining_)) pause = base::Milliseconds{0};
  std::unique_lock lock(mutex_);
  const auto something = [&] { return stopping_ || !inbox_.empty() || !jobs_.empty(); };
  if (pause > base::Milliseconds{0}) wake_.wait_for(lock, pause, something);
}

void EngineThread::run() {
  for (;;) {
    wait();
    std::deque<std::function<void(Engine&, store::Store&)>> jobs;
    bool stop = false;
    {
      const std::lock_guard lock(mutex_);
      jobs.swap(jobs_);
      stats_.set_aside = engine_.set_aside_count();
      stop = stopping_ && inbox_.empty();
    }
    for (auto& job : jobs) job(engine_, store_);
    if (stop) return;
    watch_clock();
    run_batch();
    listener_.on_alive(clock_.now());
  }
}

std::vector<EngineThread::Submission> EngineThread::take_submissions(std::vector<Arrived>& inputs,
                                                                     std::size_t inputs_max) {
  std::vector<Submission> taken;
  const std::lock_guard lock(mutex_);
  while (!inbox_.empty()) {
    Submission& next = inbox_.front();
    if (!taken.empty() && inputs.size() + next.inputs.size() > inputs_max) break;
    inbox_inputs_ -= next.inputs.size();
    for (auto& input : next.inputs) inputs.push_back({std::move(input), next.at});
    taken.push_back(std::move(next));
    inbox_.pop_front();
  }
  return taken;
}

void EngineThread::run_batch() {
  const bool one_by_one =
      options_.crash_record != nullptr && options_.crash_record->is_one_by_one(clock_.now());
  std::vector<Arrived> inputs;
  // One by one, each caller is answered before the next one's inputs are taken.
  std::vector<Submission> taken =
      take_submissions(inputs, one_by_one ? 1 : options_.batch_inputs_max);
  const Instant now = std::max(clock_.now(), inputs.empty() ? Instant{} : inputs.back().at);
  const bool due = more_ || failed_ || (next_due_ && *next_due_ <= now) || !next_due_;
  if (inputs.empty() && !due) {
    maintain(now);
    return;
  }
  const auto [results, outcome] = process(inputs, now, one_by_one);
  failed_ = !outcome;
  finish(taken, outcome);
  for (const auto& result : results) took(result);
  if (!outcome) {
    {
      const std::lock_guard lock(mutex_);
      ++stats_.store_errors;
    }
    listener_.on_store_error(outcome.error(), store::is_fatal(outcome.error()));
    return;
  }
  maintaining_ = true;
  if (const auto next = engine_.next_due()) {
    next_due_ = next->value_or(base::instant_max);
  } else {
    failed_ = true;
    listener_.on_store_error(next.error(), store::is_fatal(next.error()));
  }
  if (now - maintained_ >= options_.maintain_every) maintain(now);
}

TakenInputs EngineThread::process(const std::vector<Arrived>& inputs, Instant now,
                                  bool one_by_one) {
  if (one_by_one) {
    return process_one_by_one(engine_, store_, *options_.crash_record, inputs, now,
                              [this] { listener_.on_alive(clock_.now()); });
  }
  TakenInputs batch;
  auto result = engine_.process(inputs, now);
  if (result) {
    batch.results.push_back(*std::move(result));
  } else {
    batch.outcome = base::fail(result.error());
  }
  return batch;
}

void EngineThread::took(const BatchResult& result) {
  {
    const std::lock_guard lock(mutex_);
    ++stats_.batches;
    stats_.inputs += result.inputs;
    stats_.wakes += result.wakes;
    stats_.duplicates += result.duplicates;
  }
  listener_.on_batch(result);
  more_ = result.more;
}

void EngineThread::finish(std::vector<Submission>& submissions, const base::Result<void>& outcome) {
  http::ReplyBatch replies;
  for (auto& submission : submissions) {
    if (submission.done) submission.done(outcome, replies);
  }
}

void EngineThread::watch_clock() {
  if (!options_.uptime) return;
  const Instant now = clock_.now();
  const auto jump = clock_watch_.look(now, options_.uptime());
  if (!jump) return;
  if (const auto held = hold_marketing(engine_, store_, now); !held) {
    listener_.on_store_error(held.error(), store::is_fatal(held.error()));
  }
  next_due_.reset();
  listener_.on_clock_jump(*jump);
}

void EngineThread::maintain(Instant now) {
  maintained_ = now;
  const auto more = store_.maintain(now);
  maintaining_ = more.value_or(false);
  if (!more) listener_.on_store_error(more.error(), store::is_fatal(more.error()));
}

}  // namespace nurtured::daemon

#include "daemon/one_by_one.h"

#include "daemon/set_aside.h"

namespace nurtured::daemon {
namespace {

// Of one round, after which new inputs get their turn.
constexpr std::size_t timers_max = 100;

}  // namespace

TakenInputs process_one_by_one(Engine& engine, store::Store& store, CrashRecord& record,
                               const std::vector<Arrived>& inputs, Instant now,
                               const std::function<void()>& alive) {
  TakenInputs taken;
  const auto take = [&](const std::vector<Arrived>& one, Timers timers) {
    auto result = engine.process(one, now, timers);
    record.input().clear();
    if (!result) {
      taken.outcome = base::fail(result.error());
      return false;
    }
    taken.results.push_back(*std::move(result));
    alive();
    return true;
  };
  for (const auto& arrived : inputs) {
    mark(record.input(), to_set_aside(arrived.input, arrived.at));
    if (!take({arrived}, Timers::later)) return taken;
  }
  for (std::size_t i = 0; i < timers_max; ++i) {
    const auto due = store.due(now, 1);
    if (!due) {
      taken.outcome = base::fail(due.error());
      return taken;
    }
    if (!due->empty()) mark(record.input(), to_set_aside(due->front(), now));
    // What the inputs asked to be judged anew is done with the first timer, or without one.
    if (!take({}, Timers::one)) return taken;
    if (due->empty()) break;
  }
  return taken;
}

}  // namespace nurtured::daemon

#include "daemon/one_by_one.h"

#include <iterator>

#include "daemon/set_aside.h"

namespace nurtured::daemon {
namespace {

// Of one round, after which new inputs get their turn.
constexpr std::size_t timers_max = 100;

template <class T>
void append(std::vector<T>& into, std::vector<T>& from) {
  into.insert(into.end(), std::make_move_iterator(from.begin()),
              std::make_move_iterator(from.end()));
}

void append(BatchResult& into, BatchResult from) {
  append(into.deliveries, from.deliveries);
  append(into.decisions, from.decisions);
  append(into.notifications, from.notifications);
  append(into.due, from.due);
  into.inputs += from.inputs;
  into.duplicates += from.duplicates;
  into.set_aside += from.set_aside;
  into.wakes += from.wakes;
  into.events += from.events;
  into.more = from.more;
}

}  // namespace

base::Result<BatchResult> process_one_by_one(Engine& engine, store::Store& store,
                                             CrashRecord& record,
                                             const std::vector<Arrived>& inputs, Instant now,
                                             const std::function<void()>& alive) {
  BatchResult all;
  const auto take = [&](const std::vector<Arrived>& one, Timers timers) -> base::Result<void> {
    auto result = engine.process(one, now, timers);
    record.input().clear();
    if (!result) return base::fail(result.error());
    append(all, *std::move(result));
    alive();
    return {};
  };
  for (const auto& arrived : inputs) {
    mark(record.input(), to_set_aside(arrived.input, arrived.at));
    if (auto done = take({arrived}, Timers::later); !done) return base::fail(done.error());
  }
  for (std::size_t i = 0; i < timers_max; ++i) {
    const auto due = store.due(now, 1);
    if (!due) return base::fail(due.error());
    if (!due->empty()) mark(record.input(), to_set_aside(due->front(), now));
    // What the inputs asked to be judged anew is done with the first timer, or without one.
    if (auto done = take({}, Timers::one); !done) return base::fail(done.error());
    if (due->empty()) break;
  }
  return all;
}

}  // namespace nurtured::daemon

// The engine on a virtual clock: events in, what happened out, nothing leaves the machine and every
// send succeeds at once. `nurtured simulate`, the property tests and the documentation's examples
// run on it; the engine, the rules and the rendering are the daemon's own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "config/config.h"
#include "daemon/engine.h"
#include "daemon/tracking.h"

namespace nurtured::daemon {

// One thing that happened, as CONTRACT section 5 prints it.
struct SimulatedLine {
  rules::Decision decision;
  std::string contact;
  std::string subject;  // of a send
};

struct SimulationOptions {
  // What a send ends in, drawn for each attempt; the default is that every send succeeds. Tests
  // draw faults here.
  std::function<rules::Outcome(const rules::Delivery&, Instant now)> outcome;
  // What a connector gives back for a call, a map; the default is that it gives nothing.
  std::function<cel::Value(const rules::Delivery&)> output;
  // Told of each message that has just left, with all it was made of: what its receiver does about
  // it is given back to Simulation::later.
  std::function<void(const DeliveryNotice&, Instant now)> departed;
  // Told of each step that an enrollment comes to.
  std::function<void(const rules::Passage&)> passed;
  // How many events that arrive at one moment are taken in one batch; 0: all of them.
  std::function<std::size_t()> batch_size;
  // The clock begins here at the earliest: what occurred before arrives then, late.
  std::optional<Instant> from;
  // Messages are rendered, so that a template that fails is found; tests of the rules alone leave
  // it out.
  bool render = true;
};

class Simulation {
 public:
  using Print = std::function<void(const SimulatedLine&)>;

  // `store` is fresh, a store::MemoryStore that remembers messageIds as long as the daemon for
  // `simulate`; tests also give others. Both outlive it.
  Simulation(std::shared_ptr<const config::Config> config, store::EngineStore& store, Print print,
             SimulationOptions options = {});

  // Feeds `events` in the order of their time (`occurred_at`; equal ones in the given order) and
  // runs the clock until `until`, inclusive. May be called again with later events.
  base::Result<void> run(std::vector<EventInput> events, Instant until);

  // Feeds one more input at `at`, after all others of that moment that are known by then; what is
  // past comes at once. It waits here over the end of a run. May be called from `departed`.
  void later(Instant at, EngineInput input) { agenda_.emplace(at, std::move(input)); }

  Engine& engine() { return engine_; }

 private:
  void enter(std::vector<EventInput> events);
  std::vector<Arrived> take_from_agenda(Instant now);
  base::Result<void> maintain_on_a_new_day(Instant now);
  base::Result<void> step(const std::vector<Arrived>& inputs, Instant now, Timers timers,
                          std::vector<Arrived>& follow);
  void print(const BatchResult& result);
  Arrived answer(const DeliveryNotice& notice, Instant now);

  std::shared_ptr<const config::Config> config_;
  store::EngineStore& store_;
  Engine engine_;
  Print print_;
  SimulationOptions options_;
  std::multimap<Instant, EngineInput> agenda_;  // of one moment, in the order in which they came
  std::map<rules::Kind, MessageLinks> links_;
  std::optional<std::chrono::sys_days> maintained_;
  std::map<std::string, std::string> subjects_;  // delivery → what was rendered
};

// The line as JSON, with only what there is to say: {"at": …, "contact": …, "do": "send", …}. Empty
// for decisions that `simulate` does not print.
std::string to_json_line(const SimulatedLine& line);

}  // namespace nurtured::daemon

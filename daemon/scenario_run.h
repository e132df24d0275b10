// One scenario played: its people are made, its events happen, the clock runs to its end, and what
// followed is given back for daemon/scenario_judge.h. The engine, the rules and the rendering are
// the daemon's own (daemon/simulation.h); nothing leaves the machine. Deterministic.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/scenario.h"
#include "daemon/simulation.h"

namespace nurtured::daemon {

// A line of the simulation.
struct PlayedLine {
  Instant at;
  Instant until;  // of a hold: when it ended; `at` for anything else
  std::size_t contact = 0;
  rules::Decision decision;  // an event that the scenario made: action "event", its name as detail
  std::string subject;       // of a send
};

// What a contact is from `at` on, as far as scenarios expect anything of it.
struct PlayedState {
  Instant at;
  std::string stage;
  double score = 0;
  std::vector<std::string> tags;
  std::vector<std::string> segments;
  std::map<std::string, cel::Value, std::less<>> attributes;
};

struct Played {
  std::vector<PlayedLine> lines;                 // in the order in which they happened
  std::vector<std::vector<PlayedState>> states;  // of each contact, by time
  // What was to happen and could not: somebody follows a link that no message had. Places are the
  // events'.
  std::vector<base::Error> faults;
};

// `passed` is told of each step that an enrollment comes to; may be empty. Errors are the
// simulation's own.
base::Result<Played> play(const std::shared_ptr<const config::Config>& config,
                          const config::Scenario& scenario,
                          const std::function<void(const rules::Passage&)>& passed);

}  // namespace nurtured::daemon

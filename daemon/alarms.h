// What the humans are told without having asked: in the log, and by `notify` where nurtured.yaml
// says how to reach them.
#pragma once

#include <string>
#include <vector>

#include "base/instant.h"
#include "config/problem.h"
#include "daemon/book_keeper.h"
#include "daemon/dispatcher.h"

namespace nurtured::daemon {

// Errors and warnings, one line each.
void log_problems(const std::vector<config::Problem>& problems);
// ": PATH:LINE:COL: TEXT" of the first error, as the end of a sentence; "" without any.
std::string first_error(const std::vector<config::Problem>& problems);

// Any thread.
class Alarms {
 public:
  // All of it outlives the object.
  Alarms(const BookKeeper& keeper, Dispatcher& dispatcher, const base::Clock& clock)
      : keeper_(keeper), dispatcher_(dispatcher), clock_(clock) {}

  // The workspace's files, or the store. `topic` tells alarms of one moment apart.
  void raise(const std::string& topic, const std::string& text);
  // A connector stopped, rests or works again. What would have to tell of its own failure is only
  // logged.
  void raise(const ConnectorAlarm& alarm);

 private:
  const BookKeeper& keeper_;
  Dispatcher& dispatcher_;
  const base::Clock& clock_;
};

}  // namespace nurtured::daemon

// What the humans are told without having asked: in the log, and by `notify` where nurtured.yaml
// says how to reach them.
#pragma once

#include <string>

#include "base/instant.h"
#include "daemon/book_keeper.h"
#include "daemon/dispatcher.h"

namespace nurtured::daemon {

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

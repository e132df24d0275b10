// What the people of a scenario do about the messages that they got, as inputs of the engine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/scenario.h"
#include "daemon/engine.h"

namespace nurtured::daemon {

// The messages that one contact got, in their order.
class Mailbox {
 public:
  void put(DeliveryNotice notice) { messages_.push_back(std::move(notice)); }

  // The latest of that name and by that channel; empty ones mean any. nullptr for none.
  const DeliveryNotice* latest(const std::string& message, const std::string& channel) const;
  // From the latest to the first.
  std::vector<const DeliveryNotice*> all(const std::string& message) const;

 private:
  std::vector<DeliveryNotice> messages_;
};

// What happens, as the engine takes it, and the message that it is about.
struct Act {
  EngineInput input;
  const DeliveryNotice* message = nullptr;  // in the mailbox; nullptr: none
};

// `not_found` when there is no message that this could be done about, with what there is.
// `what` is no EventHappens.
base::Result<Act> act_of(const config::Config& config, const config::Happening& what,
                         const config::ScenarioContact& contact, rules::ContactId id,
                         const Mailbox& mailbox, Instant now);

}  // namespace nurtured::daemon

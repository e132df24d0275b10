// The inbound side of a connector: what it found in a mailbox, and where that goes. The connector
// knows neither the engine nor the store; the daemon gives it this.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nurtured::connectors {

enum class MailTaken {
  handled,   // it is ours, and what it means is on disk
  not_ours,  // leave it as it is
  later,     // it could not be kept: give it again
};

// All of it may be called from any thread, and outlives the connector that has it.
struct Intake {
  // Blocks until what the mail means is on disk.
  std::function<MailTaken(std::string_view bytes)> mail;
  // What the connector wanted remembered, last; empty text where nothing was. Blocks.
  std::function<base::Result<std::string>()> place;
  // Remembers it, soon after. An older place that is remembered means that mail is looked at again,
  // which changes nothing.
  std::function<void(std::string place)> keep_place;
  // Once when it begins to fail, and without an error once it works again.
  std::function<void(const std::optional<base::Error>& failure)> state;
};

}  // namespace nurtured::connectors

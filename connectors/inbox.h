// The inbound side of a connector: what it found in a mailbox or a messenger, and where that goes.
// The connector knows neither the engine nor the store; the daemon gives it this.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connectors/chat.h"

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
  // Takes what people did in a messenger, in this order. `done` is told once, on any thread: true
  // when all of it is on disk, false when it is to be given again. Does not block.
  std::function<void(std::vector<ChatUpdate> updates, std::function<void(bool kept)> done)> chat;
  // What the connector wanted remembered, last; empty text where nothing was. Blocks.
  std::function<base::Result<std::string>()> place;
  // Remembers it, soon after. An older place that is remembered means that mail is looked at again,
  // which changes nothing.
  std::function<void(std::string place)> keep_place;
  // Once when it begins to fail, and without an error once it works again.
  std::function<void(const std::optional<base::Error>& failure)> state;
};

}  // namespace nurtured::connectors

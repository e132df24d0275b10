// What a connector that reads a mailbox is given: the way from a mail's bytes to the engine, and
// the place in the store where it is kept how far the mailbox was read.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/instant.h"
#include "config/secret.h"
#include "connectors/inbox.h"
#include "daemon/engine_thread.h"

namespace nurtured::daemon {

// All of it outlives the intake.
struct MailIntakeContext {
  EngineThread& engine;
  const config::Secret& store_key;
  const base::Clock& clock;
};

// `tell` hears when the mailbox begins to fail, and when it works again; on the mailbox's thread.
connectors::Intake make_intake(MailIntakeContext context, const std::string& connector,
                               std::function<void(const std::optional<base::Error>& failure)> tell);

}  // namespace nurtured::daemon

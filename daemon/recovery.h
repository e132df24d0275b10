// The deliveries that a crash or a stop left under way. Once, at a start.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "daemon/crash_record.h"
#include "daemon/engine.h"
#include "daemon/inputs.h"
#include "store/store.h"

namespace nurtured::daemon {

struct RecoveredDeliveries {
  std::vector<DeliveryNotice> ready;  // provably not sent: for the dispatcher
  // Of those that were with a connector, for the engine: they may have left, unless their receiver
  // knows our key and takes a repeat for what it is.
  std::vector<EngineInput> outcomes;
};

// `rendering` is what was being rendered when the process died, if anything: it had not been handed
// to its connector, so it is provably unsent, or has failed where it ended the process again and
// again. Errors are the store's.
base::Result<RecoveredDeliveries> recover_deliveries(store::Reader& reader,
                                                     const config::Config& config,
                                                     const std::optional<Suspect>& rendering = {});

// How far the humans have been told what `notify` steps said. Stored: the key must never change.
inline constexpr std::string_view told_key = "told";
store::MetaEntry told_entry(base::Instant until);
// What they have not been told yet, oldest first.
base::Result<std::vector<rules::Notification>> untold_notifications(store::Reader& reader);

}  // namespace nurtured::daemon

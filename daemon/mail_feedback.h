// What a mail that came back means to the engine: the seam between connectors/inbound_mail.h, which
// reads anybody's mail, and the engine, which acts. Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "config/secret.h"
#include "daemon/inputs.h"

namespace nurtured::daemon {

// nullopt when the mail is none of ours: no token of it is one that `store_key` made. A forged
// bounce therefore has no effect, and private mail is left alone. Empty when it is ours and changes
// nothing, as a report of a delay. `bytes` as for parse_inbound_mail(); the same mail gives inputs
// that the engine takes once.
std::optional<std::vector<EngineInput>> inputs_of_mail(const config::Secret& store_key,
                                                       std::string_view bytes);

}  // namespace nurtured::daemon

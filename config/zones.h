// The IANA time zones of the system's tz database.
#pragma once

#include "base/result.h"
#include "rules/calendar.h"

namespace nurtured::config {

// Every zone and every alias by its name; a zone's rules are read when it is first used.
// `not_found` when the system has no tz database (Debian's package tzdata).
base::Result<rules::ZoneTable> system_zones();

}  // namespace nurtured::config

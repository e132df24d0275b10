// The IANA time zones of the system's tz database.
#pragma once

#include <string>

#include "base/result.h"
#include "config/section.h"
#include "rules/calendar.h"

namespace nurtured::config {

// Every zone and every alias by its name; a zone's rules are read when it is first used.
// `not_found` when the system has no tz database (Debian's package tzdata).
base::Result<rules::ZoneTable> system_zones();

// Whether there is that zone; reported at `place` where there is none.
bool check_zone(const std::string& name, const rules::ZoneTable& zones, const base::Place& place,
                Problems& problems);

}  // namespace nurtured::config

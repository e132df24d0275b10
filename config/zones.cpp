#include "config/zones.h"

#include <stdexcept>

#include <date/tz.h>

namespace nurtured::config {

base::Result<rules::ZoneTable> system_zones() {
  try {
    const date::tzdb& database = date::get_tzdb();
    rules::ZoneTable zones;
    for (const date::time_zone& zone : database.zones) {
      zones.emplace(zone.name(), rules::Zone(&zone));
    }
#if !USE_OS_TZDB
    for (const auto& link : database.links) {
      const auto target = zones.find(link.target());
      if (target != zones.end()) zones.emplace(link.name(), target->second);
    }
#endif
    zones.try_emplace("UTC", rules::Zone());
    return zones;
  } catch (const std::runtime_error& fault) {
    return base::fail(base::ErrorKind::not_found,
                      std::string("the time zone database cannot be read: ") + fault.what(),
                      "install the package tzdata");
  }
}

}  // namespace nurtured::config

#include "config/zones.h"

#include <stdexcept>
#include <vector>

#include <date/tz.h>
#include <fmt/format.h>

#include "base/encoding.h"
#include "config/names.h"

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

bool check_zone(const std::string& name, const rules::ZoneTable& zones, const base::Place& place,
                Problems& problems) {
  if (zones.contains(name)) return true;
  // Abbreviations are near to everything, and mean another clock.
  std::vector<std::string> names = keys_of(zones);
  std::erase_if(names,
                [](const std::string& other) { return other.find('/') == std::string::npos; });
  problems.error(place, fmt::format("there is no time zone `{}`", base::cut_utf8(name, 60)),
                 did_you_mean(name, names, "write an IANA name such as Europe/Moscow"));
  return false;
}

}  // namespace nurtured::config

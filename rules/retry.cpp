#include "rules/retry.h"

#include <algorithm>
#include <array>

#include "base/digest.h"

namespace nurtured::rules {
namespace {

using std::chrono::minutes;

// The last is repeated. RFC 5321 section 4.5.4.1 asks for 30 minutes between most attempts.
constexpr std::array<minutes, 6> delays = {minutes{5},  minutes{15},  minutes{30},
                                           minutes{60}, minutes{120}, minutes{240}};

}  // namespace

base::Milliseconds retry_delay(const std::string& key, std::uint32_t attempt,
                               const std::optional<base::Milliseconds>& asked) {
  if (asked) return std::max(*asked, base::Milliseconds{1000});
  const std::size_t number = std::clamp<std::size_t>(attempt, 1, delays.size());
  const base::Milliseconds delay = delays.at(number - 1);
  const auto digest = base::sha256(key + "#" + std::to_string(attempt));
  const std::int64_t spread = delay.count() / 5;
  const std::int64_t drawn =
      (std::int64_t{digest[0]} * 256 + digest[1]) * 2 * spread / 65536 - spread;
  return delay + base::Milliseconds{drawn};
}

}  // namespace nurtured::rules

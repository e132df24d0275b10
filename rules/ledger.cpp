#include "rules/ledger.h"

#include <algorithm>
#include <chrono>

namespace nurtured::rules {

void Ledger::depart(Departure departure, std::size_t window) {
  departures.push_back(departure);
  const Instant needed_since = departure.at - std::chrono::hours{24 * 9};
  while (departures.size() > std::max<std::size_t>(window, 1) &&
         (departures.front().at < needed_since || departures.size() > departures_max)) {
    departures.erase(departures.begin());
  }
}

void Ledger::take_back_latest(Kind kind, Instant until) {
  const auto found = std::find_if(departures.rbegin(), departures.rend(), [&](const Departure& d) {
    return d.kind == kind && d.at <= until;
  });
  if (found != departures.rend()) departures.erase(std::next(found).base());
}

void Ledger::take_back(const Departure& departure) {
  const auto found = std::find(departures.rbegin(), departures.rend(), departure);
  if (found != departures.rend()) departures.erase(std::next(found).base());
}

}  // namespace nurtured::rules

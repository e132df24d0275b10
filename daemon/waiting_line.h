// The deliveries that wait for one connector, in the order in which they go: first come, first
// served, but for those whose address was written to a moment ago where the connector wants a gap
// between two messages to one (connectors::Descriptor::per_destination). Such a one lets the others
// pass, and goes before them once it may; those to one address keep their order. Decides and
// remembers; it sends nothing and sets no timer. Used by the dispatcher, on its thread.
//
// It remembers the addresses of one gap's time: their number is bounded by the connector's rate.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/instant.h"
#include "connectors/connector.h"
#include "rules/contact.h"

namespace nurtured::daemon {

struct WaitingDelivery {
  std::string key;
  rules::ContactId contact;
  std::string to;
};

class WaitingLine {
 public:
  using Gap = connectors::DestinationGap;

  // From the next departure on; null, as in the beginning: no gap anywhere.
  void use(Gap gap) { gap_ = gap; }

  // A key that waits already is ignored: false.
  bool add(WaitingDelivery delivery);
  // The one that may go now; null where there is none. Valid until the next change. A clock that
  // was set back makes nobody wait longer.
  const WaitingDelivery* front(base::Instant now);
  // Takes what front() has just shown, and counts it as a message to its address.
  WaitingDelivery pop(base::Instant now);
  // What pop() gave at `popped` did not go, so its address need not wait for it.
  void give_back(const std::string& to, base::Instant popped);
  // When the first of those that wait for their address may go, while front() has none.
  std::optional<base::Instant> next() const;

  std::size_t size() const { return keys_.size(); }
  bool empty() const { return keys_.empty(); }
  // Takes all of them out, in no order that means anything.
  std::vector<WaitingDelivery> clear();

 private:
  struct Destination {
    base::Instant free_at;
    std::deque<WaitingDelivery> queue;
  };

  base::Milliseconds gap_to(std::string_view to) const;
  void set_free_at(const std::string& to, base::Instant free_at);
  void set_all_free(base::Instant now);

  Gap gap_ = nullptr;
  std::deque<WaitingDelivery> waiting_;
  std::unordered_map<std::string, Destination> destinations_;
  std::set<std::pair<base::Instant, std::string>> by_time_;  // each of destinations_ once
  std::unordered_set<std::string> keys_;
  base::Instant latest_{};  // that front() was asked about
};

}  // namespace nurtured::daemon

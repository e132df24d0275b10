#include "daemon/waiting_line.h"

#include <iterator>

namespace nurtured::daemon {

bool WaitingLine::add(WaitingDelivery delivery) {
  if (!keys_.insert(delivery.key).second) return false;
  waiting_.push_back(std::move(delivery));
  return true;
}

const WaitingDelivery* WaitingLine::front(base::Instant now) {
  if (now < latest_) set_all_free(now);
  latest_ = now;
  while (!by_time_.empty() && by_time_.begin()->first <= now) {
    const auto found = destinations_.find(by_time_.begin()->second);
    if (!found->second.queue.empty()) return &found->second.queue.front();
    destinations_.erase(found);
    by_time_.erase(by_time_.begin());
  }
  // Whoever is still remembered was written to a moment ago.
  while (!waiting_.empty()) {
    const auto busy = destinations_.find(waiting_.front().to);
    if (busy == destinations_.end()) return &waiting_.front();
    busy->second.queue.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return nullptr;
}

WaitingDelivery WaitingLine::pop(base::Instant now) {
  const bool has_waited = !by_time_.empty() && by_time_.begin()->first <= now;
  auto& queue = has_waited ? destinations_.find(by_time_.begin()->second)->second.queue : waiting_;
  WaitingDelivery delivery = std::move(queue.front());
  queue.pop_front();
  keys_.erase(delivery.key);
  const base::Milliseconds gap = gap_to(delivery.to);
  if (has_waited || gap > base::Milliseconds{0}) set_free_at(delivery.to, now + gap);
  return delivery;
}

void WaitingLine::give_back(const std::string& to, base::Instant popped) {
  const auto found = destinations_.find(to);
  if (found == destinations_.end() || found->second.free_at != popped + gap_to(to)) return;
  set_free_at(to, popped);
}

std::optional<base::Instant> WaitingLine::next() const {
  for (const auto& [free_at, to] : by_time_) {
    if (!destinations_.find(to)->second.queue.empty()) return free_at;
  }
  return std::nullopt;
}

std::vector<WaitingDelivery> WaitingLine::clear() {
  std::vector<WaitingDelivery> all(std::make_move_iterator(waiting_.begin()),
                                   std::make_move_iterator(waiting_.end()));
  for (auto& [to, destination] : destinations_) {
    all.insert(all.end(), std::make_move_iterator(destination.queue.begin()),
               std::make_move_iterator(destination.queue.end()));
  }
  const Gap gap = gap_;
  *this = {};
  gap_ = gap;
  return all;
}

void WaitingLine::set_all_free(base::Instant now) {
  by_time_.clear();
  for (auto& [to, destination] : destinations_) {
    destination.free_at = now;
    by_time_.emplace(now, to);
  }
}

base::Milliseconds WaitingLine::gap_to(std::string_view to) const {
  return gap_ == nullptr ? base::Milliseconds{0} : gap_(to);
}

void WaitingLine::set_free_at(const std::string& to, base::Instant free_at) {
  Destination& destination = destinations_[to];
  by_time_.erase({destination.free_at, to});
  destination.free_at = free_at;
  by_time_.emplace(free_at, to);
}

}  // namespace nurtured::daemon

#include "daemon/outlet.h"

#include <cmath>

namespace nurtured::daemon {

double Outlet::tokens_at(base::Instant now) const {
  const double seconds =
      static_cast<double>(std::max<std::int64_t>(0, (now - refilled_).count())) / 1000.0;
  return std::min(burst(), tokens_ + seconds * limits_.rate);
}

bool Outlet::take(base::Instant now) {
  if (resting(now) || in_use_ >= std::max(1, limits_.concurrency)) return false;
  // While it has failed too often, one message at a time tries whether it works again.
  if (failures_ >= failures_max && in_use_ > 0) return false;
  if (limits_.rate > 0) {
    const double tokens = tokens_at(now);
    if (tokens < 1.0) return false;
    tokens_ = tokens - 1.0;
    refilled_ = now;
  }
  ++in_use_;
  return true;
}

std::optional<base::Instant> Outlet::next(base::Instant now) const {
  if (stopped_) return std::nullopt;
  if (now < rest_until_) return rest_until_;
  if (limits_.rate <= 0) return std::nullopt;
  const double tokens = tokens_at(now);
  if (tokens >= 1.0) return std::nullopt;
  return now + base::Milliseconds{
                   static_cast<std::int64_t>(std::ceil((1.0 - tokens) * 1000.0 / limits_.rate))};
}

void Outlet::failed(base::Instant now, std::optional<base::Milliseconds> retry_after) {
  ++failures_;
  if (retry_after) {
    rest_until_ = std::max(rest_until_, now + *retry_after);
  } else if (failures_ >= failures_max) {
    const int doublings = std::min(failures_ - failures_max, 6);
    rest_until_ = std::max(rest_until_, now + std::min(rest_min * (1 << doublings), rest_max));
  }
}

}  // namespace nurtured::daemon

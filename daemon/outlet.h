// How fast one connector may be used: a rate, a number at a time, and a breaker that rests it when
// it only fails. Decides and counts; it sends nothing and sets no timer. Used by the dispatcher, on
// its thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/instant.h"
#include "connectors/connector.h"

namespace nurtured::daemon {

class Outlet {
 public:
  explicit Outlet(connectors::Limits limits, base::Instant now)
      : limits_(limits), tokens_(burst()), refilled_(now) {}

  // Takes a place and a token for one message; false when there is none now.
  bool take(base::Instant now);
  // Gives back what take() took: the message is through, or did not need it.
  void give_back() { --in_use_; }
  // When take() may succeed again without a give_back(); nullopt when it may now, or only after
  // one.
  std::optional<base::Instant> next(base::Instant now) const;

  void succeeded() { failures_ = 0; }
  // The connector as a whole did not work. After `failures_max` in a row it rests, longer each
  // time.
  void failed(base::Instant now, std::optional<base::Milliseconds> retry_after);
  // By hand, or because its credentials were refused: until released.
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }
  bool resting(base::Instant now) const { return stopped_ || now < rest_until_; }
  int in_use() const { return in_use_; }

  static constexpr int failures_max = 5;
  static constexpr base::Milliseconds rest_min = std::chrono::seconds{15};
  static constexpr base::Milliseconds rest_max = std::chrono::minutes{10};

 private:
  // A tenth of a second's worth, so that a rate is even without a timer a message.
  double burst() const { return std::max(1.0, limits_.rate / 10); }
  double tokens_at(base::Instant now) const;

  connectors::Limits limits_;
  double tokens_;
  base::Instant refilled_;
  int in_use_ = 0;
  int failures_ = 0;
  base::Instant rest_until_{};
  bool stopped_ = false;
};

}  // namespace nurtured::daemon

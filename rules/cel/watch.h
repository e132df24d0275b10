// Notes, while an expression is evaluated, when its answer can next change though nothing but the
// clock moves: "no purchase for 30 days" without asking everybody every minute. Every comparison
// and part of a time that moves with the clock tells how far it is from turning out otherwise; as
// long as none of those that were evaluated turns, the same ones are evaluated with the same
// answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "rules/cel/value.h"

namespace nurtured::cel {

// How a time moves with the clock: with it (`now`, `now - duration("1h")`, `now - contact.since`),
// against it (`event.starts - now`), or not at all.
enum class Pace : std::int8_t { back = -1, still = 0, forth = 1 };

// One evaluation, one thread. Moments are whole milliseconds.
class Watch {
 public:
  // No answer changes before; nullopt: none does by time alone.
  const std::optional<std::chrono::milliseconds>& change_in() const { return change_in_; }

  // Something may turn out otherwise after that time; it counts as a millisecond at least.
  void note(std::chrono::milliseconds distance);

  // `left` is compared with `right`, and their difference moves at `pace`.
  void compared(const Value& left, const Value& right, Pace pace);

  // A time was asked for its hours, or for its date in `zone`.
  void asked_part(const Value& time, std::string_view part, std::string_view zone, Pace pace);

 private:
  std::optional<std::chrono::milliseconds> change_in_;
};

}  // namespace nurtured::cel

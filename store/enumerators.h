// The numbers of closed sets, as they are stored: none is ever used again for something else. The
// switches have no default, so that a new enumerator must get its number. Inside store/ only.
#pragma once

#include <cstdint>
#include <optional>

#include "rules/contact.h"
#include "rules/transition.h"
#include "store/types.h"

namespace nurtured::store {

constexpr int number_of(rules::SuppressionScope scope) {
  switch (scope) {
    case rules::SuppressionScope::marketing:
      return 0;
    case rules::SuppressionScope::all:
      return 1;
  }
  return -1;
}

constexpr int number_of(rules::Kind kind) {
  switch (kind) {
    case rules::Kind::value:
      return 0;
    case rules::Kind::engagement:
      return 1;
    case rules::Kind::offer:
      return 2;
    case rules::Kind::reply:
      return 3;
    case rules::Kind::reminder:
      return 4;
    case rules::Kind::receipt:
      return 5;
  }
  return -1;
}

constexpr int number_of(rules::EnrollmentState state) {
  using enum rules::EnrollmentState;
  switch (state) {
    case running:
      return 0;
    case waiting:
      return 1;
    case expecting:
      return 2;
    case sending:
      return 3;
    case parked:
      return 4;
    case finished:
      return 5;
    case calling:
      return 6;
  }
  return -1;
}

constexpr int number_of(rules::TargetState state) {
  using enum rules::TargetState;
  switch (state) {
    case held:
      return 0;
    case ready:
      return 1;
    case committing:
      return 2;
    case departed:
      return 3;
    case uncertain:
      return 4;
    case refused:
      return 5;
  }
  return -1;
}

constexpr int number_of(rules::CallState state) {
  using enum rules::CallState;
  switch (state) {
    case held:
      return 0;
    case ready:
      return 1;
    case committing:
      return 2;
  }
  return -1;
}

constexpr int number_of(rules::DeliveryChange change) {
  using enum rules::DeliveryChange;
  switch (change) {
    case ready:
      return 0;
    case committing:
      return 1;
    case departed:
      return 2;
    case uncertain:
      return 3;
    case refused:
      return 4;
    case returned:
      return 5;
  }
  return -1;
}

constexpr int number_of(rules::Reason reason) {
  using enum rules::Reason;
  switch (reason) {
    case none:
      return 0;
    case handoff:
      return 1;
    case suppressed:
      return 2;
    case consent:
      return 3;
    case unreachable:
      return 4;
    case touches:
      return 5;
    case mix:
      return 6;
    case cap:
      return 7;
    case quiet:
      return 8;
    case muted:
      return 9;
    case in_flight:
      return 10;
    case paused:
      return 11;
    case deferred:
      return 12;
    case only_to:
      return 13;
    case expired:
      return 14;
    case hold:
      return 15;
    case late:
      return 16;
    case withdrawn:
      return 17;
    case refused:
      return 18;
    case uncertain:
      return 19;
    case failed:
      return 20;
  }
  return -1;
}

constexpr int number_of(SetAside::Kind kind) {
  switch (kind) {
    case SetAside::Kind::other:
      return 0;
    case SetAside::Kind::event:
      return 1;
    case SetAside::Kind::timer:
      return 2;
  }
  return -1;
}

constexpr int number_of(cel::Kind kind) {
  using enum cel::Kind;
  switch (kind) {
    case null:
      return 0;
    case boolean:
      return 1;
    case integer:
      return 2;
    case unsigned_integer:
      return 3;
    case decimal:
      return 4;
    case string:
      return 5;
    case bytes:
      return 6;
    case timestamp:
      return 7;
    case duration:
      return 8;
    case type:
      return 9;
    case list:
      return 10;
    case map:
      return 11;
    case optional:
      return 12;
  }
  return -1;
}

// The enumerator with this stored number; nullopt for one that no release so far wrote.
template <class Enum>
constexpr std::optional<Enum> enumerator(std::uint64_t number) {
  constexpr int enumerators_max = 64;
  for (int i = 0; i < enumerators_max; ++i) {
    const auto candidate = static_cast<Enum>(i);
    const int stored = number_of(candidate);
    if (stored >= 0 && static_cast<std::uint64_t>(stored) == number) return candidate;
  }
  return std::nullopt;
}

}  // namespace nurtured::store

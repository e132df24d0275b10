// Strong integer ids: Id<struct ContactTag> and Id<struct EventTag> do not mix. 0 means "none".
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace nurtured::base {

template <class Tag>
struct Id {
  std::int64_t value = 0;

  explicit operator bool() const { return value != 0; }
  auto operator<=>(const Id&) const = default;
};

}  // namespace nurtured::base

template <class Tag>
struct std::hash<nurtured::base::Id<Tag>> {
  std::size_t operator()(nurtured::base::Id<Tag> id) const noexcept {
    return std::hash<std::int64_t>{}(id.value);
  }
};

// What the encoder and the decoder of store/codec.h know of the types that are stored: which form a
// field of one takes. Inside store/ only.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <type_traits>

#include "store/fields.h"
#include "store/wire.h"

namespace nurtured::store {

using wire::Form;

template <class T>
concept Number = std::integral<T> && !std::same_as<T, bool>;
template <class T>
concept Enumeration = std::is_enum_v<T>;
template <class T>
concept Struct = requires { sizeof(Fields<T>); };

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

// Moments are subtracted and added without a sign, so that no pair of them overflows.
inline std::uint64_t to_bits(Instant instant) {
  return static_cast<std::uint64_t>(base::to_millis(instant));
}

inline Instant from_bits(std::uint64_t bits) {
  return base::from_millis(static_cast<std::int64_t>(bits));
}

template <class T>
constexpr Form form_of() {
  if constexpr (std::same_as<T, double>) {
    return Form::eight_bytes;
  } else if constexpr (std::same_as<T, std::string> || std::same_as<T, DedupKey>) {
    return Form::text;
  } else if constexpr (IsOptional<T>::value) {
    return form_of<typename T::value_type>();
  } else if constexpr (std::same_as<T, bool> || Number<T> || Enumeration<T> ||
                       std::same_as<T, Instant> || std::same_as<T, ContactId>) {
    return Form::varint;
  } else {
    return Form::block;
  }
}

}  // namespace nurtured::store

// Hashes, keyed hashes and secret randomness, by OpenSSL. Pure but for random_bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace nurtured::base {

using Sha256 = std::array<unsigned char, 32>;

Sha256 sha256(std::string_view data);
// HMAC-SHA256, RFC 2104.
Sha256 hmac_sha256(std::string_view key, std::string_view data);
inline std::string_view view(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}
// The beginning of a digest as a number, the same on every machine: for spreading and splitting.
constexpr std::uint64_t first_64_bits(const Sha256& digest) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number = (number << 8U) | digest.at(i);
  return number;
}
// True when both are the same bytes; the time taken depends on the lengths alone.
bool equal_constant_time(std::string_view left, std::string_view right);
// `count` bytes from the operating system's generator.
std::string random_bytes(std::size_t count);

}  // namespace nurtured::base

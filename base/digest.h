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
// True when both are the same bytes; the time taken depends on the lengths alone.
bool equal_constant_time(std::string_view left, std::string_view right);
// `count` bytes from the operating system's generator.
std::string random_bytes(std::size_t count);

}  // namespace nurtured::base

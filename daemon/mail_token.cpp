#include "daemon/mail_token.h"

#include <array>
#include <charconv>
#include <cstdint>

#include "base/digest.h"
#include "base/encoding.h"

// A token, before base32; it is in every mail that was sent, so it must never change:
//   1-10 each   contact, enrollment, step, turn: seven bits a byte, the lowest first
//   n           the channel's name
//   12          the first bytes of HMAC-SHA256 over the delivery's key
namespace nurtured::daemon {
namespace {

// 96 bits: a guess can only be tried by sending a mail, and the token fits into a local part.
constexpr std::size_t mac_bytes = 12;
constexpr std::size_t numbers = 4;
constexpr std::size_t token_bytes_max = 256;

std::string mac_of(const config::Secret& store_key, std::string_view delivery_key) {
  const auto digest =
      base::hmac_sha256(store_key.reveal(), "mail token:" + std::string(delivery_key));
  return std::string(base::view(digest).substr(0, mac_bytes));
}

void append_number(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7U) out += static_cast<char>(0x80U | (number & 0x7fU));
  out += static_cast<char>(number);
}

std::optional<std::uint64_t> take_number(std::string_view& rest) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 63 && !rest.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    number |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return number;
  }
  return std::nullopt;
}

// rules::delivery_key's four numbers and the channel, packed; nullopt for another key.
std::optional<std::string> packed(std::string_view key) {
  std::string out;
  for (std::size_t i = 0; i < numbers; ++i) {
    const std::size_t dot = key.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + dot, number);
    if (error != std::errc() || end != key.data() + dot) return std::nullopt;
    append_number(out, number);
    key.remove_prefix(dot + 1);
  }
  return out + std::string(key);
}

}  // namespace

std::string mail_token(const config::Secret& store_key, std::string_view delivery_key) {
  return base::to_base32(packed(delivery_key).value_or("") + mac_of(store_key, delivery_key));
}

std::optional<std::string> delivery_of_token(const config::Secret& store_key,
                                             std::string_view token) {
  if (token.size() > token_bytes_max) return std::nullopt;
  const auto bytes = base::from_base32(token);
  if (!bytes || bytes->size() <= mac_bytes) return std::nullopt;
  std::string_view rest = std::string_view(*bytes).substr(0, bytes->size() - mac_bytes);
  std::string key;
  for (std::size_t i = 0; i < numbers; ++i) {
    const auto number = take_number(rest);
    if (!number) return std::nullopt;
    key += std::to_string(*number) + ".";
  }
  key += rest;
  const std::string_view mac = std::string_view(*bytes).substr(bytes->size() - mac_bytes);
  if (!base::equal_constant_time(mac_of(store_key, key), mac)) return std::nullopt;
  return key;
}

}  // namespace nurtured::daemon

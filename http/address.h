// IP addresses as policy sees them: which lie inside the network, which belong to a trusted one,
// and which count as one source. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct sockaddr;

namespace nurtured::http {

// Always 16 bytes; IPv4 as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), so that both forms of one
// address are equal.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v4() const;
  auto operator<=>(const IpAddress&) const = default;
};

// Without zone or brackets. nullopt for anything else.
std::optional<IpAddress> parse_address(std::string_view text);
// nullopt for families other than IP.
std::optional<IpAddress> address_of(const sockaddr& address);
std::string to_string(const IpAddress& address);

// True for what a request steered from outside may reach: not loopback, private, shared
// (100.64/10), link-local (and with it 169.254.169.254), unique local, multicast, reserved or
// unspecified, nor any of those inside an IPv4-mapped, IPv4-compatible, NAT64 or 6to4 address.
// IANA's special-purpose registries, RFC 6890.
bool is_public(const IpAddress& address);

// The address itself, or its /64 on IPv6, which one subscriber has whole.
IpAddress source_of(const IpAddress& address);

// What to listen on or to call: "127.0.0.1:8025", "[::1]:8025", "localhost:8025".
struct Endpoint {
  std::string host;  // without brackets; not judged
  std::uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};
base::Result<Endpoint> parse_endpoint(std::string_view text);

class Networks {
 public:
  // Each "ADDRESS" or "ADDRESS/BITS".
  static base::Result<Networks> parse(const std::vector<std::string>& texts);
  bool contains(const IpAddress& address) const;

 private:
  struct Network {
    IpAddress base;
    unsigned bits = 128;  // of the 16 bytes
  };
  std::vector<Network> networks_;
};

}  // namespace nurtured::http

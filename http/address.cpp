#include "http/address.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace nurtured::http {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

IpAddress from_v4(const std::uint8_t* bytes) {
  IpAddress address;
  std::copy(mapped_prefix.begin(), mapped_prefix.end(), address.bytes.begin());
  std::copy(bytes, bytes + 4, address.bytes.begin() + 12);
  return address;
}

bool shares_prefix(const std::uint8_t* left, const std::uint8_t* right, unsigned bits) {
  const unsigned whole = bits / 8;
  if (std::memcmp(left, right, whole) != 0) return false;
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const unsigned mask = 0xffu << (8 - rest);
  return ((left[whole] ^ right[whole]) & mask) == 0;
}

struct V4Network {
  std::array<std::uint8_t, 4> base;
  unsigned bits;
};
// IANA IPv4 Special-Purpose Address Registry: what is not globally reachable, and multicast and
// above.
constexpr V4Network v4_special[] = {
    {{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},     {{100, 64, 0, 0}, 10}, {{127, 0, 0, 0}, 8},
    {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12},  {{192, 0, 0, 0}, 24},  {{192, 0, 2, 0}, 24},
    {{192, 88, 99, 0}, 24}, {{192, 168, 0, 0}, 16}, {{198, 18, 0, 0}, 15}, {{198, 51, 100, 0}, 24},
    {{203, 0, 113, 0}, 24}, {{224, 0, 0, 0}, 3},
};

bool is_public_v4(const std::uint8_t* bytes) {
  return std::none_of(std::begin(v4_special), std::end(v4_special), [&](const V4Network& network) {
    return shares_prefix(bytes, network.base.data(), network.bits);
  });
}

bool is_public_v6(const std::array<std::uint8_t, 16>& bytes) {
  // Only 2000::/3 is global unicast; out of it go Teredo and other protocol assignments
  // (2001::/23), documentation (2001:db8::/32, 3fff::/20), and 6to4 by the address that it carries.
  static constexpr std::uint8_t teredo[] = {0x20, 0x01, 0x00};
  static constexpr std::uint8_t documentation[] = {0x20, 0x01, 0x0d, 0xb8};
  static constexpr std::uint8_t documentation_new[] = {0x3f, 0xff, 0x00};
  static constexpr std::uint8_t nat64[] = {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
  const std::uint8_t* at = bytes.data();
  if (shares_prefix(at, nat64, 96)) return is_public_v4(at + 12);
  if (at[0] == 0x20 && at[1] == 0x02) return is_public_v4(at + 2);
  return (at[0] & 0xe0) == 0x20 && !shares_prefix(at, teredo, 23) &&
         !shares_prefix(at, documentation, 32) && !shares_prefix(at, documentation_new, 20);
}

}  // namespace

bool IpAddress::is_v4() const {
  return std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin());
}

std::optional<IpAddress> parse_address(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  std::array<std::uint8_t, 4> v4{};
  if (inet_pton(AF_INET, terminated.c_str(), v4.data()) == 1) return from_v4(v4.data());
  IpAddress address;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<IpAddress> address_of(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return from_v4(reinterpret_cast<const std::uint8_t*>(&v4.sin_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    IpAddress out;
    std::memcpy(out.bytes.data(), &v6.sin6_addr, out.bytes.size());
    return out;
  }
  return std::nullopt;
}

std::string to_string(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.is_v4()) {
    inet_ntop(AF_INET, address.bytes.data() + 12, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, address.bytes.data(), text, sizeof text);
  }
  return text;
}

bool is_public(const IpAddress& address) {
  return address.is_v4() ? is_public_v4(address.bytes.data() + 12) : is_public_v6(address.bytes);
}

IpAddress source_of(const IpAddress& address) {
  if (address.is_v4()) return address;
  IpAddress network = address;
  std::fill(network.bytes.begin() + 8, network.bytes.end(), std::uint8_t{0});
  return network;
}

base::Result<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
      host = host.substr(1, host.size() - 2);
    }
    const std::string_view digits = text.substr(colon + 1);
    Endpoint endpoint{.host = std::string(host)};
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
    const bool all_read = error == std::errc{} && end == digits.data() + digits.size();
    if (all_read && !host.empty()) return endpoint;
  }
  return base::fail("\"" + std::string(text) + "\" is not an address and a port",
                    "write it like \"127.0.0.1:8025\"");
}

base::Result<Networks> Networks::parse(const std::vector<std::string>& texts) {
  Networks networks;
  for (const std::string& text : texts) {
    const std::size_t slash = text.find('/');
    const auto address = parse_address(std::string_view(text).substr(0, slash));
    const unsigned skipped = address && address->is_v4() ? 96 : 0;
    unsigned bits = 128 - skipped;
    bool good = address.has_value();
    if (good && slash != std::string::npos) {
      const char* end = text.data() + text.size();
      const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, bits);
      good = error == std::errc() && stop == end && bits <= 128 - skipped;
    }
    if (!good) {
      return base::fail("\"" + text + "\" is neither an IP address nor a network",
                        "write 192.0.2.1 or 10.0.0.0/8");
    }
    networks.networks_.push_back({*address, bits + skipped});
  }
  return networks;
}

bool Networks::contains(const IpAddress& address) const {
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    return shares_prefix(address.bytes.data(), network.base.bytes.data(), network.bits);
  });
}

}  // namespace nurtured::http

// URLs, percent encoding and application/x-www-form-urlencoded text, as the server, the client and
// the pages behind them need it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nurtured::http {

struct Parameter {
  std::string name;
  std::string value;
  bool operator==(const Parameter&) const = default;
};
using Parameters = std::vector<Parameter>;

// A query or a form with more pairs than this is refused as `too_large`.
inline constexpr std::size_t parameters_max = 1000;

// Pairs of a query string (without its "?") or a form-encoded body, decoded as the WHATWG URL
// standard, section 5.1, has it: "+" is a blank, and a "%" that two hexadecimal digits do not
// follow stands for itself, because mail programs and trackers append such things to our links.
// Values are bytes and may hold anything: check them where they are used.
base::Result<Parameters> parse_form(std::string_view text);
// The first value of that name; null when there is none. Valid as long as `parameters`.
const std::string* find(const Parameters& parameters, std::string_view name);
std::string encode_form(const Parameters& parameters);

// Everything but RFC 3986's unreserved characters becomes %XX: safe as a path segment or a value.
std::string percent_encode(std::string_view text);
// `invalid` where "%" is not followed by two hexadecimal digits.
base::Result<std::string> percent_decode(std::string_view text);

// An absolute http or https URL in its parts. `target` is path and query as a request line has
// them,
// "/" where there is none. A fragment is dropped.
struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;
  std::string target;
  bool operator==(const Url&) const = default;
};
// URLs longer than this are refused as `too_large`.
inline constexpr std::size_t url_bytes_max = 8192;

// RFC 3986. Refuses other schemes, user names and passwords in the URL, and control characters. The
// error never repeats the URL, for its path may hold a secret.
base::Result<Url> parse_url(std::string_view text);

}  // namespace nurtured::http

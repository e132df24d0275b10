#include "http/url.h"

#include <charconv>
#include <optional>

#include <boost/url/parse.hpp>
#include <boost/url/scheme.hpp>
#include <boost/url/url_view.hpp>

namespace nurtured::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte that "%XX" at `at` stands for, or -1.
int escaped_byte(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size()) return -1;
  const int high = hex_digit(text[at + 1]);
  const int low = hex_digit(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

std::string decode_form_part(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int byte = text[i] == '%' ? escaped_byte(text, i) : -1;
    if (byte >= 0) {
      out.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view std_view(boost::core::string_view text) {
  return {text.data(), text.size()};
}

std::optional<std::uint16_t> parse_port(std::string_view text, std::uint16_t otherwise) {
  if (text.empty()) return otherwise;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool good = error == std::errc() && end == text.data() + text.size() && port != 0;
  return good ? std::optional(port) : std::nullopt;
}

}  // namespace

base::Result<Parameters> parse_form(std::string_view text) {
  Parameters parameters;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (pair.empty()) continue;
    if (parameters.size() == parameters_max) {
      return base::fail(base::ErrorKind::too_large, "the form has too many fields",
                        "send at most " + std::to_string(parameters_max));
    }
    const std::size_t equals = pair.find('=');
    const bool has_value = equals != std::string_view::npos;
    parameters.push_back({decode_form_part(pair.substr(0, equals)),
                          has_value ? decode_form_part(pair.substr(equals + 1)) : std::string()});
  }
  return parameters;
}

const std::string* find(const Parameters& parameters, std::string_view name) {
  for (const Parameter& parameter : parameters) {
    if (parameter.name == name) return &parameter.value;
  }
  return nullptr;
}

std::string encode_form(const Parameters& parameters) {
  std::string out;
  for (const Parameter& parameter : parameters) {
    if (!out.empty()) out.push_back('&');
    out += percent_encode(parameter.name);
    out.push_back('=');
    out += percent_encode(parameter.value);
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
  return out;
}

base::Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const int byte = escaped_byte(text, i);
    if (byte < 0) {
      return base::fail("a \"%\" is not followed by two hexadecimal digits",
                        "write a percent sign as %25");
    }
    out.push_back(static_cast<char>(byte));
    i += 2;
  }
  return out;
}

base::Result<Url> parse_url(std::string_view text) {
  if (text.size() > url_bytes_max) {
    return base::fail(base::ErrorKind::too_large, "the URL is too long",
                      "use at most " + std::to_string(url_bytes_max) + " bytes");
  }
  const auto parsed = boost::urls::parse_uri(boost::core::string_view(text.data(), text.size()));
  if (!parsed) return base::fail("this is no absolute URL", "write https://HOST/PATH");
  const boost::urls::url_view& view = *parsed;

  const auto scheme = view.scheme_id();
  if (scheme != boost::urls::scheme::http && scheme != boost::urls::scheme::https) {
    return base::fail("the URL's scheme is neither http nor https", "write https://HOST/PATH");
  }
  if (!view.has_authority() || view.encoded_host_address().empty()) {
    return base::fail("the URL names no host", "write https://HOST/PATH");
  }
  if (view.has_userinfo()) {
    return base::fail("the URL holds a user name or a password", "put them where a secret belongs");
  }
  if (view.encoded_host_address().find('%') != boost::core::string_view::npos) {
    return base::fail("the URL's host is percent-encoded", "write the host's plain name");
  }
  const std::uint16_t default_port = scheme == boost::urls::scheme::https ? 443 : 80;
  const auto port = parse_port(std_view(view.port()), default_port);
  if (!port) return base::fail("the URL's port is out of range", "use 1 to 65535");

  // Boost.URL 1.81 takes what follows a port's digits for a path, whatever it is.
  const std::string_view target = std_view(view.encoded_target());
  if (!target.empty() && !target.starts_with('/') && !target.starts_with('?')) {
    return base::fail("the URL's port is no number", "use 1 to 65535");
  }

  Url url;
  url.scheme = to_lower(std_view(view.scheme()));
  url.host = to_lower(std_view(view.encoded_host_address()));
  url.port = *port;
  url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  return url;
}

}  // namespace nurtured::http

#include "content/escape.h"

#include <algorithm>

#include "base/encoding.h"

namespace nurtured::content {
namespace {

constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_unreserved(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}
// RFC 3986, section 2.2, and the percent sign of what is encoded already.
constexpr bool is_reserved(char c) {
  return std::string_view(":/?#[]@!$&'()*+,;=%").find(c) != std::string_view::npos;
}
constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

void append_encoded(std::string& url, std::string_view text, auto keeps) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    if (is_unreserved(c) || keeps(c)) {
      url += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      url += '%';
      url += digits[byte >> 4];
      url += digits[byte & 15];
    }
  }
}

std::string_view scheme_of(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(url[0])) return {};
  for (const char c : url.substr(0, colon)) {
    if (!is_letter(c) && !is_digit(c) && c != '+' && c != '-' && c != '.') return {};
  }
  return url.substr(0, colon);
}

// U+0085, U+2028 and U+2029 end lines as well; the bytes that one takes at the front, or 0.
std::size_t separator_length(std::string_view text) {
  if (text.starts_with("\xc2\x85")) return 2;
  return text.starts_with("\xe2\x80\xa8") || text.starts_with("\xe2\x80\xa9") ? 3 : 0;
}

std::string escaped(std::string_view text, bool with_quotes) {
  std::string result;
  result.reserve(text.size() + text.size() / 16);
  for (const char c : text) {
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else if (c == '"' && with_quotes) {
      result += "&quot;";
    } else if (c == '\'' && with_quotes) {
      result += "&#39;";
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

std::string ascii_lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string escape_html(std::string_view text) {
  return escaped(text, true);
}

std::string escape_telegram(std::string_view text) {
  return escaped(text, false);
}

std::string header_text(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t separator = separator_length(text.substr(i));
    line += separator > 0 || is_control(text[i]) ? ' ' : text[i];
    i += std::max<std::size_t>(separator, 1);
  }
  const std::size_t begin = line.find_first_not_of(' ');
  if (begin == std::string::npos) return {};
  return line.substr(begin, line.find_last_not_of(' ') + 1 - begin);
}

std::string clean_text(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t separator = separator_length(text.substr(i));
    const char c = text[i];
    if (c == '\r') {
      if (text.substr(i + 1, 1) != "\n") result += '\n';
    } else if (separator > 0) {
      result += '\n';
    } else {
      result += is_control(c) && c != '\n' && c != '\t' ? ' ' : c;
    }
    i += std::max<std::size_t>(separator, 1);
  }
  return result;
}

std::vector<Piece> pieces_of(const liquid::Marked& marked) {
  std::vector<Piece> pieces;
  const std::string_view text = marked.text;
  std::size_t at = 0;
  for (const liquid::Span& span : marked.spans) {
    if (span.begin > at) pieces.push_back({text.substr(at, span.begin - at), false});
    pieces.push_back({text.substr(span.begin, span.length), true});
    at = span.begin + span.length;
  }
  if (at < text.size()) pieces.push_back({text.substr(at), false});
  return pieces;
}

std::string url_from(const std::vector<Piece>& pieces) {
  std::string url;
  for (const Piece& piece : pieces) {
    if (!piece.is_value || url.empty()) {
      append_encoded(url, piece.text, is_reserved);
    } else {
      // In the address of a mail they separate nothing.
      const bool is_mail = ascii_lower(url.substr(0, 7)) == "mailto:";
      append_encoded(url, piece.text, [&](char c) { return is_mail && (c == '@' || c == '+'); });
    }
  }
  return url;
}

base::Result<std::string> checked_url(std::string url, LinkUse use) {
  constexpr std::size_t shown_max = 120;
  const std::string scheme = ascii_lower(scheme_of(url));
  const std::string shown(base::cut_utf8(url, shown_max));
  if (scheme == "http" || scheme == "https") {
    const std::string_view rest = std::string_view(url).substr(scheme.size() + 1);
    const bool has_host = rest.starts_with("//") && rest.size() > 2 &&
                          std::string_view("/?#:@").find(rest[2]) == std::string_view::npos;
    if (has_host) return url;
    return base::fail("the link '" + shown + "' names no host");
  }
  const bool is_allowed = use == LinkUse::image
                              ? scheme == "cid"
                              : scheme == "mailto" || scheme == "tel" || scheme == "tg";
  if (is_allowed) return url;
  const std::string what = use == LinkUse::image ? "picture" : "link";
  return base::fail(scheme.empty()
                        ? "the " + what + " '" + shown + "' is no whole URL"
                        : "the " + what + " '" + shown + "' has a scheme that may not be used",
                    use == LinkUse::image ? "it begins with http, https or cid"
                                          : "it begins with http, https, mailto, tel or tg");
}

}  // namespace nurtured::content

#include "http/response_writer.h"

#include <array>
#include <charconv>
#include <cstdio>

#include <boost/beast/http/status.hpp>

namespace nurtured::http {
namespace {

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

// Fields that say how the message is framed are the server's own.
bool is_framing(std::string_view name) {
  return equal_ignoring_case(name, "content-length") || equal_ignoring_case(name, "connection") ||
         equal_ignoring_case(name, "transfer-encoding") || equal_ignoring_case(name, "date");
}

}  // namespace

std::string to_http_date(base::Instant instant) {
  static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(instant - day));
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                days[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text.data();
}

std::string_view reason_of(int status) {
  const auto reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  return {reason.data(), reason.size()};
}

bool status_has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

bool is_sendable(const Response& response) {
  if (response.status < 200 || response.status > 599) return false;
  for (std::size_t i = 0; i < response.headers.size(); ++i) {
    if (!is_token(response.headers.name(i)) || !is_header_value(response.headers.value(i))) {
      return false;
    }
  }
  return true;
}

void write_head(std::string& out, const Response& response, const HeadContext& context) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::size_t>(response.status));
  out += ' ';
  out += reason_of(response.status);
  out += "\r\nDate: ";
  out += context.date;
  for (std::size_t i = 0; i < response.headers.size(); ++i) {
    if (is_framing(response.headers.name(i))) continue;
    out += "\r\n";
    out += response.headers.name(i);
    out += ": ";
    out += response.headers.value(i);
  }
  if (status_has_body(response.status)) {
    out += "\r\nContent-Length: ";
    append_number(out, response.body.size());
  }
  if (!context.keep_alive) {
    out += "\r\nConnection: close";
  } else if (context.http_1_0) {
    out += "\r\nConnection: keep-alive";
  }
  out += "\r\n\r\n";
}

}  // namespace nurtured::http

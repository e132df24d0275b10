#include "connectors/http_outcome.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace nurtured::connectors {
namespace {

using base::Milliseconds;

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// "Sun, 06 Nov 1994 08:49:37 GMT", the only form that may be sent.
std::optional<base::Instant> parse_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> months{
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || !text.ends_with(" GMT") || text[19] != ':' || text[22] != ':') {
    return std::nullopt;
  }
  const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
  const auto day = number(text.substr(5, 2));
  const auto year = number(text.substr(12, 4));
  const auto hour = number(text.substr(17, 2));
  const auto minute = number(text.substr(20, 2));
  const auto second = number(text.substr(23, 2));
  if (month == months.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date(
      std::chrono::year(*year),
      std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return base::Instant(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

}  // namespace

std::optional<Milliseconds> parse_retry_after(std::string_view text, base::Instant now) {
  const bool all_digits =
      !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  std::optional<Milliseconds> pause;
  if (all_digits) {
    const auto seconds = number(text);  // nothing for a number past all reason
    pause = seconds ? std::chrono::seconds(*seconds) : retry_after_max;
  } else if (const auto date = parse_date(text)) {
    pause = *date - now;
  }
  if (pause) pause = std::clamp(*pause, Milliseconds(0), retry_after_max);
  return pause;
}

std::optional<Milliseconds> retry_after_of(const http::HttpResponse& response, base::Instant now) {
  const auto header = response.headers.find("retry-after");
  return header ? parse_retry_after(*header, now) : std::nullopt;
}

Outcome outcome_of_failure(const http::HttpFailure& failure, bool honours_key) {
  const base::Error& error = failure.error;
  std::string reason =
      to_reason(error.remedy.empty() ? error.message : error.message + "; " + error.remedy);
  switch (failure.error.kind) {
    case base::ErrorKind::invalid:
    case base::ErrorKind::denied:
      return Rejected{std::move(reason), {}, Blame::configuration};
    default:
      break;
  }
  const bool may_have_acted =
      failure.progress == http::Progress::sent || failure.progress == http::Progress::answered;
  if (may_have_acted && !honours_key) return Uncertain{std::move(reason)};
  const bool unreachable = failure.progress == http::Progress::not_connected;
  return Deferred{.reason = std::move(reason),
                  .scope = unreachable ? Scope::connector : Scope::message};
}

}  // namespace nurtured::connectors

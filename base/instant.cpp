#include "base/instant.h"

#include <charconv>

#include <date/date.h>
#include <fmt/format.h>

namespace nurtured::base {
namespace {

// Reads exactly `digits` decimal digits from the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Milliseconds> take_fraction(std::string_view& text) {
  std::size_t digits = 0;
  int millis = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    if (digits < 3) millis = millis * 10 + (text[digits] - '0');
    ++digits;
  }
  if (digits == 0) return std::nullopt;
  for (std::size_t i = digits; i < 3; ++i) millis *= 10;
  text.remove_prefix(digits);
  return Milliseconds{millis};
}

std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
  if (text.empty() || take(text, "Zz")) return std::chrono::minutes{0};
  const bool negative = text.front() == '-';
  if (!take(text, "+-")) return std::nullopt;
  const auto hours = take_number(text, 2);
  if (!hours || *hours > 23) return std::nullopt;
  take(text, ":");
  const auto minutes = text.empty() ? std::optional<int>(0) : take_number(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const std::chrono::minutes offset{*hours * 60 + *minutes};
  return negative ? -offset : offset;
}

std::optional<Instant> read(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const date::year_month_day ymd{date::year{*year}, date::month{static_cast<unsigned>(*month)},
                                 date::day{static_cast<unsigned>(*day)}};
  if (!ymd.ok()) return std::nullopt;
  Instant instant = date::sys_days{ymd};
  if (text.empty()) return instant;
  if (!take(text, "Tt ")) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  std::optional<int> second = 0;
  if (take(text, ":")) second = take_number(text, 2);
  if (!second || *second > 60) return std::nullopt;
  instant += std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
             std::chrono::seconds{std::min(*second, 59)};
  if (take(text, ".,")) {
    const auto fraction = take_fraction(text);
    if (!fraction) return std::nullopt;
    instant += *fraction;
  }
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return instant - *offset;
}

}  // namespace

std::string to_rfc3339(Instant instant) {
  const auto days = date::floor<date::days>(instant);
  const date::year_month_day ymd{days};
  const date::hh_mm_ss time{instant - days};
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(ymd.year()),
                  static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()),
                  time.hours().count(), time.minutes().count(), time.seconds().count());
  if (const auto millis = time.subseconds().count(); millis != 0)
    text += fmt::format(".{:03}", millis);
  return text + "Z";
}

Result<Instant> parse_instant(std::string_view text) {
  const auto instant = read(text);
  if (!instant || *instant < instant_min || *instant > instant_max) {
    return fail("\"" + std::string(text.substr(0, 40)) + "\" is not a time",
                "write it like 2026-03-01T10:00:00Z");
  }
  return *instant;
}

}  // namespace nurtured::base

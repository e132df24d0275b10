#include "rules/calendar.h"

#include <array>
#include <charconv>

#include <date/tz.h>
#include <fmt/format.h>

namespace nurtured::rules {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::int32_t span_days_max = 3660;

date::local_time<Milliseconds> to_date(LocalTime local) {
  return date::local_time<Milliseconds>{local.time_since_epoch()};
}

LocalDay floor_day(LocalTime local) {
  return static_cast<LocalDay>(date::floor<date::days>(local.time_since_epoch()).count());
}

Milliseconds time_of_day(LocalTime local) {
  return local.time_since_epoch() - date::days{floor_day(local)};
}

LocalTime at_time(LocalDay day, Milliseconds time) {
  return LocalTime{date::days{day} + time};
}

// 1970-01-01 was a Thursday, which is 3 counted from Monday.
unsigned weekday(LocalDay day) {
  return static_cast<unsigned>(((day + 3) % 7 + 7) % 7);
}

}  // namespace

base::Result<Span> parse_span(std::string_view text) {
  const auto wrong = [&] {
    return base::fail("\"" + std::string(text.substr(0, 40)) + "\" is not a duration",
                      "write it like 90s, 30m, 4h, 2d, 1w or 1d12h");
  };
  constexpr std::string_view units = "wdhms";
  Span span;
  std::size_t unit_from = 0;
  std::string_view rest = text;
  if (rest.empty()) return wrong();
  while (!rest.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc{} || number < 0 || rest.front() == '-' ||
        end == rest.data() + rest.size()) {
      return wrong();
    }
    const std::size_t unit = units.find(*end, unit_from);
    if (unit == std::string_view::npos || number > 400'000'000) return wrong();
    unit_from = unit + 1;
    switch (units[unit]) {
      case 'w':
      case 'd':
        if (number > span_days_max) {
          return base::fail("\"" + std::string(text) + "\" is too long", "at most 3660d");
        }
        span.days += static_cast<std::int32_t>(number * (units[unit] == 'w' ? 7 : 1));
        break;
      case 'h':
        span.exact += hours{number};
        break;
      case 'm':
        span.exact += minutes{number};
        break;
      default:
        span.exact += std::chrono::seconds{number};
        break;
    }
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + 1);
  }
  if (span.nominal() > hours{24} * span_days_max) {
    return base::fail("\"" + std::string(text) + "\" is too long", "at most 3660d");
  }
  return span;
}

std::string to_string(const Span& span) {
  std::string text;
  const auto put = [&](std::int64_t number, char unit) {
    if (number != 0) text += std::to_string(number) + unit;
  };
  put(span.days, 'd');
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(span.exact).count();
  put(seconds / 3600, 'h');
  put(seconds / 60 % 60, 'm');
  put(seconds % 60, 's');
  return text.empty() ? "0s" : text;
}

base::Result<ClockTime> parse_clock_time(std::string_view text) {
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  const std::size_t colon = text.find(':');
  if ((colon == 1 || colon == 2) && text.size() == colon + 3 && digit(0) && digit(colon - 1) &&
      digit(colon + 1) && digit(colon + 2)) {
    const int hour = colon == 1 ? text[0] - '0' : (text[0] - '0') * 10 + (text[1] - '0');
    const int minute = (text[colon + 1] - '0') * 10 + (text[colon + 2] - '0');
    if (hour < 24 && minute < 60) return ClockTime{static_cast<std::int16_t>(hour * 60 + minute)};
  }
  return base::fail("\"" + std::string(text.substr(0, 40)) + "\" is not a time of day",
                    "write it like \"10:00\"");
}

std::string to_string(ClockTime time) {
  return fmt::format("{:02}:{:02}", time.minutes / 60, time.minutes % 60);
}

base::Result<LocalTime> parse_local_time(std::string_view text) {
  // 2026-03-08, a blank or T, and a time of day.
  constexpr std::size_t date_length = 10;
  if (text.size() > date_length && (text[date_length] == ' ' || text[date_length] == 'T')) {
    const auto day = base::parse_instant(std::string(text.substr(0, date_length)) + "T00:00:00Z");
    const auto time = parse_clock_time(text.substr(date_length + 1));
    if (day && time) return LocalTime{day->time_since_epoch() + minutes{time->minutes}};
  }
  return base::fail("\"" + std::string(text.substr(0, 40)) + "\" is not a date and a time of day",
                    "write it like \"2026-03-08 10:00\"");
}

base::Result<std::uint8_t> parse_weekday(std::string_view name) {
  constexpr std::array<std::string_view, 7> days = {"monday", "tuesday",  "wednesday", "thursday",
                                                    "friday", "saturday", "sunday"};
  std::string lower(name.substr(0, 10));
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  for (std::size_t i = 0; i < days.size(); ++i) {
    if (lower == days[i] || lower == days[i].substr(0, 3)) return static_cast<std::uint8_t>(i);
  }
  return base::fail("\"" + std::string(name.substr(0, 40)) + "\" is not a day of the week",
                    "write mon, tue, wed, thu, fri, sat or sun");
}

LocalTime Zone::to_local(Instant instant) const {
  if (zone_ == nullptr) return LocalTime{instant.time_since_epoch()};
  const auto info = zone_->get_info(instant);
  return LocalTime{instant.time_since_epoch() + info.offset};
}

Instant Zone::to_instant(LocalTime local) const {
  if (zone_ == nullptr) return Instant{local.time_since_epoch()};
  const auto info = zone_->get_info(to_date(local));
  // A skipped local time lies before info.second begins: its first valid moment is the change
  // itself.
  if (info.result == date::local_info::nonexistent) return info.second.begin;
  return Instant{local.time_since_epoch() - info.first.offset};
}

LocalDay Zone::day_of(Instant instant) const {
  return floor_day(to_local(instant));
}

Instant Zone::start_of(LocalDay day) const {
  return to_instant(at_time(day, Milliseconds{0}));
}

Instant Zone::next_change(Instant instant) const {
  if (zone_ == nullptr) return base::instant_max;
  const auto end = zone_->get_info(instant).end;
  return end >= base::instant_max ? base::instant_max
                                  : std::chrono::time_point_cast<Milliseconds>(end);
}

Instant add(Instant from, const Span& span, const Zone& zone) {
  Instant result = from;
  if (span.days != 0) result = zone.to_instant(zone.to_local(from) + date::days{span.days});
  return std::min(result + span.exact, base::instant_max);
}

Instant subtract(Instant from, const Span& span, const Zone& zone) {
  Instant result = from;
  if (span.days != 0) result = zone.to_instant(zone.to_local(from) - date::days{span.days});
  return std::max(result - span.exact, base::instant_min);
}

Instant align(Instant from, std::optional<ClockTime> at, Weekdays days, const Zone& zone) {
  const LocalTime local = zone.to_local(from);
  const LocalDay today = floor_day(local);
  const Milliseconds time = at ? Milliseconds{minutes{at->minutes}} : time_of_day(local);
  // Eight days reach every weekday once more after a time that has already passed today.
  for (LocalDay day = today; day <= today + 8; ++day) {
    if (!days.contains(weekday(day))) continue;
    if (day == today && !at) return from;
    const Instant candidate = zone.to_instant(at_time(day, time));
    if (candidate >= from) return candidate;
  }
  return from;
}

base::Result<QuietHours> parse_quiet_hours(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    const auto start = parse_clock_time(text.substr(0, dash));
    const auto end = parse_clock_time(text.substr(dash + 1));
    if (start && end) return QuietHours{*start, *end};
  }
  return base::fail("\"" + std::string(text.substr(0, 40)) + "\" is not a span of hours",
                    "write it like \"21:00-09:00\"; \"00:00-00:00\" means none");
}

Instant next_open(const QuietHours& quiet, Instant now, const Zone& zone) {
  if (quiet.start == quiet.end) return now;
  const Milliseconds start{minutes{quiet.start.minutes}};
  const Milliseconds end{minutes{quiet.end.minutes}};
  const LocalDay today = floor_day(zone.to_local(now));
  // Begun once, the hours last until their end, also where a clock change shows a time before their
  // start again. Those of yesterday may reach over midnight, and their end may lie in tomorrow's.
  for (LocalDay day = today - 1; day <= today + 1; ++day) {
    const Instant begun = zone.to_instant(at_time(day, start));
    const Instant over = zone.to_instant(at_time(start < end ? day : day + 1, end));
    if (now >= begun && now < over) now = over;
  }
  return now;
}

}  // namespace nurtured::rules

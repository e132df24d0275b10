#include "config/scenario_moment.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/encoding.h"

namespace nurtured::config {
namespace {

constexpr std::string_view remedy =
    "write \"2026-03-02 11:30\" (the contact's clock), \"2026-03-02\", 2026-03-02T08:30:00Z, or a "
    "duration such as 2d since the start";

// Scenarios are about the present; beyond, calendars and zones are guesses.
constexpr Instant earliest{std::chrono::sys_days{std::chrono::year{1970} / 1 / 1}};
constexpr Instant latest{std::chrono::sys_days{std::chrono::year{2200} / 1 / 1}};

// `pattern` has 0 for any digit; everything else stands for itself.
bool looks_like(std::string_view text, std::string_view pattern) {
  return std::ranges::equal(
      text, pattern, [](char c, char p) { return p == '0' ? c >= '0' && c <= '9' : c == p; });
}

Window span_of(Instant from, base::Milliseconds length) {
  return {from, from + length - base::Milliseconds{1}};
}

// A local text, padded to whole seconds; the length of what it names.
std::optional<base::Milliseconds> local_precision(std::string_view text) {
  if (looks_like(text, "0000-00-00 00:00")) return std::chrono::minutes{1};
  if (looks_like(text, "0000-00-00 00:00:00")) return std::chrono::seconds{1};
  return std::nullopt;
}

base::Result<Moment> refuse(std::string_view text) {
  constexpr std::size_t shown_max = 60;
  return base::fail(fmt::format("\"{}\" is no time", base::cut_utf8(text, shown_max)),
                    std::string(remedy));
}

base::Result<Moment> parse_local(const std::string& text, const rules::Zone& zone) {
  const bool is_day = looks_like(text, "0000-00-00");
  const auto precision = is_day ? std::nullopt : local_precision(text);
  // parse_instant knows the calendar; the clock is the zone's.
  const std::string padded =
      is_day ? text + " 00:00:00Z" : text + (precision == std::chrono::minutes{1} ? ":00Z" : "Z");
  const auto read = base::parse_instant(padded);
  if (!read) return refuse(text);
  const rules::LocalTime local{read->time_since_epoch()};
  if (!is_day) return Moment{span_of(zone.to_instant(local), *precision), false};
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const auto number = static_cast<rules::LocalDay>(day.time_since_epoch().count());
  return Moment{{zone.start_of(number), zone.start_of(number + 1) - base::Milliseconds{1}}, false};
}

base::Result<Moment> parse_relative(std::string_view text, const rules::Zone& zone, Instant start) {
  const auto span = rules::parse_span(text);
  if (!span) return base::fail(span.error().message, span.error().remedy);
  return Moment{span_of(rules::add(start, *span, zone), std::chrono::minutes{1}), true};
}

bool is_duration(std::string_view text) {
  return !text.empty() && text.size() <= 40 && text.find('-') == std::string_view::npos &&
         text.find(':') == std::string_view::npos && text.front() >= '0' && text.front() <= '9';
}

}  // namespace

base::Result<Moment> parse_moment(std::string_view text, const rules::Zone& zone,
                                  std::optional<Instant> start) {
  base::Result<Moment> moment = refuse(text);
  if (is_duration(text)) {
    if (!start) {
      return base::fail("a duration counts from the first event, which has none",
                        "give the first event a time: at: \"2026-03-02 11:30\"");
    }
    moment = parse_relative(text, zone, *start);
  } else if (looks_like(text, "0000-00-00") || local_precision(text)) {
    moment = parse_local(std::string(text), zone);
  } else if (text.find_first_of("Zz+", 10) != std::string_view::npos ||
             (text.size() > 6 && text[text.size() - 6] == '-')) {
    const auto read = base::parse_instant(text);
    if (!read) return refuse(text);
    moment = Moment{span_of(*read, std::chrono::seconds{1}), false};
  }
  if (!moment) return moment;
  if (moment->window.from < earliest || moment->window.to > latest) {
    return base::fail(fmt::format("{} is out of range", text), "write a time from 1970 to 2199");
  }
  return moment;
}

}  // namespace nurtured::config

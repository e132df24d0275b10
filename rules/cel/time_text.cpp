#include "rules/cel/time_text.h"

#include <array>
#include <charconv>
#include <limits>
#include <stdexcept>
#include <utility>

#include <date/tz.h>

namespace nurtured::cel {
namespace {

__extension__ using Int128 = __int128;  // nanoseconds of a whole timestamp do not fit 64 bits

constexpr std::int64_t nanos_per_second = 1'000'000'000;
constexpr std::int64_t seconds_per_day = 86'400;
constexpr std::size_t zone_name_bytes_max = 64;

Int128 total_nanos(std::int64_t seconds, std::int32_t nanos) {
  return Int128{seconds} * nanos_per_second + nanos;
}

std::optional<Duration> duration_of(Int128 nanos) {
  if (nanos > std::numeric_limits<std::int64_t>::max() ||
      nanos < std::numeric_limits<std::int64_t>::min()) {
    return std::nullopt;
  }
  return Duration{.seconds = static_cast<std::int64_t>(nanos / nanos_per_second),
                  .nanos = static_cast<std::int32_t>(nanos % nanos_per_second)};
}

std::optional<Timestamp> timestamp_of(Int128 nanos) {
  Int128 seconds = nanos / nanos_per_second;
  Int128 rest = nanos % nanos_per_second;
  if (rest < 0) {
    rest += nanos_per_second;
    --seconds;
  }
  if (seconds < timestamp_min.seconds || seconds > timestamp_max.seconds) return std::nullopt;
  return Timestamp{.seconds = static_cast<std::int64_t>(seconds),
                   .nanos = static_cast<std::int32_t>(rest)};
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes characters from the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

  bool take(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (!is_digit(c)) return std::nullopt;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  std::string_view run_of_digits() {
    std::size_t count = 0;
    while (count < rest_.size() && is_digit(rest_[count])) ++count;
    const std::string_view run = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return run;
  }

 private:
  std::string_view rest_;
};

// ".25" is 250,000,000 nanoseconds; nullopt beyond nine digits.
std::optional<std::int32_t> fraction_nanos(std::string_view digits) {
  if (digits.empty() || digits.size() > 9) return std::nullopt;
  std::int32_t value = 0;
  for (std::size_t i = 0; i < 9; ++i) {
    value = value * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  }
  return value;
}

std::string fraction_text(std::int32_t nanos) {
  if (nanos == 0) return {};
  std::string digits = std::to_string(nanos);
  digits.insert(0, 9 - digits.size(), '0');
  digits.erase(digits.find_last_not_of('0') + 1);
  return "." + digits;
}

// Days since 1970-01-01; nullopt for a date that no calendar has.
std::optional<std::int64_t> read_date(Reader& reader) {
  const auto year = reader.digits(4);
  const bool first_dash = reader.take("-");
  const auto month = reader.digits(2);
  const bool second_dash = reader.take("-");
  const auto day = reader.digits(2);
  if (!year || !month || !day || !first_dash || !second_dash) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date}.time_since_epoch().count();
}

std::optional<std::int64_t> read_clock(Reader& reader) {
  const auto hour = reader.digits(2);
  const bool first_colon = reader.take(":");
  const auto minute = reader.digits(2);
  const bool second_colon = reader.take(":");
  const auto second = reader.digits(2);
  if (!hour || !minute || !second || !first_colon || !second_colon) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return *hour * 3600 + *minute * 60 + *second;
}

// "Z" or "+hh:mm", in seconds.
std::optional<std::int64_t> read_offset(Reader& reader) {
  if (reader.take("Z") || reader.take("z")) return 0;
  const bool west = reader.take("-");
  if (!west && !reader.take("+")) return std::nullopt;
  const auto hours = reader.digits(2);
  const bool colon = reader.take(":");
  const auto minutes = reader.digits(2);
  if (!hours || !colon || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::int64_t seconds = *hours * 3600 + *minutes * 60;
  return west ? -seconds : seconds;
}

std::optional<std::int64_t> unit_nanos(Reader& reader) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 8> units = {{
      {"ns", 1},
      {"us", 1'000},
      {"\u00b5s", 1'000},
      {"\u03bcs", 1'000},
      {"ms", 1'000'000},
      {"s", nanos_per_second},
      {"m", 60 * nanos_per_second},
      {"h", 3600 * nanos_per_second},
  }};
  for (const auto& [name, nanos] : units) {
    if (reader.take(name)) return nanos;
  }
  return std::nullopt;
}

// One "1.5h" of a duration, in nanoseconds; digits past the nanosecond are cut.
std::optional<Int128> read_term(Reader& reader) {
  const std::string_view whole = reader.run_of_digits();
  const std::string_view fraction = reader.take(".") ? reader.run_of_digits() : std::string_view();
  if (whole.empty() && fraction.empty()) return std::nullopt;
  const auto unit = unit_nanos(reader);
  if (!unit || whole.size() > 19) return std::nullopt;
  Int128 value = 0;
  for (const char c : whole) value = value * 10 + (c - '0');
  value *= *unit;
  Int128 part = 0;
  Int128 scale = 1;
  for (const char c : fraction.substr(0, 18)) {
    part = part * 10 + (c - '0');
    scale *= 10;
  }
  return value + part * *unit / scale;
}

std::optional<std::int64_t> fixed_offset(std::string_view zone) {
  Reader reader(zone);
  if (!is_digit(reader.peek())) {
    if (reader.peek() != '+' && reader.peek() != '-') return std::nullopt;
    const auto offset = read_offset(reader);
    return reader.done() ? offset : std::nullopt;
  }
  const std::string with_sign = "+" + std::string(zone);
  return fixed_offset(with_sign);
}

}  // namespace

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  Reader reader(text);
  const auto days = read_date(reader);
  if (!days || (!reader.take("T") && !reader.take("t"))) return std::nullopt;
  const auto clock = read_clock(reader);
  if (!clock) return std::nullopt;
  std::int32_t nanos = 0;
  if (reader.take(".")) {
    const auto fraction = fraction_nanos(reader.run_of_digits());
    if (!fraction) return std::nullopt;
    nanos = *fraction;
  }
  const auto offset = read_offset(reader);
  if (!offset || !reader.done()) return std::nullopt;
  const Timestamp moment{.seconds = *days * seconds_per_day + *clock - *offset, .nanos = nanos};
  if (!in_range(moment)) return std::nullopt;
  return moment;
}

std::string to_text(Timestamp moment) {
  const std::chrono::sys_seconds time{std::chrono::seconds{moment.seconds}};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  const auto padded = [](std::int64_t value, std::size_t width) {
    const std::string digits = std::to_string(value);
    return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
  };
  return padded(int{date.year()}, 4) + "-" + padded(unsigned{date.month()}, 2) + "-" +
         padded(unsigned{date.day()}, 2) + "T" + padded(clock.hours().count(), 2) + ":" +
         padded(clock.minutes().count(), 2) + ":" + padded(clock.seconds().count(), 2) +
         fraction_text(moment.nanos) + "Z";
}

std::optional<Duration> parse_duration(std::string_view text) {
  Reader reader(text);
  const bool negative = reader.take("-");
  if (!negative) reader.take("+");
  if (reader.take("0") && reader.done()) return Duration{};
  reader = Reader(text.substr(negative || text.starts_with('+') ? 1 : 0));
  if (reader.done()) return std::nullopt;
  Int128 total = 0;
  while (!reader.done()) {
    const auto term = read_term(reader);
    if (!term) return std::nullopt;
    total += *term;
    if (!duration_of(total)) return std::nullopt;
  }
  return duration_of(negative ? -total : total);
}

std::string to_text(Duration duration) {
  const bool negative = duration.seconds < 0 || duration.nanos < 0;
  const std::int32_t nanos = duration.nanos < 0 ? -duration.nanos : duration.nanos;
  const std::int64_t seconds = duration.seconds < 0 ? -duration.seconds : duration.seconds;
  return (negative ? "-" : "") + std::to_string(seconds) + fraction_text(nanos) + "s";
}

std::optional<Timestamp> add(Timestamp moment, Duration duration) {
  return timestamp_of(total_nanos(moment.seconds, moment.nanos) +
                      total_nanos(duration.seconds, duration.nanos));
}

std::optional<Duration> add(Duration left, Duration right) {
  return duration_of(total_nanos(left.seconds, left.nanos) +
                     total_nanos(right.seconds, right.nanos));
}

std::optional<Duration> difference(Timestamp left, Timestamp right) {
  return duration_of(total_nanos(left.seconds, left.nanos) -
                     total_nanos(right.seconds, right.nanos));
}

std::optional<Duration> negated(Duration duration) {
  return duration_of(-total_nanos(duration.seconds, duration.nanos));
}

bool in_range(Duration duration) {
  return duration_of(total_nanos(duration.seconds, duration.nanos)).has_value();
}

bool in_range(Timestamp moment) {
  return moment >= timestamp_min && moment <= timestamp_max;
}

std::optional<std::int64_t> utc_offset(std::string_view zone, Timestamp moment) {
  if (zone == "UTC") return 0;
  if (zone.empty() || zone.size() > zone_name_bytes_max) return std::nullopt;
  if (!((zone[0] >= 'A' && zone[0] <= 'Z') || (zone[0] >= 'a' && zone[0] <= 'z'))) {
    return fixed_offset(zone);
  }
  try {
    const date::sys_seconds time{std::chrono::seconds{moment.seconds}};
    return date::locate_zone(std::string(zone))->get_info(time).offset.count();
  } catch (const std::runtime_error&) {
    return std::nullopt;  // how the library says that there is no such zone
  }
}

}  // namespace nurtured::cel

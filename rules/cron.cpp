#include "rules/cron.h"

#include <array>
#include <charconv>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace nurtured::rules {
namespace {

constexpr std::size_t text_bytes_max = 200;
// 29 February comes again after eight years at the latest: 1896, 1904.
constexpr LocalDay days_ahead_max = 366 * 9;

struct Field {
  std::string_view name;
  unsigned min;
  unsigned max;
  std::array<std::string_view, 13> words;  // of `min` and what follows
};

constexpr std::array<Field, 5> fields = {{
    {"minute", 0, 59, {}},
    {"hour", 0, 23, {}},
    {"day of the month", 1, 31, {}},
    {"month",
     1,
     12,
     {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}},
    {"day of the week", 0, 7, {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"}},
}};

bool same_word(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const char upper =
        left[i] >= 'a' && left[i] <= 'z' ? static_cast<char>(left[i] - 'a' + 'A') : left[i];
    if (upper != right[i]) return false;
  }
  return true;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = text.find_first_of(separators, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

class FieldReader {
 public:
  explicit FieldReader(const Field& field) : field_(field) {}

  base::Result<std::uint64_t> read(std::string_view text) const {
    std::uint64_t bits = 0;
    for (const std::string_view part : split(text, ",")) {
      const auto more = read_part(part);
      if (!more) {
        const std::string words = field_.words[0].empty()
                                      ? ""
                                      : fmt::format(", {}, {} …", field_.words[0], field_.words[1]);
        return base::fail(
            fmt::format("\"{}\" is no {} of a schedule", text.substr(0, 40), field_.name),
            fmt::format("write {} to {}{}, *, a range 1-5, a list 1,3 or a step */15", field_.min,
                        field_.max, words));
      }
      bits |= *more;
    }
    return bits;
  }

 private:
  std::optional<unsigned> number(std::string_view text) const {
    for (unsigned i = 0; field_.min + i <= field_.max && i < field_.words.size(); ++i) {
      if (!field_.words.at(i).empty() && same_word(text, field_.words.at(i))) return field_.min + i;
    }
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
      return std::nullopt;
    }
    if (value < field_.min || value > field_.max) return std::nullopt;
    return value;
  }

  std::optional<std::uint64_t> read_part(std::string_view part) const {
    unsigned step = 1;
    const std::size_t slash = part.find('/');
    const bool has_step = slash != std::string_view::npos;
    if (has_step) {
      const std::string_view text = part.substr(slash + 1);
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
      if (error != std::errc{} || end != text.data() + text.size() || step == 0) {
        return std::nullopt;
      }
      part = part.substr(0, slash);
    }
    std::optional<unsigned> from;
    std::optional<unsigned> to;
    const std::size_t dash = part.find('-');
    if (part == "*") {
      from = field_.min;
      to = field_.max;
    } else if (dash != std::string_view::npos) {
      from = number(part.substr(0, dash));
      to = number(part.substr(dash + 1));
    } else {
      from = number(part);
      to = has_step ? std::optional(field_.max) : from;
    }
    // "SAT-SUN": Sunday is the end of the week, too.
    if (from && to && *to == 0 && *from > 0 && field_.max == 7) to = 7;
    if (!from || !to || *from > *to) return std::nullopt;
    std::uint64_t bits = 0;
    for (unsigned i = *from; i <= *to; i += step) bits |= std::uint64_t{1} << i;
    return bits;
  }

  const Field& field_;
};

bool has_bit(std::uint64_t bits, unsigned bit) {
  return ((bits >> bit) & 1U) != 0;
}

bool fits_day(const Cron& cron, std::chrono::sys_days day) {
  const std::chrono::year_month_day date{day};
  if (!has_bit(cron.months, unsigned{date.month()})) return false;
  const bool by_date = has_bit(cron.days, unsigned{date.day()});
  const bool by_weekday = has_bit(cron.weekdays, std::chrono::weekday{day}.c_encoding());
  return cron.either_day ? by_date || by_weekday : by_date && by_weekday;
}

// The first fitting moment of that local day after `after`.
std::optional<Instant> first_of_day(const Cron& cron, LocalDay day, Instant after,
                                    const Zone& zone) {
  for (unsigned hour = 0; hour < 24; ++hour) {
    if (!has_bit(cron.hours, hour)) continue;
    for (unsigned minute = 0; minute < 60; ++minute) {
      if (!has_bit(cron.minutes, minute)) continue;
      const LocalTime local{std::chrono::days{day} + std::chrono::hours{hour} +
                            std::chrono::minutes{minute}};
      const Instant moment = zone.to_instant(local);
      if (moment > after) return moment;
    }
  }
  return std::nullopt;
}

}  // namespace

base::Result<Cron> parse_cron(std::string_view text) {
  std::vector<std::string_view> parts;
  if (text.size() <= text_bytes_max) {
    for (const std::string_view part : split(text, " \t")) {
      if (!part.empty()) parts.push_back(part);
    }
  }
  if (parts.size() != fields.size()) {
    return base::fail("a schedule has five fields",
                      "minute, hour, day of the month, month, day of the week: \"0 10 * * TUE\"");
  }
  std::array<std::uint64_t, fields.size()> bits{};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    auto read = FieldReader(fields.at(i)).read(parts[i]);
    if (!read) return base::fail(std::move(read).error());
    bits.at(i) = *read;
  }
  Cron cron{.minutes = bits[0],
            .hours = static_cast<std::uint32_t>(bits[1]),
            .days = static_cast<std::uint32_t>(bits[2]),
            .months = static_cast<std::uint16_t>(bits[3]),
            .weekdays = static_cast<std::uint8_t>((bits[4] | bits[4] >> 7U) & 0x7FU),
            .either_day = !parts[2].starts_with('*') && !parts[4].starts_with('*')};
  if (!next_time(cron, Instant{}, Zone{})) {
    return base::fail("no year has such a day", "check the day of the month against the month");
  }
  return cron;
}

std::optional<Instant> next_time(const Cron& cron, Instant after, const Zone& zone) {
  const LocalDay today = zone.day_of(after);
  for (LocalDay day = today; day <= today + days_ahead_max; ++day) {
    if (!fits_day(cron, std::chrono::sys_days{std::chrono::days{day}})) continue;
    if (const auto moment = first_of_day(cron, day, after, zone)) return moment;
  }
  return std::nullopt;
}

}  // namespace nurtured::rules

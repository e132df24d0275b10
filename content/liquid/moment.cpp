// Reading moments: zones and the dates that people write.
#include "content/liquid/moment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

#include <date/tz.h>

#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

using std::chrono::milliseconds;

// nullptr for an unknown zone: the library throws.
const date::time_zone* find_zone(std::string_view name) {
  try {
    return date::locate_zone(name.empty() ? std::string("UTC") : std::string(name));
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

// What a text says of a date and a time; what it does not say is nullopt.
struct Parts {
  std::optional<int> year;
  std::optional<unsigned> month;
  std::optional<unsigned> day;
  std::optional<int> hour;
  int minute = 0;
  int second = 0;
  int milli = 0;
  std::optional<std::chrono::seconds> offset;
  std::string zone;
};

// A text read from the left; each reader takes what it understands.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  char peek(std::size_t ahead = 0) const { return ahead < rest_.size() ? rest_[ahead] : '\0'; }
  void skip(std::size_t count) { rest_.remove_prefix(std::min(count, rest_.size())); }
  void skip_spaces() { rest_ = strip_left(rest_); }
  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  std::string_view digits() {
    std::size_t length = 0;
    while (length < rest_.size() && is_digit(rest_[length])) ++length;
    const std::string_view found = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return found;
  }
  std::string_view letters() {
    std::size_t length = 0;
    while (length < rest_.size() && rest_[length] >= 'a' && rest_[length] <= 'z') ++length;
    const std::string_view found = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return found;
  }

 private:
  std::string_view rest_;
};

int to_int(std::string_view digits) {
  int number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return read.ec == std::errc{} ? number : -1;
}

int full_year(std::string_view digits) {
  const int year = to_int(digits);
  if (digits.size() > 2 || year < 0) return year;
  return year < 69 ? 2000 + year : 1900 + year;
}

std::optional<unsigned> month_of(std::string_view word) {
  constexpr std::array<std::string_view, 12> names = {
      "january", "february", "march",     "april",   "may",      "june",
      "july",    "august",   "september", "october", "november", "december"};
  if (word.size() < 3) return std::nullopt;
  for (unsigned i = 0; i < names.size(); ++i) {
    if (names[i].starts_with(word) || (i == 8 && word == "sept")) return i + 1;
  }
  return std::nullopt;
}

// The hours that zones named in mail dates are ahead of UTC (RFC 5322, section 4.3).
std::optional<std::chrono::seconds> named_offset(std::string_view word) {
  struct Zone {
    std::string_view name;
    int hours;
  };
  constexpr std::array<Zone, 11> zones = {Zone{"z", 0}, {"utc", 0},  {"gmt", 0},      {"est", -5},
                                          {"edt", -4},  {"cst", -6}, Zone{"cdt", -5}, {"mst", -7},
                                          {"mdt", -6},  {"pst", -8}, {"pdt", -7}};
  for (const Zone& zone : zones) {
    if (zone.name == word) return std::chrono::hours(zone.hours);
  }
  return std::nullopt;
}

// +hh:mm, +hhmm, +hh
bool read_offset(Reader& reader, Parts& parts) {
  const char sign = reader.peek();
  if ((sign != '+' && sign != '-') || !is_digit(reader.peek(1))) return false;
  Reader ahead = reader;
  ahead.skip(1);
  std::string_view hours = ahead.digits();
  std::string_view minutes;
  if (hours.size() == 4) {
    minutes = hours.substr(2);
    hours = hours.substr(0, 2);
  } else if (ahead.take(":")) {
    minutes = ahead.digits();
  }
  if (hours.empty() || hours.size() > 2 || minutes.size() > 2) return false;
  const int size = to_int(hours) * 60 + (minutes.empty() ? 0 : to_int(minutes));
  if (size > 24 * 60) return false;
  parts.offset = std::chrono::minutes(sign == '-' ? -size : size);
  reader = ahead;
  return true;
}

// hh:mm(:ss(.fraction)) (am|pm), or hh am; an offset may follow.
bool read_time(Reader& reader, Parts& parts) {
  if (parts.hour) return false;
  Reader ahead = reader;
  const std::string_view hour = ahead.digits();
  if (hour.empty() || hour.size() > 2) return false;
  Parts found = parts;
  found.hour = to_int(hour);
  const bool has_minutes = ahead.peek() == ':' && is_digit(ahead.peek(1));
  if (has_minutes) {
    ahead.skip(1);
    found.minute = to_int(ahead.digits());
    if (ahead.peek() == ':' && is_digit(ahead.peek(1))) {
      ahead.skip(1);
      found.second = to_int(ahead.digits());
      if ((ahead.peek() == '.' || ahead.peek() == ',') && is_digit(ahead.peek(1))) {
        ahead.skip(1);
        std::string fraction(ahead.digits());
        fraction.resize(3, '0');
        found.milli = to_int(fraction);
      }
    }
  }
  ahead.skip_spaces();
  const bool pm = ahead.rest().starts_with("pm") || ahead.rest().starts_with("p.m.");
  const bool am = ahead.rest().starts_with("am") || ahead.rest().starts_with("a.m.");
  if (!has_minutes && !am && !pm) return false;
  if (am || pm) {
    if (*found.hour < 1 || *found.hour > 12) return false;
    found.hour = *found.hour % 12 + (pm ? 12 : 0);
    ahead.skip(ahead.peek(1) == '.' ? 4 : 2);
    ahead.skip_spaces();
  }
  if (!read_offset(ahead, found)) {
    Reader zone = ahead;
    const std::string_view name = zone.letters();
    if (const auto offset = named_offset(name)) {
      found.offset = offset;
      found.zone = name == "z" ? "UTC" : upper_case(name);
      ahead = zone;
      read_offset(ahead, found);
    }
  }
  parts = std::move(found);
  reader = ahead;
  return true;
}

// yyyymmdd, yyyymmddThhmm, yyyymmddThhmmss with an offset
bool read_compact_date(Reader& reader, Parts& parts) {
  Reader ahead = reader;
  const std::string_view date = ahead.digits();
  if (date.size() != 8 || parts.year || parts.day) return false;
  parts.year = to_int(date.substr(0, 4));
  parts.month = static_cast<unsigned>(to_int(date.substr(4, 2)));
  parts.day = static_cast<unsigned>(to_int(date.substr(6)));
  reader = ahead;
  if (!ahead.take("t")) return true;
  const std::string_view time = ahead.digits();
  if (time.size() != 4 && time.size() != 6) return true;
  parts.hour = to_int(time.substr(0, 2));
  parts.minute = to_int(time.substr(2, 2));
  if (time.size() == 6) parts.second = to_int(time.substr(4));
  if (ahead.take("z")) {
    parts.offset = std::chrono::seconds(0);
    parts.zone = "UTC";
  } else {
    read_offset(ahead, parts);
  }
  reader = ahead;
  return true;
}

// dd-mon-yyyy
bool read_dashed_month(Reader& reader, Parts& parts) {
  Reader ahead = reader;
  const std::string_view day = ahead.digits();
  if (day.empty() || day.size() > 2 || !ahead.take("-")) return false;
  const auto month = month_of(ahead.letters());
  if (!month || !ahead.take("-")) return false;
  const std::string_view year = ahead.digits();
  if (year.empty()) return false;
  parts.day = static_cast<unsigned>(to_int(day));
  parts.month = month;
  parts.year = full_year(year);
  reader = ahead;
  return true;
}

// yyyy-mm-dd, yyyy-mm, yyyy/mm/dd, dd-mm-yyyy, dd/mm/yyyy, dd.mm.yyyy
bool read_numeric_date(Reader& reader, Parts& parts) {
  if (parts.year || parts.day) return false;
  Reader ahead = reader;
  const std::string_view first = ahead.digits();
  const char separator = ahead.peek();
  if (separator != '-' && separator != '/' && separator != '.') return false;
  ahead.skip(1);
  const std::string_view second = ahead.digits();
  if (second.empty() || second.size() > 2) return false;
  std::string_view third;
  if (ahead.peek() == separator && is_digit(ahead.peek(1))) {
    ahead.skip(1);
    third = ahead.digits();
  }
  if (first.size() <= 2 && third.empty() && separator == '.') return false;
  const bool day_first = first.size() <= 2 && third.size() > 2;
  const std::string_view year = day_first ? third : first;
  const std::string_view day = day_first ? first : third;
  parts.year = full_year(year);
  parts.month = static_cast<unsigned>(to_int(second));
  if (!day.empty()) parts.day = static_cast<unsigned>(to_int(day));
  reader = ahead;
  return true;
}

// A number by itself: the day beside a named month, or the year.
bool read_number(Reader& reader, Parts& parts) {
  const std::string_view digits = reader.digits();
  if (digits.empty()) return false;
  if (digits.size() <= 2 && !parts.day) {
    parts.day = static_cast<unsigned>(to_int(digits));
    for (const std::string_view ending : {"st", "nd", "rd", "th"}) {
      if (reader.take(ending)) break;
    }
    return true;
  }
  if (parts.year) return false;
  parts.year = full_year(digits);
  return true;
}

bool is_weekday(std::string_view word) {
  for (const std::string_view name :
       {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}) {
    if (word.size() >= 3 && name.starts_with(word)) return true;
  }
  return word == "tues" || word == "wednes" || word == "thur" || word == "thurs";
}

std::optional<Parts> read_parts(std::string_view text) {
  Reader reader(text);
  Parts parts;
  while (!reader.done()) {
    const char c = reader.peek();
    if (is_space(c) || c == ',') {
      reader.skip(1);
    } else if (is_digit(c)) {
      if (!read_time(reader, parts) && !read_compact_date(reader, parts) &&
          !read_dashed_month(reader, parts) && !read_numeric_date(reader, parts) &&
          !read_number(reader, parts)) {
        return std::nullopt;
      }
      if (reader.peek() == 't' && is_digit(reader.peek(1))) reader.skip(1);
    } else if (c >= 'a' && c <= 'z') {
      const std::string_view word = reader.letters();
      const auto month = parts.month ? std::nullopt : month_of(word);
      const auto offset = named_offset(word);
      if (month) {
        parts.month = month;
      } else if (offset && !parts.offset) {
        parts.offset = offset;
        parts.zone = word == "z" ? "UTC" : upper_case(word);
      } else if (!is_weekday(word) && word != "of" && word != "at" && word != "the") {
        return std::nullopt;
      }
      if (reader.peek() == '.') reader.skip(1);
    } else if (!read_offset(reader, parts)) {
      return std::nullopt;
    }
  }
  // A day alone, or nothing, is no date.
  if (!parts.hour && !parts.month && !(parts.year && *parts.year > 999)) return std::nullopt;
  return parts;
}

// The parts as milliseconds on their own clock; nullopt when there is no such date.
std::optional<std::int64_t> local_millis(const Parts& parts, const Moment& now) {
  using namespace date;
  const local_time<milliseconds> today_time{milliseconds(now.local)};
  const year_month_day today{floor<days>(today_time)};
  const bool says_date = parts.year || parts.month || parts.day;
  const year_month_day day{
      date::year(parts.year.value_or(static_cast<int>(today.year()))),
      date::month(parts.month.value_or(parts.year ? 1 : static_cast<unsigned>(today.month()))),
      date::day(parts.day.value_or(says_date ? 1 : static_cast<unsigned>(today.day())))};
  const int hour = parts.hour.value_or(0);
  if (!day.ok() || static_cast<int>(day.year()) < 1 || static_cast<int>(day.year()) > 9999) {
    return std::nullopt;
  }
  if (hour < 0 || hour > 24 || parts.minute < 0 || parts.minute > 59 || parts.second < 0 ||
      parts.second > 60) {
    return std::nullopt;
  }
  const std::int64_t seconds = (hour * 60 + parts.minute) * 60 + parts.second;
  return milliseconds(local_days{day}.time_since_epoch()).count() + seconds * 1000 + parts.milli;
}

}  // namespace

std::optional<Moment> moment_in(base::Instant instant, std::string_view zone) {
  const date::time_zone* found = find_zone(zone);
  if (found == nullptr) return std::nullopt;
  const date::sys_info info = found->get_info(instant);
  return Moment{base::to_millis(instant) + milliseconds(info.offset).count(), info.offset,
                info.abbrev};
}

std::optional<Moment> moved_to(const Moment& moment, std::string_view zone) {
  return moment_in(base::from_millis(moment.local - milliseconds(moment.offset).count()), zone);
}

std::optional<Moment> parse_moment(std::string_view text, base::Instant now,
                                   std::string_view zone) {
  if (text.size() > date_text_bytes_max) return std::nullopt;
  const std::string lower = lower_case(text);
  const auto current = moment_in(now, zone);
  if (!current) return std::nullopt;
  const auto parts = read_parts(strip(lower));
  if (!parts) return std::nullopt;
  const auto local = local_millis(*parts, *current);
  if (!local) return std::nullopt;
  if (parts->offset) {
    const Moment written{*local, *parts->offset, parts->zone};
    return zone.empty() ? written : moved_to(written, zone);
  }
  const date::local_time<milliseconds> wall{milliseconds(*local)};
  const date::local_info info = find_zone(zone)->get_info(wall);
  const base::Instant instant = info.result == date::local_info::nonexistent
                                    ? base::Instant(info.second.begin)
                                    : base::Instant(wall.time_since_epoch() - info.first.offset);
  return moment_in(instant, zone);
}

}  // namespace nurtured::content::liquid

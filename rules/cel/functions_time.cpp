// What timestamps and durations are asked for (langdef.md, "Date/Time Functions").
#include <chrono>

#include "base/encoding.h"
#include "rules/cel/library.h"
#include "rules/cel/time_text.h"

namespace nurtured::cel {
namespace {

using Outcome = std::optional<Value>;

enum class Part {
  date,
  day_of_month,
  day_of_week,
  day_of_year,
  full_year,
  hours,
  milliseconds,
  minutes,
  month,
  seconds,
};

// `moment` moved by the zone's offset, read as if it were UTC.
std::int64_t part_of(Part part, Timestamp moment, std::int64_t offset) {
  namespace chrono = std::chrono;
  const chrono::sys_seconds time{chrono::seconds{moment.seconds + offset}};
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date{day};
  const chrono::hh_mm_ss clock{time - day};
  switch (part) {
    case Part::date:
      return unsigned{date.day()};
    case Part::day_of_month:
      return std::int64_t{unsigned{date.day()}} - 1;
    case Part::day_of_week:
      return chrono::weekday{day}.c_encoding();
    case Part::day_of_year:
      return (day - chrono::sys_days{date.year() / chrono::January / 1}).count();
    case Part::full_year:
      return int{date.year()};
    case Part::hours:
      return clock.hours().count();
    case Part::milliseconds:
      return moment.nanos / 1'000'000;
    case Part::minutes:
      return clock.minutes().count();
    case Part::month:
      return std::int64_t{unsigned{date.month()}} - 1;
    case Part::seconds:
      return clock.seconds().count();
  }
  return 0;
}

template <Part part>
Outcome in_utc(Evaluation& /*unused*/, const Arguments& arguments) {
  return part_of(part, arguments[0].as_timestamp(), 0);
}

template <Part part>
Outcome in_zone(Evaluation& evaluation, const Arguments& arguments) {
  const Timestamp moment = arguments[0].as_timestamp();
  const std::string& zone = arguments[1].as_string();
  const auto offset = utc_offset(zone, moment);
  if (!offset) {
    return evaluation.fail("there is no time zone " + std::string(base::cut_utf8(zone, 40)));
  }
  return part_of(part, moment, *offset);
}

Outcome duration_hours(Evaluation& /*unused*/, const Arguments& arguments) {
  return arguments[0].as_duration().seconds / 3600;
}

Outcome duration_minutes(Evaluation& /*unused*/, const Arguments& arguments) {
  return arguments[0].as_duration().seconds / 60;
}

Outcome duration_seconds(Evaluation& /*unused*/, const Arguments& arguments) {
  return arguments[0].as_duration().seconds;
}

// Only the part past the second, unlike the three above.
Outcome duration_milliseconds(Evaluation& /*unused*/, const Arguments& arguments) {
  return arguments[0].as_duration().nanos / 1'000'000;
}

template <Part part>
void add_part(LibraryTable& table, std::string_view name) {
  table.push_back({name, true, {Type::timestamp()}, Type::integer(), in_utc<part>});
  table.push_back(
      {name, true, {Type::timestamp(), Type::string()}, Type::integer(), in_zone<part>});
}

}  // namespace

void add_time_functions(LibraryTable& table) {
  add_part<Part::date>(table, "getDate");
  add_part<Part::day_of_month>(table, "getDayOfMonth");
  add_part<Part::day_of_week>(table, "getDayOfWeek");
  add_part<Part::day_of_year>(table, "getDayOfYear");
  add_part<Part::full_year>(table, "getFullYear");
  add_part<Part::hours>(table, "getHours");
  add_part<Part::milliseconds>(table, "getMilliseconds");
  add_part<Part::minutes>(table, "getMinutes");
  add_part<Part::month>(table, "getMonth");
  add_part<Part::seconds>(table, "getSeconds");
  table.push_back({"getHours", true, {Type::duration()}, Type::integer(), duration_hours});
  table.push_back({"getMinutes", true, {Type::duration()}, Type::integer(), duration_minutes});
  table.push_back({"getSeconds", true, {Type::duration()}, Type::integer(), duration_seconds});
  table.push_back(
      {"getMilliseconds", true, {Type::duration()}, Type::integer(), duration_milliseconds});
}

}  // namespace nurtured::cel

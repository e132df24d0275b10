// The names of months and weekdays in the languages that messages are dated in.
#pragma once

#include <string_view>

namespace nurtured::content::liquid {

struct CalendarNames {
  std::string_view months[12];
  // As they follow a day: "5 марта".
  std::string_view months_of_day[12];
  std::string_view months_short[12];
  std::string_view weekdays[7];  // from Sunday
  std::string_view weekdays_short[7];
  std::string_view am;
  std::string_view pm;
};

// By the language of a BCP 47 tag: ru, zh; English for the others.
const CalendarNames& calendar_names(std::string_view locale);

}  // namespace nurtured::content::liquid

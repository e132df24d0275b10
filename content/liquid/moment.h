// A point in time as a clock on a wall shows it, read from text and written by a format. What the
// `date` filter is made of.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/instant.h"

namespace nurtured::content::liquid {

// `local` are milliseconds since 1970-01-01T00:00:00 on that clock, which is `offset` ahead of UTC.
struct Moment {
  std::int64_t local = 0;
  std::chrono::seconds offset{0};
  std::string zone;  // abbreviation: "UTC", "MSK"; empty where only the offset is known
};

// In an IANA zone, or in UTC when the name is empty; nullopt for an unknown zone.
std::optional<Moment> moment_in(base::Instant instant, std::string_view zone);
// The same moment on the clock of a zone.
std::optional<Moment> moved_to(const Moment& moment, std::string_view zone);

// Texts longer than this are no dates.
inline constexpr std::size_t date_text_bytes_max = 128;

// A date as people and programs write it: "2016-03-14 10:00", "March 14, 2016", "14 Mar 2016
// 10:00 +0200", "Fri Jul 16 01:00:00 2004", "14/3/2016" (day first), "12:30". What is left out on
// the left is taken from `now`, on the right it is the first. Without an offset in the text its
// clock is that of `zone`, where a time that is skipped means the first after it, and one that
// happens twice the first. A text with an offset keeps it when `zone` is empty and is moved to
// `zone` otherwise. nullopt for any other text and for an unknown zone.
std::optional<Moment> parse_moment(std::string_view text, base::Instant now, std::string_view zone);

// Ruby's strftime: flags -0^#_: and widths, directives a A b B c C d D e F g G h H I j k l L m M n
// N p P r R s S t T u U v V w W x X y Y z Z + %. Others stand as they are. Names are those of
// `locale` (en, ru, zh; others read English). nullopt when the text would pass `bytes_max`.
std::optional<std::string> format_moment(const Moment& moment, std::string_view format,
                                         std::string_view locale, std::size_t bytes_max);

}  // namespace nurtured::content::liquid

#include <string>
#include <string_view>

#include "tests/catch.h"
#include "tests/content/liquid/rendered.h"

namespace nurtured::content::liquid {
namespace {

const base::Instant now = *base::parse_instant("2026-03-02T07:08:09Z");

TEST_CASE("date writes every directive") {
  using Row = std::tuple<const char*, const char*>;
  const auto [format, expected] = GENERATE(table<const char*, const char*>({
      Row{"%Y-%m-%d %H:%M:%S", "2026-03-02 10:08:09"},
      Row{"%a %A %b %B", "Mon Monday Mar March"},
      Row{"%d %e %-d %j", "02  2 2 061"},
      Row{"%I %l %p %P %-I", "10 10 AM am 10"},
      Row{"%k|%L|%N|%3N", "10|000|000000000|000"},
      Row{"%y %C %G %V %u %w %U %W", "26 20 2026 10 1 1 09 09"},
      Row{"%z %:z %::z %Z", "+0300 +03:00 +03:00:00 MSK"},
      Row{"%s", "1772435289"},
      Row{"%c", "Mon Mar  2 10:08:09 2026"},
      Row{"%D %F %R %T %r", "03/02/26 2026-03-02 10:08 10:08:09 10:08:09 AM"},
      Row{"%x %X %v", "03/02/26 10:08:09  2-MAR-2026"},
      Row{"%^a %^B %#p %10Y|%_5d|%05d", "MON MARCH am 0000002026|    2|00002"},
      Row{"100%% %n%t|", "100% \n\t|"},
      Row{"%Q %", "%Q %"},
      Row{"%-m/%-d/%Y", "3/2/2026"},
      Row{"%99999d", nullptr},
  }));
  INFO(format);
  const std::string text = rendered("{{ 'now' | date: '" + std::string(format) + "' }}",
                                    {.options = {.now = now, .zone = "Europe/Moscow"}});
  if (expected == nullptr) {
    CHECK(text.size() == 1024);
  } else {
    CHECK(text == expected);
  }
}

TEST_CASE("date reads what people and programs write") {
  using Row = std::tuple<const char*, const char*>;
  const auto [input, expected] = GENERATE(table<const char*, const char*>({
      Row{"March 14, 2016", "2016-03-14 00:00:00"},
      Row{"14 March 2016", "2016-03-14 00:00:00"},
      Row{"Mar. 14th, 2016 3:05 pm", "2016-03-14 15:05:00"},
      Row{"2016-03-14", "2016-03-14 00:00:00"},
      Row{"2016-03-14T10:20:30.250Z", "2016-03-14 10:20:30"},
      Row{"2016-03-14 10:20:30 +02:00", "2016-03-14 10:20:30"},
      Row{"2016/3/4 5:06", "2016-03-04 05:06:00"},
      Row{"14/3/2016", "2016-03-14 00:00:00"},
      Row{"14.03.2016 18:00", "2016-03-14 18:00:00"},
      Row{"20160314T102030Z", "2016-03-14 10:20:30"},
      Row{"Fri, 16 Jul 2004 01:02:03 GMT", "2004-07-16 01:02:03"},
      Row{"Fri Jul 16 01:02:03 2004", "2004-07-16 01:02:03"},
      Row{"12 jan 99", "1999-01-12 00:00:00"},
      Row{"12-Jan-2020", "2020-01-12 00:00:00"},
      Row{"July 2020", "2020-07-01 00:00:00"},
      Row{"12:30", "2026-03-02 12:30:00"},
      Row{"1152098955", "2006-07-05 11:29:15"},
      Row{"TODAY", "2026-03-02 07:08:09"},
      // No dates: they stay as they are.
      Row{"tomorrow", "tomorrow"},
      Row{"2016-13-45", "2016-13-45"},
      Row{"2016-02-30", "2016-02-30"},
      Row{"25:61", "25:61"},
      Row{"-1152098955", "-1152098955"},
      Row{"99999999999999999999", "99999999999999999999"},
      Row{"5", "1970-01-01 00:00:05"},
      Row{"12/12/12/12/12", "12/12/12/12/12"},
      Row{"", ""},
      Row{"2016-03-14 <script>", "2016-03-14 <script>"},
  }));
  INFO(input);
  CHECK(rendered("{{ '" + std::string(input) + "' | date: '%Y-%m-%d %H:%M:%S' }}",
                 {.options = {.now = now}}) == expected);
}

TEST_CASE("dates are shown in the contact's zone and language") {
  const auto shown = [](std::string_view locale, std::string_view zone, std::string_view format) {
    return rendered("{{ '2026-03-01T22:30:00Z' | date: '" + std::string(format) + "' }}",
                    {.options = {.now = now, .zone = zone, .locale = locale}});
  };
  CHECK(shown("ru-RU", "Europe/Moscow", "%A, %-d %B %Y, %H:%M") ==
        "понедельник, 2 марта 2026, 01:30");
  CHECK(shown("ru", "Europe/Moscow", "%B %Y") == "март 2026");
  CHECK(shown("zh-CN", "Asia/Shanghai", "%Y年%-m月%-d日 %A") == "2026年3月2日 星期一");
  CHECK(shown("fr", "America/New_York", "%A %H:%M %Z") == "Sunday 17:30 EST");
  CHECK(shown("en", "Nowhere/Land", "%H") == "error: unknown time zone 'Nowhere/Land'");
}

TEST_CASE("a local time that is skipped moves on, one that is doubled means its first") {
  const auto shown = [](const char* text) {
    return rendered("{{ '" + std::string(text) + "' | date: '%H:%M %z' }}",
                    {.options = {.now = now, .zone = "Europe/Berlin"}});
  };
  CHECK(shown("2026-03-29 02:30") == "03:00 +0200");
  CHECK(shown("2026-10-25 02:30") == "02:30 +0200");
}

}  // namespace
}  // namespace nurtured::content::liquid

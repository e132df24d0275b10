// Writing moments: the strftime of moment.h.
#include <algorithm>
#include <array>
#include <cmath>

#include <date/date.h>

#include "content/liquid/calendar_names.h"
#include "content/liquid/moment.h"
#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

// A directive's width beyond this is not obeyed.
constexpr int width_max = 1024;

// One %-directive: flags, width and the letter.
struct Directive {
  char letter = 0;
  char pad = 0;        // '-', '_' or '0' where the format says so
  bool upper = false;  // ^
  bool swap = false;   // #
  int colons = 0;      // of %:z
  int width = 0;       // 0: the directive's own
};

struct Fields {
  int year = 1970;
  unsigned month = 1;
  unsigned day = 1;
  unsigned weekday = 0;   // from Sunday
  unsigned year_day = 1;  // from 1
  int iso_year = 1970;
  unsigned iso_week = 1;
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;
  std::int64_t milli = 0;
};

Fields fields_of(const Moment& moment) {
  using namespace date;
  const local_time<std::chrono::milliseconds> time{std::chrono::milliseconds(moment.local)};
  const auto midnight = floor<days>(time);
  const year_month_day day{midnight};
  const local_days new_year{day.year() / January / 1};
  // The ISO week is that of its Thursday.
  const unsigned iso_weekday = weekday{midnight}.iso_encoding();
  const year_month_day thursday{midnight + days(4 - static_cast<int>(iso_weekday))};
  const local_days thursday_year{thursday.year() / January / 1};
  const std::int64_t rest = (time - midnight).count();
  return {.year = static_cast<int>(day.year()),
          .month = static_cast<unsigned>(day.month()),
          .day = static_cast<unsigned>(day.day()),
          .weekday = weekday{midnight}.c_encoding(),
          .year_day = static_cast<unsigned>((midnight - new_year).count() + 1),
          .iso_year = static_cast<int>(thursday.year()),
          .iso_week = static_cast<unsigned>((local_days{thursday} - thursday_year).count() / 7 + 1),
          .hour = rest / 3'600'000,
          .minute = rest / 60'000 % 60,
          .second = rest / 1000 % 60,
          .milli = rest % 1000};
}

class Formatter {
 public:
  Formatter(const Moment& moment, std::string_view locale, bool has_day)
      : moment_(moment),
        fields_(fields_of(moment)),
        names_(calendar_names(locale)),
        has_day_(has_day) {}

  // False for a letter that is no directive.
  bool append(std::string& out, const Directive& directive) const;

 private:
  bool append_text(std::string& out, const Directive& directive) const;
  bool append_number(std::string& out, const Directive& directive) const;
  void append_fraction(std::string& out, const Directive& directive, int digits) const;
  void append_offset(std::string& out, const Directive& directive) const;
  std::optional<std::string> compound(char letter) const;
  std::int64_t week(unsigned first_weekday) const;

  const Moment& moment_;
  Fields fields_;
  const CalendarNames& names_;
  bool has_day_;
};

void append_padded(std::string& out, std::string_view text, int width, char pad) {
  const auto length = static_cast<int>(count_characters(text));
  if (pad != '-' && length < width) {
    out.append(static_cast<std::size_t>(width - length), pad == '0' ? '0' : ' ');
  }
  out += text;
}

void put_number(std::string& out, std::int64_t number, int width, char pad,
                const Directive& directive) {
  const char chosen = directive.pad == 0 ? pad : directive.pad == '_' ? ' ' : directive.pad;
  const int wide = directive.width > 0 ? directive.width : width;
  const std::string digits = std::to_string(number < 0 ? -number : number);
  if (number < 0 && chosen == '0') {
    out += '-';
    append_padded(out, digits, wide - 1, '0');
  } else {
    append_padded(out, number < 0 ? '-' + digits : digits, wide, chosen);
  }
}

std::int64_t Formatter::week(unsigned first_weekday) const {
  const unsigned since_first = (fields_.weekday + 7 - first_weekday) % 7;
  return (fields_.year_day - 1 + 7 - since_first) / 7;
}

bool Formatter::append_number(std::string& out, const Directive& directive) const {
  const auto put = [&](std::int64_t number, int width, char pad) {
    put_number(out, number, width, pad, directive);
    return true;
  };
  const std::int64_t hour12 = fields_.hour % 12 == 0 ? 12 : fields_.hour % 12;
  switch (directive.letter) {
    case 'Y':
      return put(fields_.year, fields_.year < 0 ? 5 : 4, '0');
    case 'C':
      return put(fields_.year / 100, 2, '0');
    case 'y':
      return put(fields_.year % 100, 2, '0');
    case 'G':
      return put(fields_.iso_year, 4, '0');
    case 'g':
      return put(fields_.iso_year % 100, 2, '0');
    case 'm':
      return put(fields_.month, 2, '0');
    case 'd':
      return put(fields_.day, 2, '0');
    case 'e':
      return put(fields_.day, 2, ' ');
    case 'j':
      return put(fields_.year_day, 3, '0');
    case 'H':
      return put(fields_.hour, 2, '0');
    case 'k':
      return put(fields_.hour, 2, ' ');
    case 'I':
      return put(hour12, 2, '0');
    case 'l':
      return put(hour12, 2, ' ');
    case 'M':
      return put(fields_.minute, 2, '0');
    case 'S':
      return put(fields_.second, 2, '0');
    case 'V':
      return put(fields_.iso_week, 2, '0');
    case 'U':
      return put(week(0), 2, '0');
    case 'W':
      return put(week(1), 2, '0');
    case 'u':
      return put(fields_.weekday == 0 ? 7 : fields_.weekday, 1, '0');
    case 'w':
      return put(fields_.weekday, 1, '0');
    case 's': {
      const std::int64_t local_seconds = (moment_.local - fields_.milli) / 1000;
      return put(local_seconds - moment_.offset.count(), 1, '0');
    }
    default:
      return false;
  }
}

void Formatter::append_fraction(std::string& out, const Directive& directive, int digits) const {
  const int wanted = directive.width > 0 ? directive.width : digits;
  std::string fraction = std::to_string(1000 + fields_.milli).substr(1);
  fraction.resize(static_cast<std::size_t>(wanted), '0');
  out += fraction;
}

void Formatter::append_offset(std::string& out, const Directive& directive) const {
  const std::int64_t size = std::abs(moment_.offset.count());
  std::string text = moment_.offset.count() < 0 ? "-" : "+";
  const auto two = [&](std::int64_t number) {
    if (number < 10) text += '0';
    text += std::to_string(number);
  };
  two(size / 3600);
  if (directive.colons > 0) text += ':';
  two(size / 60 % 60);
  if (directive.colons > 1) {
    text += ':';
    two(size % 60);
  }
  append_padded(out, text, directive.width, ' ');
}

bool Formatter::append_text(std::string& out, const Directive& directive) const {
  std::string text;
  bool lower = false;
  switch (directive.letter) {
    case 'A':
      text = names_.weekdays[fields_.weekday];
      break;
    case 'a':
      text = names_.weekdays_short[fields_.weekday];
      break;
    case 'B':
      text = (has_day_ ? names_.months_of_day : names_.months)[fields_.month - 1];
      break;
    case 'b':
    case 'h':
      text = names_.months_short[fields_.month - 1];
      break;
    case 'p':
      text = fields_.hour < 12 ? names_.am : names_.pm;
      lower = directive.swap;
      break;
    case 'P':
      text = fields_.hour < 12 ? names_.am : names_.pm;
      lower = true;
      break;
    case 'Z':
      text = moment_.zone;
      lower = directive.swap;
      break;
    default:
      return false;
  }
  if (lower) {
    text = lower_case(text);
  } else if (directive.upper || directive.swap) {
    text = upper_case(text);
  }
  append_padded(out, text, directive.width, directive.pad);
  return true;
}

std::optional<std::string> Formatter::compound(char letter) const {
  std::string_view format;
  switch (letter) {
    case 'c':
      format = "%a %b %e %H:%M:%S %Y";
      break;
    case 'D':
    case 'x':
      format = "%m/%d/%y";
      break;
    case 'F':
      format = "%Y-%m-%d";
      break;
    case 'R':
      format = "%H:%M";
      break;
    case 'r':
      format = "%I:%M:%S %p";
      break;
    case 'T':
    case 'X':
      format = "%H:%M:%S";
      break;
    case 'v':
      format = "%e-%^b-%Y";
      break;
    case '+':
      format = "%a %b %e %H:%M:%S %Z %Y";
      break;
    default:
      return std::nullopt;
  }
  std::string text;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      text += format[i];
      continue;
    }
    Directive part;
    if (format[++i] == '^') {
      part.upper = true;
      ++i;
    }
    part.letter = format[i];
    append(text, part);
  }
  return text;
}

bool Formatter::append(std::string& out, const Directive& directive) const {
  switch (directive.letter) {
    case '%':
      out += '%';
      return true;
    case 'n':
      out += '\n';
      return true;
    case 't':
      out += '\t';
      return true;
    case 'L':
      append_fraction(out, directive, 3);
      return true;
    case 'N':
      append_fraction(out, directive, 9);
      return true;
    case 'z':
      append_offset(out, directive);
      return true;
    default:
      break;
  }
  if (append_number(out, directive) || append_text(out, directive)) return true;
  const auto text = compound(directive.letter);
  if (!text) return false;
  append_padded(out, directive.upper ? upper_case(*text) : *text, directive.width, directive.pad);
  return true;
}

// Reads the directive that follows a '%'; its letter is 0 when there is none. `length` are the
// bytes it takes.
Directive read_directive(std::string_view text, std::size_t& length) {
  Directive directive;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '-' || c == '_' || (c == '0' && directive.width == 0)) {
      directive.pad = c;
    } else if (c == '^') {
      directive.upper = true;
    } else if (c == '#') {
      directive.swap = true;
    } else if (c == ':') {
      ++directive.colons;
    } else if (is_digit(c)) {
      directive.width = std::min(directive.width * 10 + (c - '0'), width_max);
    } else if (c != 'E' && c != 'O') {
      directive.letter = c;
      ++i;
      break;
    }
  }
  length = i;
  return directive;
}

// True when the format shows a day of the month, after which Russian months stand in the genitive.
bool shows_day(std::string_view format) {
  for (std::size_t at = format.find('%'); at != std::string_view::npos;
       at = format.find('%', at + 1)) {
    std::size_t length = 0;
    const char letter = read_directive(format.substr(at + 1), length).letter;
    if (letter == 'd' || letter == 'e') return true;
    if (letter == '%') ++at;
  }
  return false;
}

}  // namespace

std::optional<std::string> format_moment(const Moment& moment, std::string_view format,
                                         std::string_view locale, std::size_t bytes_max) {
  const Formatter formatter(moment, locale, shows_day(format));
  std::string text;
  for (std::size_t i = 0; i < format.size();) {
    if (format[i] != '%') {
      text += format[i++];
      continue;
    }
    std::size_t length = 0;
    const Directive directive = read_directive(format.substr(i + 1), length);
    if (directive.letter == 0 || !formatter.append(text, directive)) {
      text += format.substr(i, length + 1);
    }
    i += length + 1;
    if (text.size() > bytes_max) return std::nullopt;
  }
  return text;
}

}  // namespace nurtured::content::liquid

#include "daemon/cli/lines.h"

#include <string_view>

namespace nurtured::daemon::cli {

LineReader::Line LineReader::next() {
  using Traits = std::istream::traits_type;
  text_.clear();
  bool any = false;
  bool too_long = false;
  for (;;) {
    const auto next = in_.rdbuf()->sbumpc();
    if (Traits::eq_int_type(next, Traits::eof())) {
      if (!any) return Line::end;
      break;
    }
    any = true;
    const char c = Traits::to_char_type(next);
    if (c == '\n') break;
    if (text_.size() >= bytes_max_) {
      too_long = true;
    } else {
      text_.push_back(c);
    }
  }
  ++number_;
  if (too_long) {
    text_.clear();
    return Line::too_long;
  }
  if (text_.ends_with('\r')) text_.pop_back();
  // Some programs put a byte order mark in front.
  constexpr std::string_view bom = "\xef\xbb\xbf";
  if (number_ == 1 && text_.starts_with(bom)) text_.erase(0, bom.size());
  return Line::whole;
}

}  // namespace nurtured::daemon::cli

#include "daemon/cli/filter.h"

#include <ostream>

#include "daemon/cli/lines.h"

namespace nurtured::daemon::cli {

int filter(Console& console, const std::function<std::string(const std::string&)>& answer) {
  LineReader lines(console.in);
  for (;;) {
    const auto line = lines.next();
    if (line == LineReader::Line::end) break;
    if (line == LineReader::Line::too_long) {
      console.out << R"({"error": "the line is longer than )" << line_bytes_max << " bytes\"}\n";
    } else {
      console.out << answer(lines.text()) << '\n';
    }
    if (console.interactive_in || lines.would_wait()) console.out.flush();
    // Nobody reads any more.
    if (!console.out) return found_problem;
  }
  console.out.flush();
  return done;
}

}  // namespace nurtured::daemon::cli

// The parts of a report as one HTML page that asks for nothing from anywhere: no scripts, no files,
// and a policy that lets it load none. For light, dark and paper; what is wider than a phone can be
// moved sideways. Texts go in as they are and are escaped here; only what is called HTML goes in as
// markup. Charts are daemon/chart.h's. Pure, for any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "daemon/by_kind.h"
#include "daemon/chart.h"

namespace nurtured::daemon {

// A whole page, UTF-8; `html` is what stands below its title.
std::string report_page(std::string_view title, std::string_view html);

std::string page_heading(std::string_view text);
std::string page_paragraph(std::string_view text);
// What explains the page itself, less loud.
std::string page_remark(std::string_view text);
// What matters most, a sentence a line.
std::string page_summary(const std::vector<std::string>& sentences);

// A table of names and figures, made row by row.
class PageTable {
 public:
  // The first `names` columns hold texts, to be read from the left; all others figures.
  explicit PageTable(const std::vector<std::string>& head, std::size_t names = 1);

  void add(const std::vector<std::string>& cells);
  bool is_empty() const { return rows_.empty(); }
  std::string html() const;

 private:
  std::string row(const std::vector<std::string>& cells, std::string_view tag) const;

  std::size_t names_;
  std::string head_;
  std::string rows_;
};

// The figures behind a chart, for whoever wants the numbers: folded, and not on paper.
std::string page_figures(const PageTable& table);

// Messages sent, by day UTC.
struct DaysSent {
  std::string title;
  std::vector<ByKind> days;
};
// A chart and its figures for each, all of as many days from `from` on and by one scale, so that
// they compare. Days that are too many to be told apart are drawn by the week.
std::string page_days(base::Instant from, const std::vector<DaysSent>& all);

// A row of numbers for each kind of message, empty as yet, in the order of `kinds`.
std::vector<Series> series_by_kind();

}  // namespace nurtured::daemon

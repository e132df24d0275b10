// Charts as SVG inside an HTML page: figures in, markup out. Colours and fonts are the page's, by
// classes (`chart_style`), so that a chart follows light, dark and paper. Every text is escaped.
// Pure, for any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nurtured::daemon {

// One row of numbers, as long as the chart has labels. Its colour is its place among the series, up
// to chart_series_max.
struct Series {
  std::string name;
  std::vector<double> values;  // 0 or more
};
inline constexpr std::size_t chart_series_max = 6;

struct ChartOptions {
  std::string title;   // what a screen reader says of it
  std::string x_axis;  // what the labels are; may be empty
  std::string y_axis;  // what is counted, with its unit
  // The scale reaches at least so far, so that charts beside one another compare.
  double scale_reaches = 0;
};

// Upright columns, side by side, the series on top of one another, with a scale at the left. Of
// many labels only some are written.
std::string column_chart(const ChartOptions& options, const std::vector<std::string>& labels,
                         const std::vector<Series>& series);
// The same lying, a line a label, for labels that are names; each part says its number.
std::string bar_chart(const ChartOptions& options, const std::vector<std::string>& labels,
                      const std::vector<Series>& series);

// CSS for the classes of all charts; no quotes, no tags.
extern const std::string_view chart_style;

}  // namespace nurtured::daemon

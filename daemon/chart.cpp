#include "daemon/chart.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "content/escape.h"

namespace nurtured::daemon {
namespace {

// Units of the drawing; the page scales it to its width.
constexpr double width = 760;
constexpr double left = 60;
constexpr double top = 10;
constexpr double column_height = 200;
constexpr double below = 44;
constexpr double bar_left = 220;
constexpr double bar_height = 18;
constexpr double bar_step = 26;
constexpr std::size_t labels_max = 12;
constexpr std::size_t label_letters_max = 30;
constexpr int steps = 4;  // of a scale

double sum_at(const std::vector<Series>& series, std::size_t place) {
  double sum = 0;
  for (const Series& each : series) sum += each.values[place];
  return sum;
}

// The end of a scale that is easy to read: 1, 2, 4 or 8 times a power of ten, all of which four
// steps divide well.
double scale_end(double most) {
  if (most <= 4) return 4;
  const double power = std::pow(10, std::floor(std::log10(most)));
  for (const double times : {1.0, 2.0, 4.0, 8.0}) {
    if (most <= power * times) return power * times;
  }
  return power * 10;
}

double most_of(const std::vector<std::string>& labels, const std::vector<Series>& series) {
  double most = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) most = std::max(most, sum_at(series, i));
  return most;
}

std::string number(double value) {
  return value == std::floor(value) ? fmt::format("{:.0f}", value) : fmt::format("{:.1f}", value);
}

// Cut at a letter, not within one.
std::string shortened(std::string_view label) {
  std::size_t letters = 0;
  for (std::size_t i = 0; i < label.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(label[i]) & 0xC0U) != 0x80U;
    if (begins && ++letters > label_letters_max) return std::string(label.substr(0, i)) + "…";
  }
  return std::string(label);
}

std::string text_at(double x, double y, std::string_view anchor, std::string_view text) {
  return fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>)", x, y, anchor,
                     content::escape_html(text));
}

std::string begin(const ChartOptions& options, double height) {
  return fmt::format(
      R"(<div class="plot"><svg class="chart" viewBox="0 0 {:.0f} {:.0f}" role="img"><title>{}</title>)",
      width, height, content::escape_html(options.title));
}

std::string part(std::size_t place, double x, double y, double w, double h,
                 std::string_view tooltip) {
  return fmt::format(
      R"(<rect class="s{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>)",
      place % chart_series_max, x, y, w, h, content::escape_html(tooltip));
}

// Nothing to tell apart needs no legend.
std::string legend(const std::vector<Series>& series) {
  if (series.size() < 2) return {};
  std::string out = R"(<p class="legend">)";
  for (std::size_t i = 0; i < series.size(); ++i) {
    out += fmt::format(R"(<span><i class="s{}"></i>{}</span> )", i % chart_series_max,
                       content::escape_html(series[i].name));
  }
  return out + "</p>";
}

}  // namespace

const std::string_view chart_style =
    ".plot{overflow-x:auto}"
    ".chart{width:100%;height:auto;min-width:34rem;max-width:60rem;display:block}"
    "@media print{.plot{overflow:visible}.chart{min-width:0}}"
    ".chart text{font-size:11px;fill:var(--faint)}"
    ".chart .name{fill:var(--text)}"
    ".chart line{stroke:var(--line);stroke-width:1}"
    ".s0{fill:#2f7d5b;background:#2f7d5b}.s1{fill:#3b6fb6;background:#3b6fb6}"
    ".s2{fill:#d07a2d;background:#d07a2d}.s3{fill:#8a8f98;background:#8a8f98}"
    ".s4{fill:#8b5fbf;background:#8b5fbf}.s5{fill:#c24b5a;background:#c24b5a}"
    ".legend span{margin-right:1rem;white-space:nowrap}"
    ".legend i{display:inline-block;width:.8em;height:.8em;margin-right:.35em}";

std::string column_chart(const ChartOptions& options, const std::vector<std::string>& labels,
                         const std::vector<Series>& series) {
  const double end = scale_end(std::max(options.scale_reaches, most_of(labels, series)));
  const double step = (width - left) / static_cast<double>(std::max<std::size_t>(1, labels.size()));
  std::string out = begin(options, top + column_height + below);
  for (int i = 0; i <= steps; ++i) {
    const double y = top + column_height * (1 - static_cast<double>(i) / steps);
    out += fmt::format(R"(<line x1="{:.0f}" y1="{:.1f}" x2="{:.0f}" y2="{:.1f}"/>)", left, y, width,
                       y);
    out += text_at(left - 6, y + 4, "end", number(end * i / steps));
  }
  const std::size_t every = (labels.size() + labels_max - 1) / labels_max;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double x = left + step * static_cast<double>(i);
    double y = top + column_height;
    for (std::size_t place = 0; place < series.size(); ++place) {
      const double value = series[place].values[i];
      if (value <= 0) continue;
      const double height = column_height * value / end;
      y -= height;
      out += part(place, x + step * 0.1, y, step * 0.8, height,
                  fmt::format("{}: {} {}", labels[i], number(value), series[place].name));
    }
    if (i % every == 0) out += text_at(x + step / 2, top + column_height + 16, "middle", labels[i]);
  }
  out += text_at(width, top + column_height + 36, "end", options.x_axis);
  out += text_at(left, top + column_height + 36, "start", options.y_axis);
  return out + "</svg></div>" + legend(series);
}

std::string bar_chart(const ChartOptions& options, const std::vector<std::string>& labels,
                      const std::vector<Series>& series) {
  const double end = scale_end(std::max(options.scale_reaches, most_of(labels, series)));
  const double height = bar_step * static_cast<double>(labels.size());
  // Room for the number behind the longest bar.
  const double room = width - bar_left - 70;
  std::string out = begin(options, top + height + below);
  for (int i = 0; i <= steps; ++i) {
    const double x = bar_left + room * i / steps;
    out += fmt::format(R"(<line x1="{:.1f}" y1="{:.0f}" x2="{:.1f}" y2="{:.1f}"/>)", x, top, x,
                       top + height);
    out += text_at(x, top + height + 16, "middle", number(end * i / steps));
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double y = top + bar_step * static_cast<double>(i) + (bar_step - bar_height) / 2;
    out +=
        fmt::format(R"(<text class="name" x="{:.1f}" y="{:.1f}" text-anchor="end">{}</text>)",
                    bar_left - 8, y + bar_height - 5, content::escape_html(shortened(labels[i])));
    double x = bar_left;
    for (std::size_t place = 0; place < series.size(); ++place) {
      const double value = series[place].values[i];
      if (value <= 0) continue;
      const double length = room * value / end;
      out += part(place, x, y, length, bar_height,
                  fmt::format("{}: {} {}", labels[i], number(value), series[place].name));
      x += length;
    }
    out += text_at(x + 5, y + bar_height - 5, "start", number(sum_at(series, i)));
  }
  out += text_at(width - 70, top + height + 36, "end", options.y_axis);
  return out + "</svg></div>" + legend(series);
}

}  // namespace nurtured::daemon

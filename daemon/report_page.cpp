#include "daemon/report_page.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "content/escape.h"

namespace nurtured::daemon {
namespace {

constexpr std::string_view page_style =
    ":root{--text:#1d2025;--faint:#5d646e;--line:#dfe3e8;--ground:#fff;--mark:#f3f5f7}"
    "@media (prefers-color-scheme:dark){:root{--text:#e7e9ec;--faint:#a4abb5;--line:#3a4048;"
    "--ground:#15181c;--mark:#1f242a}}"
    "body{font:16px/1.5 system-ui,sans-serif;color:var(--text);background:var(--ground);"
    "max-width:60rem;margin:2rem auto;padding:0 1rem;overflow-wrap:break-word}"
    "h2{margin-top:2.5rem}.summary{background:var(--mark);padding:1rem 1rem 1rem 2rem}"
    ".wide{overflow-x:auto}"
    "table{border-collapse:collapse;font-size:.9rem;margin:.5rem 0}"
    "th,td{padding:.2rem .8rem .2rem 0;text-align:right;border-bottom:1px solid var(--line)}"
    ".name{text-align:left;min-width:8rem;max-width:20rem}td{vertical-align:top}.faint{color:var(--"
    "faint)}"
    "@media print{body{max-width:none;margin:0}h2,h3{break-after:avoid}svg,tr{break-inside:avoid}"
    ".wide{overflow:visible}.name{min-width:0;overflow-wrap:anywhere}details{display:none}.chart "
    "rect,.legend i{print-color-adjust:exact}}";

// More columns than this cannot be told apart: then a column is a week.
constexpr std::size_t day_columns_max = 120;

std::string element(std::string_view name, std::string_view text) {
  return fmt::format("<{0}>{1}</{0}>\n", name, content::escape_html(text));
}

// The sums of so many days each, the last perhaps of fewer.
std::vector<ByKind> gathered(const std::vector<ByKind>& days, std::size_t width) {
  std::vector<ByKind> sums((days.size() + width - 1) / width);
  for (std::size_t day = 0; day < days.size(); ++day) {
    ByKind& sum = sums[day / width];
    for (std::size_t kind = 0; kind < kind_count; ++kind) sum[kind] += days[day][kind];
  }
  return sums;
}

double most_of(const std::vector<ByKind>& columns) {
  std::int64_t most = 0;
  for (const ByKind& column : columns) {
    most = std::max(most, std::accumulate(column.begin(), column.end(), std::int64_t{0}));
  }
  return static_cast<double>(most);
}

std::string days_chart(base::Instant from, const DaysSent& sent, std::size_t width, double most) {
  const std::string unit = width == 1 ? "day" : "week from";
  std::vector<std::string> head = {unit};
  for (const rules::Kind kind : kinds) head.emplace_back(to_string(kind));
  PageTable table(head);
  std::vector<std::string> labels;
  std::vector<Series> series = series_by_kind();
  for (const ByKind& column : gathered(sent.days, width)) {
    const std::string day = base::to_rfc3339(from).substr(0, 10);
    from += std::chrono::days{width};
    labels.push_back(width == 1 ? day.substr(5) : day);
    std::vector<std::string> cells = {day};
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
      series[kind].values.push_back(static_cast<double>(column[kind]));
      cells.push_back(std::to_string(column[kind]));
    }
    table.add(cells);
  }
  return column_chart(
             {.title = sent.title, .x_axis = unit, .y_axis = "messages", .scale_reaches = most},
             labels, series) +
         page_figures(table);
}

}  // namespace

std::string report_page(std::string_view title, std::string_view html) {
  const std::string style = std::string(page_style) + std::string(chart_style);
  // Content Security Policy Level 3: nothing is loaded, nothing runs.
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
         "'sha256-" +
         base::to_base64(base::view(base::sha256(style))) +
         "'; base-uri 'none'; form-action 'none'\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n" +
         element("title", title) + "<style>" + style + "</style>\n</head>\n<body>\n" +
         element("h1", title) + std::string(html) + "</body>\n</html>\n";
}

std::string page_heading(std::string_view text) {
  return element("h2", text);
}

std::string page_paragraph(std::string_view text) {
  return element("p", text);
}

std::string page_remark(std::string_view text) {
  return "<p class=\"faint\">" + content::escape_html(text) + "</p>\n";
}

std::string page_summary(const std::vector<std::string>& sentences) {
  std::string out = "<ul class=\"summary\">\n";
  for (const auto& sentence : sentences) out += element("li", sentence);
  return out + "</ul>\n";
}

PageTable::PageTable(const std::vector<std::string>& head, std::size_t names)
    : names_(names), head_(row(head, "th")) {}

void PageTable::add(const std::vector<std::string>& cells) {
  rows_ += row(cells, "td");
}

std::string PageTable::row(const std::vector<std::string>& cells, std::string_view tag) const {
  std::string out = "<tr>";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out += fmt::format("<{0}{1}>{2}</{0}>", tag, i < names_ ? " class=\"name\"" : "",
                       content::escape_html(cells[i]));
  }
  return out + "</tr>\n";
}

std::string PageTable::html() const {
  return "<div class=\"wide\"><table><thead>" + head_ + "</thead><tbody>\n" + rows_ +
         "</tbody></table></div>\n";
}

std::string page_figures(const PageTable& table) {
  return "<details><summary>Figures</summary>" + table.html() + "</details>\n";
}

std::string page_days(base::Instant from, const std::vector<DaysSent>& all) {
  std::size_t width = 1;
  for (const DaysSent& sent : all) width = sent.days.size() > day_columns_max ? 7 : width;
  double most = 0;
  for (const DaysSent& sent : all) most = std::max(most, most_of(gathered(sent.days, width)));
  std::string html;
  for (const DaysSent& sent : all) {
    if (all.size() > 1) html += element("h3", sent.title);
    html += days_chart(from, sent, width, most);
  }
  return html;
}

std::vector<Series> series_by_kind() {
  std::vector<Series> series;
  series.reserve(kind_count);
  for (const rules::Kind kind : kinds) series.push_back({.name = std::string(to_string(kind))});
  return series;
}

}  // namespace nurtured::daemon

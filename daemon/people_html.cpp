// The report of a simulated population as one page (daemon/people_report.h).
#include <fmt/format.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "content/escape.h"
#include "daemon/chart.h"
#include "daemon/people_report.h"

namespace nurtured::daemon {
namespace {

using rules::Kind;

constexpr std::array<Kind, kind_count> kinds = {Kind::value, Kind::engagement, Kind::offer,
                                                Kind::reply, Kind::reminder,   Kind::receipt};
// More columns than this cannot be told apart: then a column is a week.
constexpr std::size_t day_columns_max = 120;

constexpr std::string_view page_style =
    ":root{--text:#1d2025;--faint:#5d646e;--line:#dfe3e8;--ground:#fff;--mark:#f3f5f7}"
    "@media (prefers-color-scheme:dark){:root{--text:#e7e9ec;--faint:#a4abb5;--line:#3a4048;"
    "--ground:#15181c;--mark:#1f242a}}"
    "body{font:16px/1.5 system-ui,sans-serif;color:var(--text);background:var(--ground);"
    "max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "h2{margin-top:2.5rem}.summary{background:var(--mark);padding:1rem 1rem 1rem 2rem}"
    "table{border-collapse:collapse;font-size:.9rem;margin:.5rem 0}"
    "th,td{padding:.2rem .8rem .2rem 0;text-align:right;border-bottom:1px solid var(--line)}"
    "th:first-child,td:first-child,.names td:nth-child(2){text-align:left}"
    ".faint{color:var(--faint)}"
    "@media print{body{max-width:none;margin:0}h2,svg,table{break-inside:avoid}"
    "details{display:none}.chart rect,.legend i{print-color-adjust:exact}}";

std::string paragraph(std::string_view text) {
  return "<p>" + content::escape_html(text) + "</p>\n";
}

std::string heading(std::string_view text) {
  return "<h2>" + content::escape_html(text) + "</h2>\n";
}

std::string row(const std::vector<std::string>& cells, std::string_view tag = "td") {
  std::string out = "<tr>";
  for (const auto& cell : cells)
    out += fmt::format("<{0}>{1}</{0}>", tag, content::escape_html(cell));
  return out + "</tr>\n";
}

std::string table(const std::vector<std::string>& head, const std::string& rows) {
  return "<table><thead>" + row(head, "th") + "</thead><tbody>\n" + rows + "</tbody></table>\n";
}

// The figures behind a chart, for whoever wants the numbers.
std::string behind(const std::string& figures) {
  return "<details><summary>Figures</summary>" + figures + "</details>\n";
}

std::string days_of(double days) {
  return fmt::format("{:.1f}", days);
}

std::string sends(const PeopleFigures& figures) {
  const std::size_t width = figures.days.size() > day_columns_max ? 7 : 1;
  std::vector<std::string> labels;
  std::vector<Series> series;
  series.reserve(kind_count);
  for (const Kind kind : kinds) series.push_back({.name = std::string(to_string(kind))});
  std::string rows;
  for (std::size_t day = 0; day < figures.days.size(); day += width) {
    ByKind sum{};
    for (std::size_t i = day; i < std::min(day + width, figures.days.size()); ++i) {
      for (std::size_t kind = 0; kind < kind_count; ++kind) sum[kind] += figures.days[i][kind];
    }
    const Instant at = figures.from + std::chrono::days{day};
    const std::string label = base::to_rfc3339(at).substr(width == 1 ? 5 : 0, width == 1 ? 5 : 10);
    labels.push_back(label);
    std::vector<std::string> cells = {base::to_rfc3339(at).substr(0, 10)};
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
      series[kind].values.push_back(static_cast<double>(sum[kind]));
      cells.push_back(std::to_string(sum[kind]));
    }
    rows += row(cells);
  }
  std::vector<std::string> head = {width == 1 ? "day" : "week from"};
  for (const Kind kind : kinds) head.emplace_back(to_string(kind));
  return heading("Messages sent") +
         column_chart({.title = "Messages sent, by kind",
                       .x_axis = width == 1 ? "day" : "week from",
                       .y_axis = "messages"},
                      labels, series) +
         behind(table(head, rows));
}

std::string mix(const PeopleFigures& figures) {
  const std::int64_t all = marketing_sent(figures);
  const auto kept = [&](Kind kind) {
    return percent_of(figures.kinds[static_cast<std::size_t>(kind)].sent, all);
  };
  const std::vector<Series> shares = {
      {"value", {static_cast<double>(figures.mix.value), kept(Kind::value)}},
      {"engagement", {static_cast<double>(figures.mix.engagement), kept(Kind::engagement)}},
      {"offer", {static_cast<double>(figures.mix.offer), kept(Kind::offer)}}};
  std::vector<std::string> labels;
  Series people{.name = "people"};
  for (std::size_t i = 0; i < figures.offer_shares.size(); ++i) {
    const bool is_last = i + 1 == figures.offer_shares.size();
    labels.push_back(is_last ? "more" : fmt::format("{}%", i * 5));
    people.values.push_back(static_cast<double>(figures.offer_shares[i]));
  }
  std::string out =
      heading("The mix") +
      bar_chart({.title = "The mix, promised and kept", .x_axis = {}, .y_axis = "percent"},
                {"promised", "kept"}, shares);
  if (figures.offer_share_people == 0) return out;
  return out +
         paragraph(fmt::format("How large the share of offers was for each of the {} people who "
                               "got {} marketing messages or more:",
                               figures.offer_share_people, figures.mix.window)) +
         column_chart({.title = "People by their share of offers",
                       .x_axis = "share of offers, up to",
                       .y_axis = "people"},
                      labels, {people});
}

std::string holds(const PeopleFigures& figures) {
  std::vector<std::string> labels;
  std::vector<Series> series;
  series.reserve(kind_count);
  for (const Kind kind : kinds) series.push_back({.name = std::string(to_string(kind))});
  std::map<rules::Reason, std::array<double, kind_count>> waited;
  std::string rows;
  for (std::size_t kind = 0; kind < kind_count; ++kind) {
    for (const auto& [reason, durations] : figures.kinds[kind].holds) {
      waited[reason][kind] += durations.total();
      rows += row({std::string(to_string(kinds[kind])), std::string(rules::to_string(reason)),
                   std::to_string(durations.days.size()), days_of(durations.mean()),
                   days_of(durations.quantile(0.5)), days_of(durations.quantile(0.9))});
    }
  }
  if (waited.empty()) return heading("Holds") + paragraph("No message had to wait.");
  for (const auto& [reason, days] : waited) {
    labels.emplace_back(rules::to_string(reason));
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
      series[kind].values.push_back(days[kind]);
    }
  }
  return heading("Holds") + paragraph("What messages waited for, in days of all together:") +
         bar_chart({.title = "Days of waiting, by reason", .x_axis = {}, .y_axis = "days"}, labels,
                   series) +
         table({"kind", "reason", "times", "mean days", "median", "nine in ten"}, rows);
}

template <class Numbers>
std::string counts_chart(const ChartOptions& options, const Numbers& numbers) {
  std::vector<std::string> labels;
  Series series{.name = options.y_axis};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    labels.push_back(std::to_string(i) + (i + 1 == numbers.size() ? "+" : ""));
    series.values.push_back(static_cast<double>(numbers[i]));
  }
  return column_chart(options, labels, {series});
}

std::string fatigue(const PeopleFigures& figures) {
  std::string rows;
  for (const auto& [message, count] : figures.left_after) {
    rows += row({message, std::to_string(count)});
  }
  std::string out =
      heading("How much people bear") +
      paragraph("Weeks of one person each, by the messages that came in it:") +
      counts_chart({.title = "Messages a week", .x_axis = "messages in a week", .y_axis = "weeks"},
                   figures.weeks);
  if (rows.empty()) return out;
  return out +
         paragraph(
             "Who unsubscribed or complained, by the marketing messages of the seven days "
             "before:") +
         counts_chart({.title = "Unsubscribes and complaints",
                       .x_axis = "messages in the seven days before",
                       .y_axis = "people"},
                      figures.left_after_week_of) +
         table({"after the message", "people"}, rows);
}

std::string funnel(const PlaybookFigures& playbook) {
  std::vector<std::string> labels;
  std::vector<Series> series = {{.name = "went on"},
                                {.name = "goal"},
                                {.name = "stopped"},
                                {.name = "there"},
                                {.name = "finished"}};
  std::string rows;
  for (const auto& step : playbook.steps) {
    if (step.reached == 0 && step.message.empty()) continue;
    labels.push_back(step.id);
    const std::array<std::int64_t, 5> parts = {step.went_on(), step.goal, step.stopped, step.there,
                                               step.finished};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      series[i].values.push_back(static_cast<double>(parts[i]));
    }
    rows += row({step.id, std::to_string(step.reached), std::to_string(step.went_on()),
                 std::to_string(step.goal), std::to_string(step.finished),
                 std::to_string(step.stopped), std::to_string(step.there),
                 std::to_string(step.skipped), fmt::format("{:.0f}%", leak_of(step))});
  }
  return "<h3>" + content::escape_html(playbook.title.empty() ? playbook.id : playbook.title) +
         " <span class=\"faint\">" + content::escape_html(playbook.id) + "</span></h3>\n" +
         paragraph(fmt::format("{} started; {} reached the goal on the way and {} afterwards, {} "
                               "finished, {} were stopped, {} are under way.",
                               playbook.started, playbook.goal, playbook.conversions,
                               playbook.finished, playbook.stopped, playbook.under_way)) +
         bar_chart({.title = "The funnel of " + playbook.id, .x_axis = {}, .y_axis = "enrollments"},
                   labels, series) +
         behind(table({"step", "reached", "went on", "goal", "finished", "stopped", "there",
                       "skipped messages", "leak"},
                      rows));
}

std::string collisions(const PeopleFigures& figures) {
  std::string rows;
  for (const auto& [pair, its] : figures.collisions) {
    rows += row({pair.first, pair.second, std::to_string(its.times), days_of(its.waited.mean()),
                 days_of(its.waited.quantile(0.9)), std::to_string(its.lost)});
  }
  if (rows.empty()) return {};
  return heading("Collisions") +
         paragraph("Where one playbook had taken the place and another's message had to wait:") +
         "<div class=\"names\">" +
         table({"took the slot", "waited", "times", "mean days", "nine in ten", "left out"}, rows) +
         "</div>\n";
}

std::string first_offer(const PeopleFigures& figures) {
  if (figures.first_offer.days.empty()) return {};
  std::vector<std::string> labels;
  Series series{.name = "people"};
  for (const float days : figures.first_offer.days) {
    const auto week = static_cast<std::size_t>(std::max(0.0F, days) / 7);
    if (series.values.size() <= week) series.values.resize(week + 1);
    ++series.values[week];
  }
  labels.reserve(series.values.size());
  for (std::size_t week = 0; week < series.values.size(); ++week) {
    labels.push_back(std::to_string(week + 1));
  }
  return heading("The first offer") +
         column_chart({.title = "People by the week of their first offer",
                       .x_axis = "week after coming in",
                       .y_axis = "people"},
                      labels, {series});
}

}  // namespace

std::string people_html(const PeopleFigures& figures) {
  const std::string style = std::string(page_style) + std::string(chart_style);
  const std::string title = fmt::format("{} people from {} to {}", figures.people,
                                        base::to_rfc3339(figures.from).substr(0, 10),
                                        base::to_rfc3339(figures.until).substr(0, 10));
  // Content Security Policy Level 3: nothing is loaded, nothing runs.
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'sha256-" +
      base::to_base64(base::view(base::sha256(style))) +
      "'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>" +
      content::escape_html(title) + "</title>\n<style>" + style +
      "</style>\n</head>\n<body>\n<h1>" + content::escape_html(title) + "</h1>\n";
  out += fmt::format(
      "<p class=\"faint\">A simulation: these people are made up, and behave as their habits say. "
      "Seed {}.</p>\n<ul class=\"summary\">\n",
      figures.seed);
  for (const auto& sentence : in_words(figures))
    out += "<li>" + content::escape_html(sentence) + "</li>\n";
  out += "</ul>\n" + sends(figures) + mix(figures) + first_offer(figures) + holds(figures) +
         fatigue(figures);
  if (!figures.playbooks.empty()) out += heading("Playbooks, step by step");
  for (const auto& playbook : figures.playbooks) out += funnel(playbook);
  return out + collisions(figures) + "</body>\n</html>\n";
}

}  // namespace nurtured::daemon

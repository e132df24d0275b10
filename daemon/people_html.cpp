// The report of a simulated population as one page (daemon/people_report.h).
#include <fmt/format.h>

#include "content/escape.h"
#include "daemon/chart.h"
#include "daemon/people_report.h"
#include "daemon/report_page.h"

namespace nurtured::daemon {
namespace {

using rules::Kind;

std::string days_of(double days) {
  return fmt::format("{:.1f}", days);
}

std::string sends(const PeopleFigures& figures) {
  return page_heading("Messages sent") +
         page_days(figures.from, {{.title = "Messages sent, by kind", .days = figures.days}});
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
      page_heading("The mix") +
      bar_chart({.title = "The mix, promised and kept", .x_axis = {}, .y_axis = "percent"},
                {"promised", "kept"}, shares);
  if (figures.offer_share_people == 0) return out;
  return out +
         page_paragraph(
             fmt::format("How large the share of offers was for each of the {} people who "
                         "got {} marketing messages or more:",
                         figures.offer_share_people, figures.mix.window)) +
         column_chart({.title = "People by their share of offers",
                       .x_axis = "share of offers, up to",
                       .y_axis = "people"},
                      labels, {people});
}

std::string holds(const PeopleFigures& figures) {
  std::vector<std::string> labels;
  std::vector<Series> series = series_by_kind();
  std::map<rules::Reason, std::array<double, kind_count>> waited;
  PageTable table({"kind", "reason", "times", "mean days", "median", "nine in ten"}, 2);
  for (std::size_t kind = 0; kind < kind_count; ++kind) {
    for (const auto& [reason, durations] : figures.kinds[kind].holds) {
      waited[reason][kind] += durations.total();
      table.add({std::string(to_string(kinds[kind])), std::string(rules::to_string(reason)),
                 std::to_string(durations.days.size()), days_of(durations.mean()),
                 days_of(durations.quantile(0.5)), days_of(durations.quantile(0.9))});
    }
  }
  if (waited.empty()) return page_heading("Holds") + page_paragraph("No message had to wait.");
  for (const auto& [reason, days] : waited) {
    labels.emplace_back(rules::to_string(reason));
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
      series[kind].values.push_back(days[kind]);
    }
  }
  return page_heading("Holds") +
         page_paragraph("What messages waited for, in days of all together:") +
         bar_chart({.title = "Days of waiting, by reason", .x_axis = {}, .y_axis = "days"}, labels,
                   series) +
         table.html();
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
  PageTable table({"after the message", "people"});
  for (const auto& [message, count] : figures.left_after) {
    table.add({message, std::to_string(count)});
  }
  std::string out =
      page_heading("How much people bear") +
      page_paragraph("Weeks of one person each, by the messages that came in it:") +
      counts_chart({.title = "Messages a week", .x_axis = "messages in a week", .y_axis = "weeks"},
                   figures.weeks);
  if (table.is_empty()) return out;
  return out +
         page_paragraph(
             "Who unsubscribed or complained, by the marketing messages of the seven days "
             "before:") +
         counts_chart({.title = "Unsubscribes and complaints",
                       .x_axis = "messages in the seven days before",
                       .y_axis = "people"},
                      figures.left_after_week_of) +
         table.html();
}

std::string funnel(const PlaybookFigures& playbook) {
  std::vector<std::string> labels;
  std::vector<Series> series = {{.name = "went on"},
                                {.name = "goal"},
                                {.name = "stopped"},
                                {.name = "there"},
                                {.name = "finished"}};
  PageTable table({"step", "reached", "went on", "goal", "finished", "stopped", "there",
                   "skipped messages", "leak"});
  for (const auto& step : playbook.steps) {
    if (step.reached == 0 && step.message.empty()) continue;
    labels.push_back(step.id);
    const std::array<std::int64_t, 5> parts = {step.went_on(), step.goal, step.stopped, step.there,
                                               step.finished};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      series[i].values.push_back(static_cast<double>(parts[i]));
    }
    table.add({step.id, std::to_string(step.reached), std::to_string(step.went_on()),
               std::to_string(step.goal), std::to_string(step.finished),
               std::to_string(step.stopped), std::to_string(step.there),
               std::to_string(step.skipped), fmt::format("{:.0f}%", leak_of(step))});
  }
  return "<h3>" + content::escape_html(playbook.title.empty() ? playbook.id : playbook.title) +
         " <span class=\"faint\">" + content::escape_html(playbook.id) + "</span></h3>\n" +
         page_paragraph(
             fmt::format("{} started; {} reached the goal on the way and {} afterwards, {} "
                         "finished, {} were stopped, {} are under way.",
                         playbook.started, playbook.goal, playbook.conversions, playbook.finished,
                         playbook.stopped, playbook.under_way)) +
         bar_chart({.title = "The funnel of " + playbook.id, .x_axis = {}, .y_axis = "enrollments"},
                   labels, series) +
         page_figures(table);
}

std::string collisions(const PeopleFigures& figures) {
  PageTable table({"took the slot", "waited", "times", "mean days", "nine in ten", "left out"}, 2);
  for (const auto& [pair, its] : figures.collisions) {
    table.add({pair.first, pair.second, std::to_string(its.times), days_of(its.waited.mean()),
               days_of(its.waited.quantile(0.9)), std::to_string(its.lost)});
  }
  if (table.is_empty()) return {};
  return page_heading("Collisions") +
         page_paragraph(
             "Where one playbook had taken the place and another's message had to wait:") +
         table.html();
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
  return page_heading("The first offer") +
         column_chart({.title = "People by the week of their first offer",
                       .x_axis = "week after coming in",
                       .y_axis = "people"},
                      labels, {series});
}

}  // namespace

std::string people_html(const PeopleFigures& figures) {
  const std::string title = fmt::format("{} people from {} to {}", figures.people,
                                        base::to_rfc3339(figures.from).substr(0, 10),
                                        base::to_rfc3339(figures.until).substr(0, 10));
  std::string html = page_remark(fmt::format(
                         "A simulation: these people are made up, and behave as their habits say. "
                         "Seed {}.",
                         figures.seed)) +
                     page_summary(in_words(figures)) + sends(figures) + mix(figures) +
                     first_offer(figures) + holds(figures) + fatigue(figures);
  if (!figures.playbooks.empty()) html += page_heading("Playbooks, step by step");
  for (const auto& playbook : figures.playbooks) html += funnel(playbook);
  return report_page(title, html + collisions(figures));
}

}  // namespace nurtured::daemon

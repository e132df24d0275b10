// The comparison of two books as one page (daemon/shadow_report.h).
#include <algorithm>
#include <ranges>
#include <set>

#include <fmt/format.h>

#include "daemon/report_page.h"
#include "daemon/shadow_report.h"

namespace nurtured::daemon {
namespace {

// "+3", "-2", "0".
std::string difference(std::int64_t before, std::int64_t after) {
  return before == after ? "0" : fmt::format("{:+}", after - before);
}

// Before, after, and what lies between.
std::vector<std::string> figures(std::vector<std::string> names, std::int64_t before,
                                 std::int64_t after) {
  names.push_back(std::to_string(before));
  names.push_back(std::to_string(after));
  names.push_back(difference(before, after));
  return names;
}

template <class Key>
std::int64_t count_of(const std::map<Key, std::int64_t>& counts, const Key& key) {
  const auto found = counts.find(key);
  return found == counts.end() ? 0 : found->second;
}

// What either has a count of.
template <class Key>
std::set<Key> keys_of(const std::map<Key, std::int64_t>& before,
                      const std::map<Key, std::int64_t>& after) {
  std::set<Key> keys;
  for (const auto* counts : {&before, &after}) {
    for (const auto& [key, count] : *counts) keys.insert(key);
  }
  return keys;
}

std::int64_t sent_of(const ShadowFigures& book, std::size_t kind) {
  std::int64_t sum = 0;
  for (const ByKind& day : book.days) sum += day[kind];
  return sum;
}

std::string headline(const ShadowComparison& comparison) {
  PageTable table({"", "messages"});
  table.add({"sent by the former book", std::to_string(comparison.before.sent)});
  table.add({"sent by the new book", std::to_string(comparison.after.sent)});
  table.add({"sent by both at the same time", std::to_string(comparison.same)});
  for (const auto& [change, name] :
       {std::pair{ShadowChange::only_before, "sent only by the former"},
        std::pair{ShadowChange::only_after, "sent only by the new"},
        std::pair{ShadowChange::moved, "sent by both, at another time"},
        std::pair{ShadowChange::held_otherwise, "sent by neither, held or left out otherwise"}}) {
    table.add({name, std::to_string(comparison.count(change))});
  }
  return table.html();
}

std::string sends(const ShadowComparison& comparison) {
  PageTable table({"kind", "former", "new", "difference"});
  for (std::size_t kind = 0; kind < kind_count; ++kind) {
    const std::int64_t before = sent_of(comparison.before, kind);
    const std::int64_t after = sent_of(comparison.after, kind);
    if (before + after > 0)
      table.add(figures({std::string(to_string(kinds[kind]))}, before, after));
  }
  return page_heading("Messages sent by day") +
         page_remark("By days UTC, of which the first and the last are not whole.") +
         page_days(comparison.from,
                   {{.title = "Sent by the former book", .days = comparison.before.days},
                    {.title = "Sent by the new book", .days = comparison.after.days}}) +
         table.html();
}

// "1 h", "3 d".
std::string duration_name(base::Milliseconds duration) {
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(duration).count();
  return hours <= 24 ? fmt::format("{} h", hours) : fmt::format("{} d", hours / 24);
}

std::string move_name(std::size_t step, std::string_view way) {
  if (step == 0) return fmt::format("up to {} {}", duration_name(shadow_move_steps[0]), way);
  const std::string least = duration_name(shadow_move_steps[step - 1]);
  if (step == shadow_move_steps.size()) return fmt::format("more than {} {}", least, way);
  return fmt::format("{} to {} {}", least, duration_name(shadow_move_steps[step]), way);
}

std::string moves(const ShadowComparison& comparison) {
  if (comparison.count(ShadowChange::moved) == 0) return {};
  std::vector<std::string> labels;
  std::vector<Series> series = series_by_kind();
  const auto add = [&](const ByKind& counts, std::size_t step, std::string_view way) {
    labels.push_back(move_name(step, way));
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
      series[kind].values.push_back(static_cast<double>(counts[kind]));
    }
  };
  for (std::size_t step = comparison.earlier.size(); step-- > 0;) {
    add(comparison.earlier[step], step, "earlier");
  }
  for (std::size_t step = 0; step < comparison.later.size(); ++step) {
    add(comparison.later[step], step, "later");
  }
  return page_heading("How far messages moved") +
         page_paragraph(fmt::format("Of the {} messages that both books sent, at different times:",
                                    comparison.count(ShadowChange::moved))) +
         bar_chart({.title = "Moved messages, by how far", .x_axis = {}, .y_axis = "messages"},
                   labels, series);
}

std::string messages(const ShadowComparison& comparison) {
  PageTable table({"playbook", "message", "former", "new", "difference"}, 2);
  const auto& [before, after] = std::tie(comparison.before.messages, comparison.after.messages);
  for (const auto& key : keys_of(before, after)) {
    table.add(figures({key.first, key.second}, count_of(before, key), count_of(after, key)));
  }
  return page_heading("By playbook and message") +
         (table.is_empty() ? page_paragraph("Neither book sent anything.") : table.html());
}

std::string reasons(const ShadowComparison& comparison) {
  PageTable table({"", "reason", "former", "new", "difference"}, 2);
  const auto add = [&](std::string_view what, const auto& before, const auto& after) {
    for (const rules::Reason reason : keys_of(before, after)) {
      const std::string_view name =
          reason == rules::Reason::none ? "not to be made" : rules::to_string(reason);
      table.add(figures({std::string(what), std::string(name)}, count_of(before, reason),
                        count_of(after, reason)));
    }
  };
  add("held", comparison.before.held, comparison.after.held);
  add("left out", comparison.before.left_out, comparison.after.left_out);
  if (table.is_empty()) return page_heading("Holds") + page_paragraph("No message had to wait.");
  return page_heading("Holds") +
         page_remark(
             "A message counts once for each reason that held it, and once where it was "
             "left out in the end.") +
         table.html();
}

std::string_view change_name(ShadowChange change) {
  switch (change) {
    case ShadowChange::only_before:
      return "only former";
    case ShadowChange::only_after:
      return "only new";
    case ShadowChange::moved:
      return "moved";
    case ShadowChange::held_otherwise:
      return "held otherwise";
  }
  return {};
}

std::string differences(const ShadowComparison& comparison) {
  const auto& all = comparison.differences;
  std::string out = page_heading("Message by message");
  if (all.empty()) return out + page_paragraph("Both books did the same.");
  PageTable table(
      {"time", "contact", "message", "kind", "playbook", "step", "difference", "former", "new"}, 9);
  for (const auto& its : all | std::views::take(shadow_page_differences_max)) {
    table.add({base::to_rfc3339(its.at), its.contact, its.message,
               std::string(rules::to_string(its.kind)), its.playbook, its.step,
               std::string(change_name(its.change)), fate_text(its.before), fate_text(its.after)});
  }
  out += table.html();
  if (all.size() <= shadow_page_differences_max) return out;
  return out + page_paragraph(fmt::format(
                   "These are the first {}; {} more are not shown here. nurtured simulate --shadow "
                   "--format jsonl prints all of them.",
                   shadow_page_differences_max, all.size() - shadow_page_differences_max));
}

}  // namespace

std::string shadow_html(const ShadowComparison& comparison, const ShadowRecord& record) {
  const std::string title = fmt::format("A new book beside the former one, {} to {}",
                                        base::to_rfc3339(comparison.from).substr(0, 10),
                                        base::to_rfc3339(comparison.until).substr(0, 10));
  std::string html = page_summary(in_words(comparison)) + headline(comparison) + sends(comparison) +
                     moves(comparison) + messages(comparison) + reasons(comparison) +
                     differences(comparison) + page_heading("What the comparison does not know");
  for (const auto& sentence : limits_of(record)) html += page_paragraph(sentence);
  return report_page(title, html);
}

}  // namespace nurtured::daemon

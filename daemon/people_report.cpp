#include "daemon/people_report.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "rules/cel/json.h"

namespace nurtured::daemon {
namespace {

using rules::Kind;
using rules::Reason;

// Steps that fewer people reached say little.
constexpr std::int64_t reached_min = 20;

std::string plural(std::int64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

// Why a message waits, after "because".
std::string because(Reason reason, const PeopleFigures& figures) {
  switch (reason) {
    case Reason::touches:
      return fmt::format("fewer than {} touches had been counted", figures.touches_before_offer);
    case Reason::mix:
      return "the mix had no room for another of their kind";
    case Reason::cap:
      return "the caps had no room for another message";
    case Reason::quiet:
      return "it was night";
    case Reason::consent:
      return "there was no consent";
    case Reason::suppressed:
      return "the person had unsubscribed, or their address was dead";
    case Reason::unreachable:
      return "no channel reached the person";
    case Reason::handoff:
      return "a human had the person";
    case Reason::muted:
      return "they were muted";
    case Reason::only_to:
      return "`only_to` keeps all but a few addresses out";
    default:
      return fmt::format("of `{}`", rules::to_string(reason));
  }
}

const KindFigures& of(const PeopleFigures& figures, Kind kind) {
  return figures.kinds[static_cast<std::size_t>(kind)];
}

// One digit after the point; of what would be none by that, that it is few.
std::string mean_in_words(std::int64_t messages, std::int64_t weeks) {
  const double mean = static_cast<double>(messages) / static_cast<double>(weeks);
  return messages > 0 && mean < 0.1 ? "under 0.1" : fmt::format("{:.1f}", mean);
}

std::string sent_in_words(const PeopleFigures& figures) {
  std::int64_t sent = 0;
  for (const auto& kind : figures.kinds) sent += kind.sent;
  std::int64_t weeks = 0;
  std::int64_t messages = 0;
  std::size_t most = 0;
  for (std::size_t count = 0; count < figures.weeks.size(); ++count) {
    weeks += figures.weeks[count];
    messages += figures.weeks[count] * static_cast<std::int64_t>(count);
    if (figures.weeks[count] > 0) most = count;
  }
  std::string text = fmt::format(
      "{} got {}", plural(static_cast<std::int64_t>(figures.joined), "person", "people"),
      plural(sent, "message", "messages"));
  if (weeks > 0) {
    text += fmt::format(": {} a week each on average, and {}{} in the fullest week",
                        mean_in_words(messages, weeks), most,
                        most + 1 == figures.weeks.size() ? " or more" : "");
  }
  return text + ".";
}

std::string mix_in_words(const PeopleFigures& figures) {
  const std::int64_t all = marketing_sent(figures);
  const auto share = [&](Kind kind) { return percent_of(of(figures, kind).sent, all); };
  return fmt::format(
      "Of the marketing messages {:.0f}% were value, {:.0f}% engagement and {:.0f}% offers; among "
      "any {} in a row that one person gets the mix allows {}% engagement and {}% offers.",
      share(Kind::value), share(Kind::engagement), share(Kind::offer), figures.mix.window,
      figures.mix.engagement, figures.mix.offer);
}

// How long messages of a kind waited, and what for.
std::string wait_in_words(const PeopleFigures& figures, Kind kind, std::string_view name) {
  const KindFigures& its = of(figures, kind);
  double all = 0;
  double longest = 0;
  Reason reason = Reason::none;
  for (const auto& [each, durations] : its.holds) {
    const double total = durations.total();
    all += total;
    if (total > longest) {
      longest = total;
      reason = each;
    }
  }
  if (all <= 0) return {};
  std::string text;
  if (its.waited.days.empty()) {
    text = fmt::format("No {} that had to wait was sent", name);
  } else {
    text =
        fmt::format("{}s that had to wait waited {:.1f} days on average", name, its.waited.mean());
    text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  }
  text += fmt::format(", mostly because {} ({:.0f}% of the waiting)", because(reason, figures),
                      100 * longest / all);
  if (its.still_held > 0) text += fmt::format("; {} still waited at the end", its.still_held);
  return text + ".";
}

std::string first_offer_in_words(const PeopleFigures& figures) {
  const auto got = static_cast<std::int64_t>(figures.first_offer.days.size());
  const auto all = static_cast<std::int64_t>(figures.joined);
  if (got == 0) return "Nobody got an offer.";
  return fmt::format(
      "The first offer came {:.0f} days after a person had come in (median; one in ten waited "
      "longer than {:.0f} days), and {:.0f}% of the people never got one.",
      figures.first_offer.quantile(0.5), figures.first_offer.quantile(0.9),
      percent_of(all - got, all));
}

std::string leak_in_words(const PeopleFigures& figures) {
  const PlaybookFigures* playbook = nullptr;
  const StepFigures* worst = nullptr;
  for (const auto& each : figures.playbooks) {
    for (const auto& step : each.steps) {
      if (step.reached < reached_min || step.stopped == 0) continue;
      if (worst != nullptr && leak_of(step) <= leak_of(*worst)) continue;
      playbook = &each;
      worst = &step;
    }
  }
  if (worst == nullptr) return {};
  return fmt::format(
      "The largest leak is at `{}` of `{}`: {:.0f}% of the {} who came there were stopped there.",
      worst->id, playbook->id, leak_of(*worst), worst->reached);
}

std::string goals_in_words(const PeopleFigures& figures) {
  std::string text;
  for (const auto& playbook : figures.playbooks) {
    const std::int64_t reached = playbook.goal + playbook.conversions;
    if (playbook.started == 0 || reached == 0) continue;
    text += fmt::format("{}`{}` led {:.0f}% of its {} to the goal", text.empty() ? "" : "; ",
                        playbook.id, percent_of(reached, playbook.started),
                        plural(playbook.started, "start", "starts"));
  }
  return text.empty() ? text : text + ".";
}

std::string collisions_in_words(const PeopleFigures& figures) {
  const auto worst = std::ranges::max_element(figures.collisions, {},
                                              [](const auto& its) { return its.second.times; });
  if (worst == figures.collisions.end()) return {};
  const auto& [pair, its] = *worst;
  return fmt::format(
      "Playbooks got into each other's way most where a message of `{}` took the slot and one of "
      "`{}` "
      "had to wait: {}, {:.1f} days on average{}.",
      pair.first, pair.second, plural(its.times, "time", "times"), its.waited.mean(),
      its.lost == 0 ? "" : fmt::format(", and {} of them were left out in the end", its.lost));
}

std::string leaving_in_words(const PeopleFigures& figures) {
  std::int64_t left = 0;  // who did both once
  for (const auto& [message, people] : figures.left_after) left += people;
  const auto all = static_cast<std::int64_t>(figures.joined);
  std::string text = fmt::format("{} unsubscribed ({:.1f}%) and {} complained",
                                 plural(figures.unsubscribed, "person", "people"),
                                 percent_of(figures.unsubscribed, all), figures.complained);
  const auto most =
      std::ranges::max_element(figures.left_after, {}, [](const auto& its) { return its.second; });
  if (most != figures.left_after.end() && left > 1) {
    text += fmt::format(", most often after `{}`", most->first);
  }
  return text + ".";
}

// ---- JSON

double rounded(double value) {
  return std::round(value * 100) / 100;
}

cel::Value durations_value(const Durations& durations) {
  return cel::Map{{"times", static_cast<std::int64_t>(durations.days.size())},
                  {"mean_days", rounded(durations.mean())},
                  {"median_days", rounded(durations.quantile(0.5))},
                  {"p90_days", rounded(durations.quantile(0.9))}};
}

template <class Numbers>
cel::Value list_value(const Numbers& numbers) {
  cel::List list;
  for (const std::int64_t number : numbers) list.emplace_back(number);
  return list;
}

cel::Value by_kind_value(const ByKind& counts) {
  cel::Map map;
  for (const Kind kind : kinds) map.set(to_string(kind), counts[static_cast<std::size_t>(kind)]);
  return map;
}

cel::Value days_value(const PeopleFigures& figures) {
  cel::List days;
  Instant at = figures.from;
  for (const auto& counts : figures.days) {
    cel::Map entry{{"day", base::to_rfc3339(at).substr(0, 10)}};
    entry.set("sent", by_kind_value(counts));
    days.emplace_back(std::move(entry));
    at += std::chrono::days{1};
  }
  return days;
}

cel::Value kinds_value(const PeopleFigures& figures) {
  cel::Map map;
  for (const Kind kind : kinds) {
    const KindFigures& its = of(figures, kind);
    cel::Map holds;
    for (const auto& [reason, durations] : its.holds) {
      holds.set(rules::to_string(reason), durations_value(durations));
    }
    cel::Map skipped;
    for (const auto& [reason, count] : its.skipped) skipped.set(rules::to_string(reason), count);
    map.set(to_string(kind), cel::Map{{"sent", its.sent},
                                      {"held", its.held},
                                      {"still_held", its.still_held},
                                      {"waited", durations_value(its.waited)},
                                      {"holds", std::move(holds)},
                                      {"skipped", std::move(skipped)}});
  }
  return map;
}

cel::Value playbooks_value(const PeopleFigures& figures) {
  cel::List playbooks;
  for (const auto& playbook : figures.playbooks) {
    cel::List steps;
    for (const auto& step : playbook.steps) {
      if (step.reached == 0 && step.message.empty()) continue;
      steps.emplace_back(cel::Map{{"step", step.id},
                                  {"reached", step.reached},
                                  {"went_on", step.went_on()},
                                  {"goal", step.goal},
                                  {"finished", step.finished},
                                  {"stopped", step.stopped},
                                  {"there", step.there},
                                  {"skipped", step.skipped},
                                  {"leak_percent", rounded(leak_of(step))}});
    }
    playbooks.emplace_back(cel::Map{{"playbook", playbook.id},
                                    {"started", playbook.started},
                                    {"goal", playbook.goal},
                                    {"conversions", playbook.conversions},
                                    {"finished", playbook.finished},
                                    {"stopped", playbook.stopped},
                                    {"under_way", playbook.under_way},
                                    {"steps", std::move(steps)}});
  }
  return playbooks;
}

cel::Value collisions_value(const PeopleFigures& figures) {
  cel::List collisions;
  for (const auto& [pair, its] : figures.collisions) {
    collisions.emplace_back(cel::Map{{"won", pair.first},
                                     {"waited", pair.second},
                                     {"times", its.times},
                                     {"lost", its.lost},
                                     {"wait", durations_value(its.waited)}});
  }
  return collisions;
}

}  // namespace

double percent_of(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

std::int64_t sum_of(const ByKind& counts) {
  std::int64_t sum = 0;
  for (const std::int64_t count : counts) sum += count;
  return sum;
}

std::int64_t marketing_sent(const PeopleFigures& figures) {
  return of(figures, Kind::value).sent + of(figures, Kind::engagement).sent +
         of(figures, Kind::offer).sent;
}

double leak_of(const StepFigures& step) {
  return percent_of(step.stopped, step.reached);
}

std::vector<std::string> in_words(const PeopleFigures& figures) {
  std::vector<std::string> words = {sent_in_words(figures)};
  const auto add = [&](std::string text) {
    if (!text.empty()) words.push_back(std::move(text));
  };
  if (marketing_sent(figures) > 0) {
    add(mix_in_words(figures));
    add(wait_in_words(figures, Kind::offer, "offer"));
    add(first_offer_in_words(figures));
    add(wait_in_words(figures, Kind::engagement, "engagement message"));
    add(wait_in_words(figures, Kind::value, "value message"));
  }
  add(goals_in_words(figures));
  add(leak_in_words(figures));
  add(collisions_in_words(figures));
  add(leaving_in_words(figures));
  return words;
}

std::string people_json(const PeopleFigures& figures) {
  cel::List words;
  for (std::string& sentence : in_words(figures)) words.emplace_back(std::move(sentence));
  cel::Map left_after;
  for (const auto& [message, count] : figures.left_after) left_after.set(message, count);
  const auto got = static_cast<std::int64_t>(figures.first_offer.days.size());
  const auto joined = static_cast<std::int64_t>(figures.joined);
  cel::Map first_offer{{"people", got}};
  first_offer.set("median_days", rounded(figures.first_offer.quantile(0.5)));
  first_offer.set("p90_days", rounded(figures.first_offer.quantile(0.9)));
  first_offer.set("never_percent", rounded(percent_of(joined - got, joined)));
  return cel::to_json(
      cel::Map{{"people", static_cast<std::int64_t>(figures.people)},
               {"joined", joined},
               {"from", base::to_rfc3339(figures.from)},
               {"until", base::to_rfc3339(figures.until)},
               {"seed", figures.seed},
               {"summary", std::move(words)},
               {"days", days_value(figures)},
               {"mix", cel::Map{{"promised", cel::Map{{"value", figures.mix.value},
                                                      {"engagement", figures.mix.engagement},
                                                      {"offer", figures.mix.offer}}},
                                {"marketing_sent", marketing_sent(figures)},
                                {"offer_share_people", list_value(figures.offer_shares)}}},
               {"kinds", kinds_value(figures)},
               {"weeks_by_messages", list_value(figures.weeks)},
               {"opened", figures.opened},
               {"clicked", figures.clicked},
               {"replied", figures.replied},
               {"unsubscribed", figures.unsubscribed},
               {"complained", figures.complained},
               {"left_after", std::move(left_after)},
               {"left_after_week_of", list_value(figures.left_after_week_of)},
               {"playbooks", playbooks_value(figures)},
               {"collisions", collisions_value(figures)},
               {"first_offer", std::move(first_offer)}});
}

// ---- text

std::string people_text(const PeopleFigures& figures) {
  std::string out = fmt::format("{} people from {} to {}, seed {}\n\n", figures.people,
                                base::to_rfc3339(figures.from).substr(0, 10),
                                base::to_rfc3339(figures.until).substr(0, 10), figures.seed);
  for (const auto& sentence : in_words(figures)) out += "  " + sentence + "\n";
  out += fmt::format("\nMessages\n  {:<12}{:>10}{:>10}{:>12}{:>12}{:>10}{:>10}\n", "kind", "sent",
                     "held", "mean days", "p90 days", "skipped", "waiting");
  for (const Kind kind : kinds) {
    const KindFigures& its = of(figures, kind);
    std::int64_t skipped = 0;
    for (const auto& [reason, count] : its.skipped) skipped += count;
    if (its.sent + its.held + skipped == 0) continue;
    out += fmt::format("  {:<12}{:>10}{:>10}{:>12.1f}{:>12.1f}{:>10}{:>10}\n", to_string(kind),
                       its.sent, its.held, its.waited.mean(), its.waited.quantile(0.9), skipped,
                       its.still_held);
  }
  out += fmt::format("\nHolds\n  {:<12}{:<14}{:>10}{:>12}{:>12}\n", "kind", "reason", "times",
                     "mean days", "p90 days");
  for (const Kind kind : kinds) {
    for (const auto& [reason, durations] : of(figures, kind).holds) {
      out += fmt::format("  {:<12}{:<14}{:>10}{:>12.1f}{:>12.1f}\n", to_string(kind),
                         rules::to_string(reason), durations.days.size(), durations.mean(),
                         durations.quantile(0.9));
    }
  }
  for (const auto& playbook : figures.playbooks) {
    out += fmt::format(
        "\nPlaybook {}: {} started, {} goal, {} later goal, {} finished, {} stopped, {} under "
        "way\n",
        playbook.id, playbook.started, playbook.goal, playbook.conversions, playbook.finished,
        playbook.stopped, playbook.under_way);
    if (playbook.started == 0) continue;
    out += fmt::format("  {:<30}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>8}\n", "step", "reached",
                       "went on", "goal", "stopped", "there", "skipped", "leak");
    for (const auto& step : playbook.steps) {
      if (step.reached == 0 && step.message.empty()) continue;
      out += fmt::format("  {:<30}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>7.0f}%\n", step.id, step.reached,
                         step.went_on() + step.finished, step.goal, step.stopped, step.there,
                         step.skipped, leak_of(step));
    }
  }
  if (!figures.collisions.empty()) {
    out += fmt::format("\nCollisions\n  {:<28}{:<28}{:>8}{:>11}{:>10}\n", "took the slot", "waited",
                       "times", "mean days", "left out");
  }
  for (const auto& [pair, its] : figures.collisions) {
    out += fmt::format("  {:<28}{:<28}{:>8}{:>11.1f}{:>10}\n", pair.first, pair.second, its.times,
                       its.waited.mean(), its.lost);
  }
  return out;
}

}  // namespace nurtured::daemon

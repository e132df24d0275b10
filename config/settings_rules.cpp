#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "config/expression.h"
#include "config/literal.h"
#include "config/names.h"
#include "config/settings.h"
#include "config/zones.h"

namespace nurtured::config {
namespace {

// rules::Ledger remembers as much as these need.
constexpr std::int64_t window_max = 100;
constexpr std::int64_t per_week_max = 100;
constexpr std::int64_t touches_max = 1000;
constexpr rules::Span min_gap_max{.days = 7};

void warn_of_rounding(Section& section, std::string_view name, int share, std::size_t window) {
  const auto whole = static_cast<int>(window) * share;
  if (share == 0 || whole % 100 == 0) return;
  const int most = std::max(1, whole / 100);
  section.warning(
      name, "mix-rounds",
      fmt::format("{} % of {} messages is no whole number: at most {} of any {} can be "
                  "{}, which is {:.3g} %",
                  share, window, most, window, name, 100.0 * most / static_cast<double>(window)),
      "change the share or the window");
}

rules::Mix read_mix(Section& root) {
  rules::Mix mix;
  auto section = root.section("mix");
  if (!section) return mix;
  const auto share = [&](std::string_view key, int otherwise) {
    return static_cast<int>(section->integer(key, {.min = 0, .max = 100}).value_or(otherwise));
  };
  mix.value = share("value", mix.value);
  mix.engagement = share("engagement", mix.engagement);
  mix.offer = share("offer", mix.offer);
  mix.window = static_cast<std::size_t>(section->integer("window", {.min = 1, .max = window_max})
                                            .value_or(static_cast<std::int64_t>(mix.window)));
  section->finish();
  const int sum = mix.value + mix.engagement + mix.offer;
  if (sum != 100) {
    root.error("mix", fmt::format("the shares of the mix add up to {}", sum),
               "make value, engagement and offer 100 together");
    return mix;
  }
  warn_of_rounding(*section, "engagement", mix.engagement, mix.window);
  warn_of_rounding(*section, "offer", mix.offer, mix.window);
  return mix;
}

rules::Limits read_limits(Section& root) {
  rules::Limits limits;
  auto section = root.section("limits");
  if (!section) return limits;
  limits.per_day = static_cast<int>(
      section->integer("per_day", {.min = 1, .max = per_week_max}).value_or(limits.per_day));
  limits.per_week = static_cast<int>(
      section->integer("per_week", {.min = 1, .max = per_week_max}).value_or(limits.per_week));
  if (const auto gap = section->span("min_gap")) {
    limits.min_gap = *gap;
    if (gap->nominal() > min_gap_max.nominal()) {
      section->error("min_gap", "`limits.min_gap` is longer than a week", "write at most 7d");
    }
  }
  if (const auto quiet = section->text("quiet")) {
    if (auto hours = rules::parse_quiet_hours(*quiet)) {
      limits.quiet = *hours;
      if (hours->start == hours->end && hours->start != rules::ClockTime{}) {
        section->error("quiet", "these quiet hours begin where they end",
                       "write \"00:00-00:00\" for none");
      }
    } else {
      section->error("quiet", hours.error().message, hours.error().remedy);
    }
  }
  section->finish();
  return limits;
}

std::optional<rules::Fill> read_fill(Section& root) {
  auto section = root.section("fill");
  if (!section) return std::nullopt;
  rules::Fill fill;
  section->require("from", "name a series");
  fill.series = section->text("from").value_or("");
  if (const auto every = section->span("every")) fill.every = *every;
  section->finish();
  return fill;
}

rules::CatchUp read_catch_up(Section& root) {
  rules::CatchUp catch_up;
  auto section = root.section("catch_up");
  if (!section) return catch_up;
  if (const auto older = section->span("older_than")) catch_up.older_than = *older;
  if (const auto over = section->span("over")) catch_up.over = *over;
  const auto action = section->choice("action", {"spread", "send", "skip"}).value_or("spread");
  if (action == "send") catch_up.action = rules::CatchUpAction::send;
  if (action == "skip") catch_up.action = rules::CatchUpAction::skip;
  section->finish();
  return catch_up;
}

std::vector<rules::Mute> read_mute(Section& root, const Reading& reading) {
  std::vector<rules::Mute> out;
  const Node* list = root.node("mute");
  if (list == nullptr) return out;
  if (!list->is_list()) {
    root.error("mute", "`mute` is no list", "write `- if: EXPR` with `kinds: [offer]`");
    return out;
  }
  for (const Node& item : list->items) {
    Section section(item, "mute", root.problems());
    std::vector<rules::Kind> muted;
    for (const auto& [name, place] : section.placed_texts("kinds")) {
      if (const auto kind = rules::parse_kind(name)) {
        muted.push_back(*kind);
        continue;
      }
      const std::vector<std::string> names(std::begin(kinds), std::end(kinds));
      root.problems().error(place, fmt::format("there is no kind `{}`", name),
                            did_you_mean(name, names));
    }
    std::optional<rules::Expression> condition;
    if (section.require("if", "say when these kinds are muted")) {
      condition =
          read_expression(*section.node("if"), Wanted::condition, {.watches_clock = true}, reading);
    }
    section.finish();
    if (condition) out.push_back({std::move(*condition), std::move(muted)});
  }
  return out;
}

std::map<std::string, std::vector<std::string>, std::less<>> read_series(Section& root) {
  std::map<std::string, std::vector<std::string>, std::less<>> out;
  auto section = root.section("series");
  if (!section) return out;
  for (const Entry& entry : root.node("series")->entries) {
    check_name(entry.key, "series", "", entry.place, root.problems());
    out.emplace(entry.key, section->texts(entry.key));
  }
  return out;
}

// Messages print them, so that none may be a secret.
void refuse_secrets(const Node& node, const std::string& name, Problems& problems) {
  if (node.is_scalar() && refers_to_secret(node.text)) {
    problems.error(node.place, fmt::format("`{}` takes no reference to a secret", name),
                   "it is shown to people: write the text itself");
  }
  for (const Node& item : node.items) refuse_secrets(item, name, problems);
  for (const Entry& entry : node.entries) {
    refuse_secrets(entry.value, name + "." + entry.key, problems);
  }
}

void read_zone(Section& root, const CompileOptions& options, rules::Settings& settings) {
  const auto name = root.text("timezone");
  if (!name) return;
  if (!check_zone(*name, options.zones, root.node("timezone")->place, root.problems())) return;
  settings.zone = options.zones.at(*name);
  settings.zone_name = *name;
}

}  // namespace

void read_rules(Section& root, const Document& document, const CompileOptions& options,
                Catalogue& catalogue, Uses& uses, rules::Settings& settings) {
  settings.mix = read_mix(root);
  settings.touches_before_offer =
      static_cast<int>(root.integer("touches_before_offer", {.min = 0, .max = touches_max})
                           .value_or(settings.touches_before_offer));
  settings.limits = read_limits(root);
  settings.series = read_series(root);
  settings.fill = read_fill(root);
  settings.catch_up = read_catch_up(root);
  settings.mute = read_mute(root, {document, catalogue, uses, root.problems()});
  settings.only_to = root.texts("only_to");
  if (const Node* vars = root.node("vars"); vars != nullptr) {
    const Section checked(*vars, "vars", root.problems());
    refuse_secrets(*vars, "vars", root.problems());
    settings.vars = literal(*vars);
  }
  if (!settings.vars.is_map()) settings.vars = cel::Map();
  catalogue.vars = settings.vars;
  if (const auto late = root.span("late_within")) settings.late_within = *late;
  read_zone(root, options, settings);
}

void check_series(const Document& document, const rules::Settings& settings,
                  const Catalogue& catalogue, Problems& problems) {
  if (settings.fill && !settings.series.contains(settings.fill->series)) {
    const std::vector<std::string> names = keys_of(settings.series);
    problems.error(document.root.find("fill")->find("from") == nullptr
                       ? document.root.find("fill")->place
                       : document.root.find("fill")->find("from")->place,
                   fmt::format("there is no series `{}`", settings.fill->series),
                   did_you_mean(settings.fill->series, names, "list it under `series`"));
  }
  const Node* series = document.root.find("series");
  if (series == nullptr) return;
  const std::vector<std::string> names = keys_of(catalogue.messages);
  for (const Entry& entry : series->entries) {
    const bool fills = settings.fill && settings.fill->series == entry.key;
    for (const Node& item : entry.value.items) {
      const auto found = catalogue.messages.find(item.text);
      if (found == catalogue.messages.end()) {
        problems.error(item.place, fmt::format("there is no message `{}`", item.text),
                       did_you_mean(item.text, names, "write it to content/"));
      } else if (fills && !rules::is_marketing(found->second.kind)) {
        problems.error(item.place,
                       fmt::format("`{}` is a {}: only value, engagement and offer fill the mix",
                                   item.text, rules::to_string(found->second.kind)),
                       "take it out of the series");
      }
    }
  }
}

}  // namespace nurtured::config

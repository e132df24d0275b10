// What is behind the links of messages: what they tell of their readers, and the pages of ours.
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "config/settings.h"

namespace nurtured::config {
namespace {

// The parameters that web analytics read, by what they are called after "utm_".
constexpr std::array<std::string_view, 5> utm_names = {"source", "medium", "campaign", "content",
                                                       "term"};
constexpr std::array<std::string_view, 5> utm_variables = {"message", "playbook", "channel", "kind",
                                                           "link"};

constexpr std::array<std::string_view, 3> page_locales = {"en", "ru", "zh"};

void read_utm(Section& utm, Tracking& tracking) {
  for (const std::string_view name : utm_names) {
    const auto text = utm.text(name);
    if (!text) continue;
    auto compiled = content::liquid::compile("tracking.utm." + std::string(name), *text,
                                             {.limits = {}, .strict_filters = true});
    if (!compiled) {
      utm.error(name, compiled.error().message, compiled.error().remedy);
      continue;
    }
    for (const auto& variable : compiled->usage().variables) {
      if (std::ranges::find(utm_variables, variable.path) != utm_variables.end()) continue;
      utm.error(name, fmt::format("there is no `{}` here", variable.path),
                fmt::format("there are {}", fmt::join(utm_variables, ", ")));
    }
    tracking.utm.emplace_back("utm_" + std::string(name), *std::move(compiled));
  }
}

}  // namespace

void read_tracking(Section& root, Tracking& tracking) {
  auto section = root.section("tracking");
  if (!section) return;
  tracking.clicks = section->boolean("clicks").value_or(tracking.clicks);
  tracking.opens = section->boolean("opens").value_or(tracking.opens);
  if (auto utm = section->section("utm")) {
    read_utm(*utm, tracking);
    utm->finish();
  }
  section->finish();
}

void read_pages(Section& root, Pages& pages) {
  auto section = root.section("pages");
  if (!section) return;
  const Node* consent = section->node("consent");
  if (consent != nullptr && consent->is_map()) {
    for (auto& [locale, wording] : section->text_map("consent")) {
      if (std::ranges::find(page_locales, locale) == page_locales.end()) {
        section->error("consent", fmt::format("there is no page in `{}`", locale),
                       fmt::format("pages are in {}", fmt::join(page_locales, ", ")));
      }
      pages.consent[locale] = std::move(wording);
    }
  } else if (auto wording = section->text("consent")) {
    for (const std::string_view locale : page_locales) pages.consent.emplace(locale, *wording);
  }
  section->finish();
}

}  // namespace nurtured::config

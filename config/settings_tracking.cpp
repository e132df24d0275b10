// What links in messages tell of their readers.
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

}  // namespace nurtured::config

#include "connectors/options.h"

#include <algorithm>

namespace nurtured::connectors {

bool is_server_url(std::string_view url, std::initializer_list<std::string_view> schemes) {
  for (const std::string_view scheme : schemes) {
    if (!url.starts_with(scheme)) continue;
    url.remove_prefix(scheme.size());
    return !url.empty() && std::ranges::all_of(url, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
    });
  }
  return false;
}

Limits read_limits(config::Section& section, const Limits& fallback) {
  Limits limits;
  limits.rate = section.rate("rate").value_or(fallback.rate);
  limits.concurrency =
      static_cast<int>(section.integer("concurrency", {.min = 1, .max = concurrency_max})
                           .value_or(fallback.concurrency));
  return limits;
}

}  // namespace nurtured::connectors

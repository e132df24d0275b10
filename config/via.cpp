#include "config/via.h"

#include <algorithm>

#include <fmt/format.h>

namespace nurtured::config {
namespace {

void check(const std::vector<std::string>& channels, const Node& node, const Catalogue& catalogue,
           Problems& problems) {
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const base::Place& place =
        node.is_list() && i < node.items.size() ? node.items[i].place : node.place;
    const auto same = std::find(channels.begin(), channels.end(), channels[i]);
    if (same != channels.begin() + static_cast<std::ptrdiff_t>(i)) {
      problems.error(place, fmt::format("the channel `{}` stands here twice", channels[i]),
                     "keep the first");
    }
    const auto& known = catalogue.channels;
    if (catalogue.is_former || std::find(known.begin(), known.end(), channels[i]) != known.end()) {
      continue;
    }
    problems.error(place, fmt::format("there is no channel `{}`", channels[i]),
                   did_you_mean(channels[i], known, "add it to `channels` in nurtured.yaml"));
  }
}

}  // namespace

Via read_via(Section& section, const Catalogue& catalogue) {
  Via via;
  const Node* node = section.node("via");
  if (node == nullptr) return via;
  if (node->is_scalar() && node->text == "all") return {catalogue.channels, true};
  if (node->is_map()) {
    auto inner = section.section("via");
    via.all = true;
    via.channels = inner->texts("all");
    inner->require("all", "list the channels that are all to be used");
    inner->finish();
    node = inner->node("all");
    if (node == nullptr) return via;
  } else {
    via.channels = section.texts("via");
  }
  if (node->is_list() && node->items.empty()) {
    section.error("via", "`via` is empty", "name a channel, or leave `via` out");
  }
  check(via.channels, *node, catalogue, section.problems());
  return via;
}

}  // namespace nurtured::config

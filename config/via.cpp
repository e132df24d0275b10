#include "config/via.h"

#include <algorithm>

#include <fmt/format.h>

namespace nurtured::config {
namespace {

std::vector<std::string> read_channels(Section& section, std::string_view key,
                                       const Catalogue& catalogue) {
  std::vector<std::string> channels;
  for (auto& [channel, place] : section.placed_texts(key)) {
    if (std::find(channels.begin(), channels.end(), channel) != channels.end()) {
      section.problems().error(place, fmt::format("the channel `{}` stands here twice", channel),
                               "keep the first");
      continue;
    }
    const auto& known = catalogue.channels;
    if (catalogue.knows_channels && std::find(known.begin(), known.end(), channel) == known.end()) {
      section.problems().error(
          place, fmt::format("there is no channel `{}`", channel),
          did_you_mean(channel, known, "add it to `channels` in nurtured.yaml"));
    }
    channels.push_back(std::move(channel));
  }
  return channels;
}

}  // namespace

Via read_via(Section& section, const Catalogue& catalogue) {
  Via via;
  const Node* node = section.node("via");
  if (node == nullptr) return via;
  if (node->is_scalar() && node->text == "all") return {catalogue.channels, true};
  if (node->is_map()) {
    via.all = true;
    auto inner = section.section("via");
    inner->require("all", "list the channels that are all to be used");
    via.channels = read_channels(*inner, "all", catalogue);
    inner->finish();
  } else {
    via.channels = read_channels(section, "via", catalogue);
  }
  if (node->is_list() && node->items.empty()) {
    section.error("via", "`via` is empty", "name a channel, or leave `via` out");
  }
  return via;
}

}  // namespace nurtured::config

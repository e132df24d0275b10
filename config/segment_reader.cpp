#include "config/segment_reader.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace nurtured::config {
namespace {

constexpr std::size_t segments_max = 1000;

using Asked = std::map<std::string, std::set<std::string>, std::less<>>;

Asked asked_segments(const std::vector<rules::Segment>& segments) {
  Asked asked;
  for (const rules::Segment& segment : segments) {
    auto& of_this = asked[segment.name];
    for (const cel::CallReference& call : segment.condition.program.references().calls) {
      if (call.function != "in_segment") continue;
      const auto& name = call.arguments.front();
      if (name && name->is_string()) of_this.insert(name->as_string());
    }
  }
  return asked;
}

// The way from `name` back to itself, without the last; empty where there is none.
std::vector<std::string> circle(const Asked& asked, const std::string& name) {
  std::map<std::string, std::string> from;  // segment → which asked for it
  std::vector<std::string> open = {name};
  while (!open.empty()) {
    const std::string at = std::move(open.back());
    open.pop_back();
    const auto found = asked.find(at);
    if (found == asked.end()) continue;
    for (const std::string& next : found->second) {
      if (!from.emplace(next, at).second) continue;
      if (next != name) {
        open.push_back(next);
        continue;
      }
      std::vector<std::string> way;
      for (std::string step = at; step != name; step = from.at(step)) way.push_back(step);
      way.push_back(name);
      std::ranges::reverse(way);
      return way;
    }
  }
  return {};
}

}  // namespace

void read_segment_names(const Document& document, Catalogue& catalogue, Problems& problems) {
  const Node* segments = document.root.find("segments");
  if (segments == nullptr || !segments->is_map()) return;
  for (const Entry& entry : segments->entries) {
    if (catalogue.segments.size() >= segments_max) {
      problems.error(entry.place, fmt::format("a workspace has at most {} segments", segments_max),
                     "join some of them");
      return;
    }
    if (check_name(entry.key, "segment", ".", entry.place, problems)) {
      catalogue.segments.emplace(entry.key, entry.place);
    }
  }
}

std::vector<rules::Segment> read_segments(const Reading& reading) {
  std::vector<rules::Segment> out;
  Section root(reading.document.root, "", reading.problems);
  if (root.require("segments", "write segments: {NAME: {if: EXPR}}")) {
    const Scene scene{
        .event = {}, .enrollment = std::nullopt, .contact_alone = true, .watches_clock = true};
    const Node& segments = *root.node("segments");
    const Section checked(segments, "segments", reading.problems);
    for (const Entry& entry : segments.entries) {
      Section section(entry.value, entry.key, reading.problems);
      if (section.require("if", "write the condition: {if: EXPR}")) {
        auto condition = read_expression(*section.node("if"), Wanted::condition, scene, reading);
        if (condition) out.push_back({entry.key, *std::move(condition)});
      }
      section.finish();
    }
  }
  root.finish();
  const Asked asked = asked_segments(out);
  for (const rules::Segment& segment : out) {
    const auto way = circle(asked, segment.name);
    if (way.empty()) continue;
    reading.problems.error(segment.condition.place,
                           fmt::format("the segment `{}` asks for itself: {} -> {}", segment.name,
                                       fmt::join(way, " -> "), segment.name),
                           "write one of the conditions out");
  }
  return out;
}

}  // namespace nurtured::config

#include "rules/segment.h"

#include <algorithm>
#include <set>

namespace nurtured::rules {

// What a condition asks about, through the segments that it asks for as well.
struct Segments::Sources {
  std::set<std::string> events;
  bool any_event = false;
  bool touches = false;
  bool profile = false;
};

Segments::Sources Segments::sources_of(SegmentIndex index) const {
  Sources sources;
  std::vector<SegmentIndex> open = {index};
  std::set<SegmentIndex> seen(open.begin(), open.end());
  while (!open.empty()) {
    const cel::References& references = segments_[open.back()].condition.program.references();
    open.pop_back();
    for (const cel::FieldReference& field : references.fields) {
      sources.profile = sources.profile || field.variable == "contact";
    }
    for (const cel::CallReference& call : references.calls) {
      if (call.function == "touches") {
        sources.touches = true;
        continue;
      }
      const auto& name = call.arguments.front();
      const bool is_written_out = name && name->is_string();
      if (call.function == "in_segment") {
        const std::size_t asked = is_written_out ? index_of(name->as_string()) : size();
        const auto next = static_cast<SegmentIndex>(asked);
        if (asked < size() && seen.insert(next).second) open.push_back(next);
      } else if (is_written_out) {
        sources.events.insert(name->as_string());
      } else {
        sources.any_event = true;
      }
    }
  }
  return sources;
}

Segments::Segments(std::vector<Segment> segments) : segments_(std::move(segments)) {
  std::vector<Sources> sources;
  for (SegmentIndex i = 0; i < size(); ++i) {
    const Sources& of = sources.emplace_back(sources_of(i));
    if (of.any_event) by_any_event_.push_back(i);
    if (of.touches) by_touch_.push_back(i);
    if (of.profile) by_profile_.push_back(i);
    for (const std::string& event : of.events) by_event_[event];
  }
  for (auto& [event, concerned] : by_event_) {
    for (SegmentIndex i = 0; i < size(); ++i) {
      if (sources[i].any_event || sources[i].events.contains(event)) concerned.push_back(i);
    }
  }
}

std::size_t Segments::index_of(std::string_view name) const {
  const auto found = std::ranges::find(segments_, name, &Segment::name);
  return static_cast<std::size_t>(found - segments_.begin());
}

const Segment* Segments::find(std::string_view name) const {
  const std::size_t index = index_of(name);
  return index == size() ? nullptr : &segments_[index];
}

const std::vector<SegmentIndex>& Segments::by_event(std::string_view event) const {
  const auto found = by_event_.find(event);
  return found == by_event_.end() ? by_any_event_ : found->second;
}

}  // namespace nurtured::rules

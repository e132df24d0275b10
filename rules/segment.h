// A named condition over contacts (segments.yaml), and by what a contact's answer to it can change:
// so that after an input only those segments are judged that it concerns.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/playbook.h"

namespace nurtured::rules {

struct Segment {
  std::string name;
  Expression condition;  // sees the contact alone, and watches the clock
};

using SegmentIndex = std::uint32_t;

// Immutable.
class Segments {
 public:
  Segments() = default;
  // None depends on itself: config/ has seen to it.
  explicit Segments(std::vector<Segment> segments);

  bool empty() const { return segments_.empty(); }
  std::size_t size() const { return segments_.size(); }
  const Segment& operator[](SegmentIndex index) const { return segments_[index]; }
  const Segment* find(std::string_view name) const;
  std::size_t index_of(std::string_view name) const;  // size() when there is none

  // Those whose answer may change when the event is counted, when a touch is, and when anything
  // else of the contact changes.
  const std::vector<SegmentIndex>& by_event(std::string_view event) const;
  const std::vector<SegmentIndex>& by_touch() const { return by_touch_; }
  const std::vector<SegmentIndex>& by_profile() const { return by_profile_; }

 private:
  struct Sources;
  Sources sources_of(SegmentIndex index) const;

  std::vector<Segment> segments_;
  std::map<std::string, std::vector<SegmentIndex>, std::less<>> by_event_;  // with by_any_event_
  std::vector<SegmentIndex> by_any_event_;
  std::vector<SegmentIndex> by_touch_;
  std::vector<SegmentIndex> by_profile_;
};

}  // namespace nurtured::rules

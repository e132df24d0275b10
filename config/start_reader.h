// The ways in which a playbook starts (CONTRACT section 2). Inside config/ only.
#pragma once

#include <vector>

#include "config/expression.h"
#include "config/section.h"

namespace nurtured::config {

struct Starts {
  std::vector<rules::EventStart> events;
  std::vector<rules::TimedStart> timed;
  bool by_hand = false;
  bool recurs = false;      // by a schedule, or on a day of every year
  rules::EventShape event;  // what is known of the event that it begins with, whichever it is
};

// What `start` says, one or a list; everything wrong is reported.
Starts read_starts(Section& playbook, const Reading& reading);

// The event that a map names under `when`; empty, and reported, where it can be none.
std::string read_event(Section& section, const Reading& reading);
// The event that a scalar is. False, and reported, where it can be none.
bool use_event(const Node& node, const Reading& reading);

}  // namespace nurtured::config

// One expectation held against one line or one state. Pure; used by scenario_judge.cpp.
#pragma once

#include <string>

#include "config/scenario.h"
#include "daemon/scenario_run.h"

namespace nurtured::daemon {

// Whether the line says what is expected; its time is not judged.
bool says(const config::LineExpected& expected, const PlayedLine& line);
// Whether it is about the same: the message, the playbook, the event that is expected.
bool is_about(const config::LineExpected& expected, const PlayedLine& line);
// "its reason is cap": the first thing that the line says otherwise; empty where it says() it.
std::string difference(const config::LineExpected& expected, const PlayedLine& line);

// Whether it was so at any moment of the line.
bool overlaps(const config::Window& window, const PlayedLine& line);

// Whether the state at `index` is what is expected.
bool holds(const config::StateExpected& expected, const std::vector<PlayedState>& states,
           std::size_t index);
// Whether the line is a step that made it so, if only until the next step.
bool makes(const config::StateExpected& expected, const PlayedLine& line);
// "its tags are warm, vip".
std::string state_text(const config::StateExpected& expected, const PlayedState& state);

}  // namespace nurtured::daemon

// Whether what a scenario expects came about, and what happened where it did not. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "config/scenario.h"
#include "daemon/scenario_run.h"

namespace nurtured::daemon {

// Of what really happened, a line near an expectation that was not met.
struct NearLine {
  std::string text;         // "2026-03-05 09:00  send webinar-invite …", on the contact's clock
  bool is_related = false;  // it is about what was expected
};

struct Unmet {
  base::Place place;
  std::string expected;  // "expected: send webinar-invite at 2026-03-04 11:30"
  std::string actual;    // "it came at 2026-03-05 09:00"; may be empty
  std::string contact;   // whose lines follow, with their clock: "u1 (Europe/Moscow)"
  std::vector<NearLine> near;
};

// A scenario passed when there is none. In the order of the file.
//
// Each line answers one expectation at most: who expects a message twice gets it twice. Which
// answers which is chosen so that as many as possible are met.
std::vector<Unmet> judge(const config::Scenario& scenario, const Played& played);

}  // namespace nurtured::daemon

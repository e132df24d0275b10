// Small workspaces and what `simulate` tells of them, as somebody who writes playbooks meets it.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace nurtured::tests {

using Lines = std::vector<std::string>;

inline constexpr const char* free_settings =
    "limits: {per_day: 100, per_week: 100, min_gap: 0s, quiet: \"00:00-00:00\"}\n"
    "touches_before_offer: 0\nmix: {value: 0, engagement: 0, offer: 100}\n";

struct Story {
  const char* name;
  std::string playbook;
  // "DAY HOUR USER EVENT [PROPERTIES]" in March 2026, UTC; u1 and u2 are known from the start. A
  // device's user is "+a1", and "u1+a1" where both are named; `identify` has traits.
  Lines events;
  Lines expected;  // "DAY HOUR USER DO WHAT", without starts and ends
  std::string settings = free_settings;
  std::map<std::string, std::string> files = {};
};

// What `simulate` prints of it, each line as in Story::expected.
Lines told(const Story& story);

}  // namespace nurtured::tests

// Messages that operators hold back for a while: "nothing to the attendees of the seminar for three
// days". Part of the daemon's state, not of the book.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/instant.h"
#include "rules/kind.h"

namespace nurtured::rules {

// Holds what fits everything that it names; what is left empty fits all. By hand a receipt cannot
// be silenced.
struct Silence {
  std::int64_t id = 0;
  std::string segment;
  std::string playbook;
  std::string message;
  std::string channel;
  std::vector<Kind> kinds;  // none: all marketing
  base::Instant from;
  base::Instant until;
  std::string why;
  std::string by;

  bool operator==(const Silence&) const = default;
};

}  // namespace nurtured::rules

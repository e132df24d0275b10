// `via`: which channels a message takes. Inside config/ only.
#pragma once

#include <string>
#include <vector>

#include "config/catalogue.h"
#include "config/section.h"

namespace nurtured::config {

struct Via {
  std::vector<std::string> channels;  // in order of preference; empty: as the level above says
  bool all = false;
};

// `via: email`, `via: [telegram, email]`, `via: {all: [telegram, email]}`, or `via: all` for every
// channel of the workspace at once.
Via read_via(Section& section, const Catalogue& catalogue);

}  // namespace nurtured::config

// segments.yaml: named conditions over contacts. Inside config/ only.
#pragma once

#include <vector>

#include "config/expression.h"
#include "config/section.h"

namespace nurtured::config {

// Their names alone, so that conditions that ask for them may be read before theirs are.
void read_segment_names(const Document& document, Catalogue& catalogue, Problems& problems);

// In the order of the file. One that asks for itself, also by way of others, is an error.
std::vector<rules::Segment> read_segments(const Reading& reading);

}  // namespace nurtured::config

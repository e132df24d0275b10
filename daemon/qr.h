// QR codes (ISO/IEC 18004) of links: for a terminal, and to be printed. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace nurtured::daemon {

// Two rows of dots a line, in half blocks; dark on light whatever the terminal's colours are.
base::Result<std::string> qr_text(std::string_view link);
// One SVG picture with the quiet zone around it.
base::Result<std::string> qr_svg(std::string_view link);

}  // namespace nurtured::daemon

// Elements as HTML for e-mail.
#pragma once

#include <string>

#include "content/element.h"

namespace nurtured::content {

// A fragment for a layout's `content`.
std::string write_html(const Element& document);

}  // namespace nurtured::content

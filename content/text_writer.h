// Elements as plain text: the second part of an e-mail, SMS, and what a table looks like where
// there are none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "content/element.h"

namespace nurtured::content {

// Blocks with an empty line between them and no line end after the last. Links are "text (url)",
// headings stand apart (underlined for the first two levels), quotes begin with "> ", lists with
// "- " or "1. ". Marks of emphasis fall away; ~what is struck~ keeps one.
std::string write_text(const Element& document);

// The inline elements within `parent`, one behind the other.
std::string write_inline_text(const Element& parent);

// A table in columns of equal width, for a font of fixed width; no line end after the last row.
std::string write_table(const Element& table);

}  // namespace nurtured::content

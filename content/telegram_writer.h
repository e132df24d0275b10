// Elements as the HTML that Telegram's Bot API takes (core.telegram.org/bots/api, "HTML style"):
// b i u s a code pre blockquote, and only < > & escaped. What a chat cannot show degrades: a
// heading is a bold line, list items begin with a bullet or a number, a table is preformatted text,
// a picture is a link to it, an author's own HTML is its bare text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "content/element.h"

namespace nurtured::content {

std::string write_telegram(const Element& document);

// The inline elements within `parent`, one behind the other.
std::string write_inline_telegram(const Element& parent);

// How long the Bot API finds such HTML: the UTF-16 units that are left when tags are taken away and
// entities read.
std::size_t telegram_units(std::string_view html);

}  // namespace nurtured::content

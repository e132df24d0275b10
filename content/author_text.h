// What of a Liquid text its author has written, whoever reads it: as far as it can be judged before
// there is a reader.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace nurtured::content {

// Without its tags and comments, and with a word that is a whole URL as well for each output and
// partial. Of
// `{% if %}` and `{% case %}` all ways are there, one behind the other.
std::string author_text(std::string_view source);

// The first link or picture of a Markdown text that no reader could be sent, for it is written out
// and no URL that may be used (escape.h); with its place in the text. A link that variables take
// part in is judged when it is rendered; HTML is the author's own.
std::optional<base::Error> find_broken_link(std::string_view source);

}  // namespace nurtured::content

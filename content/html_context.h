// HTML in which variables stand, made safe: each value is escaped for the place in the document
// where it lands. For layouts and for the raw HTML that an author puts into Markdown. It reads HTML
// as far as that takes (tags, attributes, comments, scripts), not more.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "content/escape.h"

namespace nurtured::content {

// Called for the destination of each <a href>, checked; returns what shall stand there.
using RewriteLink = std::function<std::string(std::string_view url)>;

// In text and quoted attributes values are escaped; in an attribute that holds a URL they are
// encoded as in a link, and a URL of which a variable is a part must have a scheme that may be
// used (an error otherwise); in style, event handlers, unquoted attributes and within a tag only
// letters, digits and " .,_-" stay; in comments, scripts and style sheets nothing does. The
// author's own text stays as it is, but for links that `rewrite` (which may be empty) changes.
base::Result<std::string> html_from(const std::vector<Piece>& pieces, const RewriteLink& rewrite);

// What a reader sees of HTML: tags, comments and scripts gone, the common entities read.
std::string text_of_html(std::string_view html);

}  // namespace nurtured::content

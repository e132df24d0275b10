// Markdown to elements: CommonMark with GitHub's tables, strikethrough and bare links.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "content/element.h"
#include "content/html_context.h"
#include "content/liquid/template.h"

namespace nurtured::content {

// Nested blocks and inlines; a text that nests deeper is refused.
inline constexpr int markdown_depth_max = 64;
// Values of variables in one text.
inline constexpr std::size_t markdown_values_max = 60'000;

// Values never take part in the parsing: each is stood in for by one inert character, and takes its
// place when the tree is built, so it can make no emphasis, link, heading or HTML, and a line break
// in it is only that. In a link's destination it is percent-encoded (content/escape.h). `rewrite`
// is called for each link in the order of the text. Errors: `invalid` for a link whose scheme may
// not be used, `too_large` for the limits above. For any thread; calls wait for each other.
base::Result<Element> read_markdown(const liquid::Marked& source, const RewriteLink& rewrite);

}  // namespace nurtured::content

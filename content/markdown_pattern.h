// Markdown in which each value of a variable is stood in for by one inert character: read once,
// filled in for each contact. Internal to content/; markdown.h is what others use.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "content/element.h"
#include "content/html_context.h"
#include "content/liquid/template.h"

namespace nurtured::content {

using MarkdownValues = std::vector<std::string_view>;

struct PreparedMarkdown {
  std::string markdown;   // value number n is the character U+F0000 + n
  MarkdownValues values;  // into the text that it was made of
};
PreparedMarkdown prepare_markdown(const liquid::Marked& source);

// Whether the text has a place for a value.
bool holds_stand_in(std::string_view text);
// Those places with what stands there, and the author's text between them.
std::vector<Piece> pieces_with(std::string_view text, const MarkdownValues& values);

// The tree of such a text, stand-ins in their places. It depends on nothing but the text.
// `too_large` beyond markdown_depth_max.
base::Result<Element> parse_pattern(std::string_view markdown);
// The same tree with those parts written down that are the same for everyone: blocks of the
// document and runs of inline elements that have neither values, links nor HTML.
Element with_written_parts(Element pattern);
// The tree for one contact. `invalid` for a link whose scheme may not be used.
base::Result<Element> fill_pattern(const Element& pattern, const MarkdownValues& values,
                                   const RewriteLink& rewrite);

}  // namespace nurtured::content

// Markdown to elements: CommonMark with GitHub's tables, strikethrough and bare links.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

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

// Trees that a reader remembers, and the longest text of one.
inline constexpr std::size_t markdown_known_max = 4;
inline constexpr std::size_t markdown_known_bytes_max = std::size_t{64} << 10;

// Reads one message's body again and again, as read_markdown() does. What Markdown makes of a text
// depends on the author's part alone, and that is mostly the same for every contact: such a tree is
// kept from its second time on, and only its values and links are filled in. A body that differs
// for each (by `| raw`, or by a tag that chooses) is read anew. For any thread.
class MarkdownReader {
 public:
  MarkdownReader();
  ~MarkdownReader();

  base::Result<Element> read(const liquid::Marked& source, const RewriteLink& rewrite);

 private:
  struct Known;

  std::shared_ptr<const Known> find(std::string_view markdown) const;
  // Whether a text with this hash was among the last; it is from now on.
  bool met_before(std::string_view markdown);
  void keep(std::shared_ptr<const Known> known);

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const Known>> known_;  // the newest first
  std::array<std::size_t, 2 * markdown_known_max> met_{};
  std::size_t met_next_ = 0;
};

}  // namespace nurtured::content

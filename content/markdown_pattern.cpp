#include "content/markdown_pattern.h"

#include <algorithm>
#include <utility>

#include "content/escape.h"
#include "content/html_writer.h"
#include "content/telegram_writer.h"
#include "content/text_writer.h"

namespace nurtured::content {
namespace {

using base::Result;

// ---- stand-ins: the character U+F0000 + n, of a plane for private use, stands for value number n.
// Markdown takes it for a letter.

constexpr char32_t first_stand_in = 0xF0000;
constexpr std::size_t stand_in_bytes = 4;
constexpr char stand_in_lead = '\xf3';
constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

bool is_stand_in(std::string_view text) {
  return text.size() >= stand_in_bytes && text[0] == stand_in_lead &&
         static_cast<unsigned char>(text[1]) >= 0xb0;
}

// Where the first one begins; the text's size where there is none.
std::size_t find_stand_in(std::string_view text, std::size_t from = 0) {
  for (std::size_t at = from; (at = text.find(stand_in_lead, at)) != std::string_view::npos; ++at) {
    if (is_stand_in(text.substr(at))) return at;
  }
  return text.size();
}

std::size_t stand_in_number(std::string_view text) {
  const auto bits = [&](std::size_t i) { return static_cast<unsigned char>(text[i]) & 0x3fU; };
  return ((bits(1) << 12 | bits(2) << 6 | bits(3)) | 0xC0000U) - first_stand_in;
}

void append_stand_in(std::string& out, std::size_t number) {
  const std::size_t point = first_stand_in + number;
  out += static_cast<char>(0xf0 | point >> 18);
  out += static_cast<char>(0x80 | (point >> 12 & 0x3f));
  out += static_cast<char>(0x80 | (point >> 6 & 0x3f));
  out += static_cast<char>(0x80 | (point & 0x3f));
}

// The author's own text must not hold stand-ins.
void append_literal(std::string& out, std::string_view text) {
  for (;;) {
    const std::size_t at = find_stand_in(text);
    out += text.substr(0, at);
    if (at == text.size()) return;
    out += replacement;
    text.remove_prefix(at + stand_in_bytes);
  }
}

// ---- filling

class Filler {
 public:
  Filler(const MarkdownValues& values, const RewriteLink& rewrite)
      : values_(values), rewrite_(rewrite) {}

  Result<Element> fill(const Element& pattern) const;

 private:
  std::string filled(std::string_view text) const;
  void add_text(Element& parent, std::string_view text) const;
  Result<void> add_children(Element& parent, const Element& pattern) const;
  Result<Element> html(const Element& pattern) const;
  Result<Element> link(const Element& pattern) const;

  const MarkdownValues& values_;
  const RewriteLink& rewrite_;
};

std::string Filler::filled(std::string_view text) const {
  if (!holds_stand_in(text)) return std::string(text);
  std::string result;
  for (const Piece& piece : pieces_with(text, values_)) {
    result += piece.is_value ? clean_text(piece.text) : std::string(piece.text);
  }
  return result;
}

// A value's line ends are line breaks, not the end of a paragraph.
void Filler::add_text(Element& parent, std::string_view text) const {
  const std::string whole = filled(text);
  std::string_view rest = whole;
  while (true) {
    const std::size_t end = rest.find('\n');
    if (end != 0 && !rest.empty()) {
      parent.children.push_back(
          {.kind = ElementKind::text, .text = std::string(rest.substr(0, end))});
    }
    if (end == std::string_view::npos) break;
    parent.children.push_back({.kind = ElementKind::line_break});
    rest.remove_prefix(end + 1);
  }
}

Result<void> Filler::add_children(Element& parent, const Element& pattern) const {
  parent.children.reserve(pattern.children.size());
  for (const Element& child : pattern.children) {
    if (child.kind == ElementKind::text) {
      add_text(parent, child.text);
      continue;
    }
    auto element = fill(child);
    if (!element) return base::fail(element.error());
    // A paragraph whose only words are values that turned out empty is not there.
    if (element->kind == ElementKind::paragraph && element->children.empty()) continue;
    parent.children.push_back(std::move(*element));
  }
  return {};
}

Result<Element> Filler::html(const Element& pattern) const {
  auto html = html_from(pieces_with(pattern.text, values_), rewrite_);
  if (!html) return base::fail(html.error());
  return Element{.kind = pattern.kind, .text = std::move(*html)};
}

Result<Element> Filler::link(const Element& pattern) const {
  const bool is_image = pattern.kind == ElementKind::image;
  Element link{.kind = pattern.kind, .title = filled(pattern.title)};
  auto url = checked_url(url_from(pieces_with(pattern.url, values_)),
                         is_image ? LinkUse::image : LinkUse::link);
  if (!url) return base::fail(url.error());
  link.url = !is_image && rewrite_ ? rewrite_(*url) : *url;
  if (auto added = add_children(link, pattern); !added) return base::fail(added.error());
  return link;
}

Result<Element> Filler::fill(const Element& pattern) const {
  switch (pattern.kind) {
    case ElementKind::written:
      return pattern;
    case ElementKind::html_block:
    case ElementKind::html_inline:
      return html(pattern);
    case ElementKind::link:
    case ElementKind::image:
      return link(pattern);
    case ElementKind::code:
      return Element{.kind = pattern.kind, .text = header_text(filled(pattern.text))};
    case ElementKind::code_block:
      return Element{
          .kind = pattern.kind, .text = filled(pattern.text), .url = filled(pattern.url)};
    default:
      break;
  }
  Element element{.kind = pattern.kind,
                  .level = pattern.level,
                  .align = pattern.align,
                  .is_tight = pattern.is_tight};
  if (auto added = add_children(element, pattern); !added) return base::fail(added.error());
  return element;
}

// ---- parts that are the same for everyone

// Links are rewritten for each contact, HTML may hold some, and a picture's description is read
// without marks.
bool is_same_for_all(const Element& element) {
  switch (element.kind) {
    case ElementKind::link:
    case ElementKind::image:
    case ElementKind::html_block:
    case ElementKind::html_inline:
      return false;
    default:
      return !holds_stand_in(element.text) && !holds_stand_in(element.url) &&
             std::ranges::all_of(element.children, is_same_for_all);
  }
}

// Blocks come first in ElementKind.
bool is_inline(const Element& element) {
  return element.kind >= ElementKind::text;
}

// Each writer puts inline elements down one behind the other, so several are written as one.
Element written_inline(const Element& parent) {
  const Element whole = fill_pattern(parent, {}, {}).value();
  Written written{.html = write_html(whole),
                  .telegram = write_inline_telegram(whole),
                  .text = write_inline_text(whole)};
  return {.kind = ElementKind::written,
          .written = std::make_shared<const Written>(std::move(written))};
}

Element written_block(Element block) {
  Element document;
  document.children.push_back(std::move(block));
  const Element whole = fill_pattern(document, {}, {}).value();
  Written written{
      .html = write_html(whole), .telegram = write_telegram(whole), .text = write_text(whole)};
  return {.kind = ElementKind::written,
          .written = std::make_shared<const Written>(std::move(written))};
}

Element with_written_runs(Element element) {
  if (element.kind == ElementKind::image) return element;
  std::vector<Element> children;
  Element run;
  const auto end_run = [&] {
    if (!run.children.empty()) children.push_back(written_inline(std::exchange(run, {})));
  };
  for (Element& child : element.children) {
    if (is_inline(child) && is_same_for_all(child)) {
      run.children.push_back(std::move(child));
    } else {
      end_run();
      children.push_back(with_written_runs(std::move(child)));
    }
  }
  end_run();
  element.children = std::move(children);
  return element;
}

}  // namespace

PreparedMarkdown prepare_markdown(const liquid::Marked& source) {
  PreparedMarkdown prepared;
  prepared.markdown.reserve(source.text.size());
  for (const Piece& piece : pieces_of(source)) {
    if (piece.is_value) {
      append_stand_in(prepared.markdown, prepared.values.size());
      prepared.values.push_back(piece.text);
    } else {
      append_literal(prepared.markdown, piece.text);
    }
  }
  return prepared;
}

bool holds_stand_in(std::string_view text) {
  return find_stand_in(text) != text.size();
}

std::vector<Piece> pieces_with(std::string_view text, const MarkdownValues& values) {
  std::vector<Piece> pieces;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t at = find_stand_in(text, begin);
    if (at > begin) pieces.push_back({text.substr(begin, at - begin), false});
    if (at == text.size()) break;
    // A character reference can name a stand-in that was never made.
    const std::size_t number = stand_in_number(text.substr(at));
    pieces.push_back({number < values.size() ? values[number] : replacement, true});
    begin = at + stand_in_bytes;
  }
  return pieces;
}

Result<Element> fill_pattern(const Element& pattern, const MarkdownValues& values,
                             const RewriteLink& rewrite) {
  return Filler(values, rewrite).fill(pattern);
}

Element with_written_parts(Element pattern) {
  for (Element& block : pattern.children) {
    // Nothing is left of an empty paragraph; the filler drops it.
    const bool is_empty = block.kind == ElementKind::paragraph && block.children.empty();
    block = !is_empty && is_same_for_all(block) ? written_block(std::move(block))
                                                : with_written_runs(std::move(block));
  }
  return pattern;
}

std::string bare_text(const Element& element) {
  switch (element.kind) {
    case ElementKind::text:
    case ElementKind::code:
    case ElementKind::code_block:
      return element.text;
    case ElementKind::soft_break:
    case ElementKind::line_break:
      return " ";
    default:
      break;
  }
  std::string text;
  for (const Element& child : element.children) text += bare_text(child);
  return text;
}

}  // namespace nurtured::content

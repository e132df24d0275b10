#include "content/markdown.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm.h>

#include "content/escape.h"

namespace nurtured::content {
namespace {

using base::Result;

// ---- stand-ins: the character U+F0000 + n, of a plane for private use, stands for value number n.
// Markdown takes it for a letter.

constexpr char32_t first_stand_in = 0xF0000;
constexpr std::size_t stand_in_bytes = 4;
constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

bool is_stand_in(std::string_view text) {
  return text.size() >= stand_in_bytes && text[0] == '\xf3' &&
         static_cast<unsigned char>(text[1]) >= 0xb0;
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
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_stand_in(text.substr(i))) {
      out += replacement;
      i += stand_in_bytes - 1;
    } else {
      out += text[i];
    }
  }
}

struct Prepared {
  std::string markdown;
  std::vector<std::string_view> values;
};

Prepared prepare(const liquid::Marked& source) {
  Prepared prepared;
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

// ---- the library

struct NodeDeleter {
  void operator()(cmark_node* node) const { cmark_node_free(node); }
};
using NodePtr = std::unique_ptr<cmark_node, NodeDeleter>;

struct ParserDeleter {
  void operator()(cmark_parser* parser) const { cmark_parser_free(parser); }
};

NodePtr parse(std::string_view markdown) {
  // While it parses with extensions, the library writes to tables that all its parsers share.
  static std::mutex one_at_a_time;
  const std::scoped_lock lock(one_at_a_time);
  cmark_gfm_core_extensions_ensure_registered();
  const std::unique_ptr<cmark_parser, ParserDeleter> parser(
      cmark_parser_new(CMARK_OPT_VALIDATE_UTF8));
  for (const char* name : {"table", "strikethrough", "autolink"}) {
    cmark_parser_attach_syntax_extension(parser.get(), cmark_find_syntax_extension(name));
  }
  cmark_parser_feed(parser.get(), markdown.data(), markdown.size());
  return NodePtr(cmark_parser_finish(parser.get()));
}

std::string_view view(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

// ---- nodes to elements

class Builder {
 public:
  Builder(const std::vector<std::string_view>& values, const RewriteLink& rewrite)
      : values_(values), rewrite_(rewrite) {}

  Result<Element> build(cmark_node* node, int depth);

 private:
  std::vector<Piece> pieces(std::string_view text) const;
  std::string filled(std::string_view text) const;
  void add_text(Element& parent, std::string_view text) const;
  Result<void> add_children(Element& parent, cmark_node* node, int depth);
  Result<Element> build_html(cmark_node* node, ElementKind kind);
  Result<Element> build_link(cmark_node* node, ElementKind kind, int depth);
  Element build_plain(cmark_node* node) const;
  static Element build_list(cmark_node* node);
  static Element build_table_part(cmark_node* node, std::string_view type);

  const std::vector<std::string_view>& values_;
  const RewriteLink& rewrite_;
};

std::vector<Piece> Builder::pieces(std::string_view text) const {
  std::vector<Piece> pieces;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_stand_in(text.substr(i))) {
      ++i;
      continue;
    }
    if (i > begin) pieces.push_back({text.substr(begin, i - begin), false});
    // A character reference can name a stand-in that was never made.
    const std::size_t number = stand_in_number(text.substr(i));
    const bool is_known = number < values_.size();
    pieces.push_back({is_known ? values_[number] : replacement, true});
    i += stand_in_bytes;
    begin = i;
  }
  if (begin < text.size()) pieces.push_back({text.substr(begin), false});
  return pieces;
}

std::string Builder::filled(std::string_view text) const {
  std::string result;
  for (const Piece& piece : pieces(text)) {
    result += piece.is_value ? clean_text(piece.text) : std::string(piece.text);
  }
  return result;
}

// A value's line ends are line breaks, not the end of a paragraph.
void Builder::add_text(Element& parent, std::string_view text) const {
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

Result<void> Builder::add_children(Element& parent, cmark_node* node, int depth) {
  for (cmark_node* child = cmark_node_first_child(node); child != nullptr;
       child = cmark_node_next(child)) {
    if (cmark_node_get_type(child) == CMARK_NODE_TEXT) {
      add_text(parent, view(cmark_node_get_literal(child)));
      continue;
    }
    auto element = build(child, depth + 1);
    if (!element) return base::fail(element.error());
    // A paragraph whose only words are values that turned out empty is not there.
    if (element->kind == ElementKind::paragraph && element->children.empty()) continue;
    parent.children.push_back(std::move(*element));
  }
  return {};
}

Result<Element> Builder::build_html(cmark_node* node, ElementKind kind) {
  auto html = html_from(pieces(view(cmark_node_get_literal(node))), rewrite_);
  if (!html) return base::fail(html.error());
  return Element{.kind = kind, .text = std::move(*html)};
}

Result<Element> Builder::build_link(cmark_node* node, ElementKind kind, int depth) {
  Element link{.kind = kind, .title = filled(view(cmark_node_get_title(node)))};
  auto url = checked_url(url_from(pieces(view(cmark_node_get_url(node)))),
                         kind == ElementKind::image ? LinkUse::image : LinkUse::link);
  if (!url) return base::fail(url.error());
  link.url = kind == ElementKind::link && rewrite_ ? rewrite_(*url) : *url;
  if (auto added = add_children(link, node, depth); !added) return base::fail(added.error());
  return link;
}

Element Builder::build_list(cmark_node* node) {
  const bool is_ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
  // 0 is the mark of a bullet list; a list that counts from 0 counts from 1.
  return {.kind = ElementKind::list,
          .level = is_ordered ? std::max(cmark_node_get_list_start(node), 1) : 0,
          .is_tight = cmark_node_get_list_tight(node) != 0};
}

Element Builder::build_table_part(cmark_node* node, std::string_view type) {
  if (type == "table") return {.kind = ElementKind::table};
  if (type == "table_row" || type == "table_header") {
    const bool is_head = cmark_gfm_extensions_get_table_row_is_header(node) != 0;
    return {.kind = ElementKind::row, .level = is_head ? 1 : 0};
  }
  if (type == "strikethrough") return {.kind = ElementKind::strike};
  return {.kind = ElementKind::cell};
}

// The alignment of each column, which the table has and its cells show.
void align_cells(Element& table, cmark_node* node) {
  const std::uint8_t* alignments = cmark_gfm_extensions_get_table_alignments(node);
  const std::size_t columns = cmark_gfm_extensions_get_table_columns(node);
  for (Element& row : table.children) {
    for (std::size_t i = 0; i < row.children.size() && i < columns; ++i) {
      row.children[i].align = static_cast<char>(alignments[i]);
    }
  }
}

// The element without its children. Extensions' types are known by name alone.
Element Builder::build_plain(cmark_node* node) const {
  const cmark_node_type type = cmark_node_get_type(node);
  const std::string_view literal = view(cmark_node_get_literal(node));
  if (type == CMARK_NODE_HEADING) {
    return {.kind = ElementKind::heading, .level = cmark_node_get_heading_level(node)};
  }
  if (type == CMARK_NODE_LIST) return build_list(node);
  if (type == CMARK_NODE_CODE_BLOCK) {
    return {.kind = ElementKind::code_block,
            .text = filled(literal),
            .url = filled(view(cmark_node_get_fence_info(node)))};
  }
  if (type == CMARK_NODE_CODE) {
    return {.kind = ElementKind::code, .text = header_text(filled(literal))};
  }
  constexpr std::pair<cmark_node_type, ElementKind> simple[] = {
      {CMARK_NODE_DOCUMENT, ElementKind::document},
      {CMARK_NODE_PARAGRAPH, ElementKind::paragraph},
      {CMARK_NODE_BLOCK_QUOTE, ElementKind::quote},
      {CMARK_NODE_ITEM, ElementKind::item},
      {CMARK_NODE_THEMATIC_BREAK, ElementKind::rule},
      {CMARK_NODE_SOFTBREAK, ElementKind::soft_break},
      {CMARK_NODE_LINEBREAK, ElementKind::line_break},
      {CMARK_NODE_EMPH, ElementKind::emphasis},
      {CMARK_NODE_STRONG, ElementKind::strong}};
  for (const auto& [its_type, kind] : simple) {
    if (type == its_type) return {.kind = kind};
  }
  return build_table_part(node, view(cmark_node_get_type_string(node)));
}

Result<Element> Builder::build(cmark_node* node, int depth) {
  if (depth > markdown_depth_max) {
    return base::fail(base::ErrorKind::too_large,
                      "the Markdown nests deeper than " + std::to_string(markdown_depth_max));
  }
  const cmark_node_type type = cmark_node_get_type(node);
  if (type == CMARK_NODE_HTML_BLOCK) return build_html(node, ElementKind::html_block);
  if (type == CMARK_NODE_HTML_INLINE) return build_html(node, ElementKind::html_inline);
  if (type == CMARK_NODE_LINK) return build_link(node, ElementKind::link, depth);
  if (type == CMARK_NODE_IMAGE) return build_link(node, ElementKind::image, depth);
  Element element = build_plain(node);
  if (auto added = add_children(element, node, depth); !added) return base::fail(added.error());
  if (element.kind == ElementKind::table) align_cells(element, node);
  return element;
}

}  // namespace

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

Result<Element> read_markdown(const liquid::Marked& source, const RewriteLink& rewrite) {
  if (source.spans.size() > markdown_values_max) {
    return base::fail(
        base::ErrorKind::too_large,
        "the text holds more than " + std::to_string(markdown_values_max) + " values of variables");
  }
  const Prepared prepared = prepare(source);
  const NodePtr root = parse(prepared.markdown);
  return Builder(prepared.values, rewrite).build(root.get(), 0);
}

}  // namespace nurtured::content

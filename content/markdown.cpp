// Markdown to a tree, by cmark-gfm.
#include "content/markdown.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm.h>

#include "content/markdown_pattern.h"

namespace nurtured::content {
namespace {

using base::Result;

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

Element list_of(cmark_node* node) {
  const bool is_ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
  // 0 is the mark of a bullet list; a list that counts from 0 counts from 1.
  return {.kind = ElementKind::list,
          .level = is_ordered ? std::max(cmark_node_get_list_start(node), 1) : 0,
          .is_tight = cmark_node_get_list_tight(node) != 0};
}

Element table_part_of(cmark_node* node, std::string_view type) {
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
Element element_of(cmark_node* node) {
  const cmark_node_type type = cmark_node_get_type(node);
  const auto text = [](const char* bytes) { return std::string(view(bytes)); };
  if (type == CMARK_NODE_HEADING) {
    return {.kind = ElementKind::heading, .level = cmark_node_get_heading_level(node)};
  }
  if (type == CMARK_NODE_LIST) return list_of(node);
  if (type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE) {
    return {.kind = type == CMARK_NODE_LINK ? ElementKind::link : ElementKind::image,
            .url = text(cmark_node_get_url(node)),
            .title = text(cmark_node_get_title(node))};
  }
  if (type == CMARK_NODE_CODE_BLOCK) {
    return {.kind = ElementKind::code_block,
            .text = text(cmark_node_get_literal(node)),
            .url = text(cmark_node_get_fence_info(node))};
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
      {CMARK_NODE_STRONG, ElementKind::strong},
      {CMARK_NODE_TEXT, ElementKind::text},
      {CMARK_NODE_CODE, ElementKind::code},
      {CMARK_NODE_HTML_BLOCK, ElementKind::html_block},
      {CMARK_NODE_HTML_INLINE, ElementKind::html_inline}};
  for (const auto& [its_type, kind] : simple) {
    if (type == its_type) return {.kind = kind, .text = text(cmark_node_get_literal(node))};
  }
  return table_part_of(node, view(cmark_node_get_type_string(node)));
}

Result<Element> build(cmark_node* node, int depth) {
  if (depth > markdown_depth_max) {
    return base::fail(base::ErrorKind::too_large,
                      "the Markdown nests deeper than " + std::to_string(markdown_depth_max));
  }
  Element element = element_of(node);
  for (cmark_node* child = cmark_node_first_child(node); child != nullptr;
       child = cmark_node_next(child)) {
    auto built = build(child, depth + 1);
    if (!built) return built;
    element.children.push_back(std::move(*built));
  }
  if (element.kind == ElementKind::table) align_cells(element, node);
  return element;
}

Result<void> check_size(const liquid::Marked& source) {
  if (source.spans.size() <= markdown_values_max) return {};
  return base::fail(
      base::ErrorKind::too_large,
      "the text holds more than " + std::to_string(markdown_values_max) + " values of variables");
}

}  // namespace

Result<Element> parse_pattern(std::string_view markdown) {
  const NodePtr root = parse(markdown);
  return build(root.get(), 0);
}

Result<Element> read_markdown(const liquid::Marked& source, const RewriteLink& rewrite) {
  if (auto checked = check_size(source); !checked) return base::fail(checked.error());
  const PreparedMarkdown prepared = prepare_markdown(source);
  auto pattern = parse_pattern(prepared.markdown);
  if (!pattern) return pattern;
  return fill_pattern(*pattern, prepared.values, rewrite);
}

// ---- what is read again and again

struct MarkdownReader::Known {
  std::string markdown;
  Element pattern;
};

MarkdownReader::MarkdownReader() = default;
MarkdownReader::~MarkdownReader() = default;

std::shared_ptr<const MarkdownReader::Known> MarkdownReader::find(std::string_view markdown) const {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find_if(
      known_, [markdown](const auto& known) { return known->markdown == markdown; });
  return found == known_.end() ? nullptr : *found;
}

bool MarkdownReader::met_before(std::string_view markdown) {
  const std::size_t hash = std::hash<std::string_view>()(markdown);
  const std::scoped_lock lock(mutex_);
  if (std::ranges::find(met_, hash) != met_.end()) return true;
  met_[met_next_++ % met_.size()] = hash;
  return false;
}

void MarkdownReader::keep(std::shared_ptr<const Known> known) {
  const std::scoped_lock lock(mutex_);
  if (known_.size() == markdown_known_max) known_.pop_back();
  known_.insert(known_.begin(), std::move(known));
}

Result<Element> MarkdownReader::read(const liquid::Marked& source, const RewriteLink& rewrite) {
  if (auto checked = check_size(source); !checked) return base::fail(checked.error());
  const PreparedMarkdown prepared = prepare_markdown(source);
  if (const auto known = find(prepared.markdown)) {
    return fill_pattern(known->pattern, prepared.values, rewrite);
  }
  auto pattern = parse_pattern(prepared.markdown);
  if (!pattern) return pattern;
  auto element = fill_pattern(*pattern, prepared.values, rewrite);
  if (prepared.markdown.size() <= markdown_known_bytes_max && met_before(prepared.markdown)) {
    keep(std::make_shared<const Known>(
        Known{prepared.markdown, with_written_parts(*std::move(pattern))}));
  }
  return element;
}

}  // namespace nurtured::content

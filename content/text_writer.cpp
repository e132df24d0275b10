#include "content/text_writer.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "content/html_context.h"

namespace nurtured::content {
namespace {

// Rows wider than this are no table to look at; longer cells stand as they are.
constexpr std::size_t column_width_max = 40;

std::string inline_text(const Element& element);

std::string children_text(const Element& element) {
  std::string text;
  for (const Element& child : element.children) text += inline_text(child);
  return text;
}

// The address of a link as a reader would say it.
std::string_view shown_url(std::string_view url) {
  for (const std::string_view scheme : {"mailto:", "tel:"}) {
    if (url.starts_with(scheme)) return url.substr(scheme.size());
  }
  return url;
}

std::string link_text(const Element& element) {
  const std::string text = children_text(element);
  const std::string_view url = shown_url(element.url);
  if (text.empty() || text == url || text == element.url || "http://" + text == element.url) {
    return std::string(url);
  }
  return text + " (" + std::string(url) + ")";
}

std::string inline_text(const Element& element) {
  switch (element.kind) {
    case ElementKind::text:
    case ElementKind::code:
      return element.text;
    case ElementKind::soft_break:
      return " ";
    case ElementKind::line_break:
      return "\n";
    case ElementKind::html_inline:
      return text_of_html(element.text);
    case ElementKind::strike:
      return "~" + children_text(element) + "~";
    case ElementKind::link:
      return link_text(element);
    case ElementKind::image: {
      const std::string description = children_text(element);
      return description.empty() ? "" : "[" + description + "]";
    }
    case ElementKind::written:
      return element.written->text;
    default:
      return children_text(element);
  }
}

// Each line with `first` or, after the first, `others` before it.
std::string indented(std::string_view text, std::string_view first, std::string_view others) {
  std::string result;
  std::string_view indent = first;
  while (true) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    std::string_view lead = indent;
    if (line.empty()) lead = lead.substr(0, lead.find_last_not_of(' ') + 1);
    (result += lead) += line;
    if (end == std::string_view::npos) return result;
    result += '\n';
    text.remove_prefix(end + 1);
    indent = others;
  }
}

std::string block_text(const Element& element);

std::string blocks_text(const std::vector<Element>& blocks, std::string_view between) {
  std::string text;
  for (const Element& block : blocks) {
    const std::string one = block_text(block);
    if (one.empty()) continue;
    if (!text.empty()) text += between;
    text += one;
  }
  return text;
}

std::string heading_text(const Element& element) {
  std::string text = children_text(element);
  std::ranges::replace(text, '\n', ' ');
  if (element.level > 2 || text.empty()) return text;
  const std::size_t width = std::min<std::size_t>(base::code_points(text), 60);
  return text + '\n' + std::string(width, element.level == 1 ? '=' : '-');
}

std::string list_text(const Element& element) {
  std::string text;
  int number = element.level;
  for (const Element& item : element.children) {
    const std::string lead = element.level == 0 ? "- " : std::to_string(number++) + ". ";
    const std::string content = blocks_text(item.children, element.is_tight ? "\n" : "\n\n");
    if (!text.empty()) text += element.is_tight ? "\n" : "\n\n";
    text += indented(content, lead, std::string(lead.size(), ' '));
  }
  return text;
}

std::string block_text(const Element& element) {
  switch (element.kind) {
    case ElementKind::document:
      return blocks_text(element.children, "\n\n");
    case ElementKind::paragraph:
      return std::string(base::trimmed(children_text(element)));
    case ElementKind::heading:
      return heading_text(element);
    case ElementKind::quote:
      return indented(blocks_text(element.children, "\n\n"), "> ", "> ");
    case ElementKind::list:
      return list_text(element);
    case ElementKind::code_block: {
      std::string_view code = element.text;
      while (code.ends_with('\n')) code.remove_suffix(1);
      return indented(code, "    ", "    ");
    }
    case ElementKind::html_block:
      return std::string(base::trimmed(text_of_html(element.text)));
    case ElementKind::rule:
      return "---";
    case ElementKind::table:
      return write_table(element);
    default:
      return inline_text(element);
  }
}

std::string padded(std::string_view text, std::size_t width, char align) {
  const std::size_t length = base::code_points(text);
  const std::size_t spare = width > length ? width - length : 0;
  const std::size_t before = align == 'r' ? spare : align == 'c' ? spare / 2 : 0;
  return std::string(before, ' ') + std::string(text) + std::string(spare - before, ' ');
}

}  // namespace

std::string write_text(const Element& document) {
  return block_text(document);
}

std::string write_inline_text(const Element& parent) {
  return children_text(parent);
}

std::string write_table(const Element& table) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::size_t> widths;
  for (const Element& row : table.children) {
    auto& cells = rows.emplace_back();
    for (const Element& cell : row.children) {
      std::string text = children_text(cell);
      std::ranges::replace(text, '\n', ' ');
      const std::size_t column = cells.size();
      if (widths.size() <= column) widths.push_back(0);
      const std::size_t width = std::min(base::code_points(text), column_width_max);
      widths[column] = std::max(widths[column], width);
      cells.push_back(std::move(text));
    }
  }
  std::string text;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string line;
    for (std::size_t column = 0; column < rows[i].size(); ++column) {
      if (column > 0) line += " | ";
      line += padded(rows[i][column], widths[column], table.children[i].children[column].align);
    }
    line.resize(line.find_last_not_of(' ') + 1);
    if (!text.empty()) text += '\n';
    text += line;
    if (table.children[i].level != 1) continue;
    text += '\n';
    for (std::size_t column = 0; column < widths.size(); ++column) {
      if (column > 0) text += "-|-";
      text += std::string(widths[column], '-');
    }
  }
  return text;
}

}  // namespace nurtured::content

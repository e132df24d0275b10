#include "content/html_writer.h"

#include <string_view>
#include <utility>

#include "content/escape.h"

namespace nurtured::content {
namespace {

class HtmlWriter {
 public:
  std::string take() { return std::move(out_); }
  void block(const Element& element, bool is_tight = false);

 private:
  void children(const Element& element, bool is_tight = false) {
    for (const Element& child : element.children) block(child, is_tight);
  }
  void wrap(std::string_view tag, const Element& element, std::string_view end = "") {
    (out_ += '<') += tag;
    out_ += '>';
    children(element);
    (out_ += "</") += tag;
    (out_ += '>') += end;
  }
  void attribute(std::string_view name, std::string_view value) {
    (out_ += ' ') += name;
    (out_ += "=\"") += escape_html(value);
    out_ += '"';
  }
  void list(const Element& element);
  void table(const Element& element);
  void cell(const Element& element, bool is_head);
  void code_block(const Element& element);
  void link(const Element& element);
  void image(const Element& element);

  std::string out_;
};

void HtmlWriter::list(const Element& element) {
  const bool is_ordered = element.level > 0;
  out_ += is_ordered ? "<ol" : "<ul";
  if (element.level > 1) attribute("start", std::to_string(element.level));
  out_ += ">\n";
  for (const Element& item : element.children) {
    out_ += "<li>";
    children(item, element.is_tight);
    out_ += "</li>\n";
  }
  out_ += is_ordered ? "</ol>\n" : "</ul>\n";
}

void HtmlWriter::cell(const Element& element, bool is_head) {
  out_ += is_head ? "<th" : "<td";
  if (element.align != 0) {
    const bool is_center = element.align == 'c';
    attribute("align", is_center ? "center" : element.align == 'r' ? "right" : "left");
  }
  out_ += '>';
  children(element);
  out_ += is_head ? "</th>" : "</td>";
}

void HtmlWriter::table(const Element& element) {
  out_ += "<table class=\"data\">\n";
  for (const Element& row : element.children) {
    out_ += "<tr>";
    for (const Element& each : row.children) cell(each, row.level == 1);
    out_ += "</tr>\n";
  }
  out_ += "</table>\n";
}

void HtmlWriter::code_block(const Element& element) {
  out_ += "<pre><code";
  const std::string language = element.url.substr(0, element.url.find(' '));
  if (!language.empty()) attribute("class", "language-" + language);
  (out_ += '>') += escape_html(element.text);
  out_ += "</code></pre>\n";
}

void HtmlWriter::link(const Element& element) {
  out_ += "<a";
  attribute("href", element.url);
  if (!element.title.empty()) attribute("title", element.title);
  out_ += '>';
  children(element);
  out_ += "</a>";
}

void HtmlWriter::image(const Element& element) {
  out_ += "<img";
  attribute("src", element.url);
  attribute("alt", bare_text({.children = element.children}));
  if (!element.title.empty()) attribute("title", element.title);
  out_ += '>';
}

void HtmlWriter::block(const Element& element, bool is_tight) {
  switch (element.kind) {
    case ElementKind::document:
      children(element);
      break;
    case ElementKind::paragraph:
      if (is_tight) {
        children(element);
      } else {
        wrap("p", element, "\n");
      }
      break;
    case ElementKind::heading:
      wrap("h" + std::to_string(element.level), element, "\n");
      break;
    case ElementKind::quote:
      out_ += "<blockquote>\n";
      children(element);
      out_ += "</blockquote>\n";
      break;
    case ElementKind::list:
      list(element);
      break;
    case ElementKind::code_block:
      code_block(element);
      break;
    case ElementKind::html_block:
    case ElementKind::html_inline:
      out_ += element.text;
      break;
    case ElementKind::rule:
      out_ += "<hr>\n";
      break;
    case ElementKind::table:
      table(element);
      break;
    case ElementKind::text:
      out_ += escape_html(element.text);
      break;
    case ElementKind::soft_break:
      out_ += '\n';
      break;
    case ElementKind::line_break:
      out_ += "<br>\n";
      break;
    case ElementKind::code:
      (out_ += "<code>") += escape_html(element.text);
      out_ += "</code>";
      break;
    case ElementKind::emphasis:
      wrap("em", element);
      break;
    case ElementKind::strong:
      wrap("strong", element);
      break;
    case ElementKind::strike:
      wrap("del", element);
      break;
    case ElementKind::link:
      link(element);
      break;
    case ElementKind::image:
      image(element);
      break;
    case ElementKind::written:
      out_ += element.written->html;
      break;
    case ElementKind::item:
    case ElementKind::row:
    case ElementKind::cell:
      children(element);
      break;
  }
}

}  // namespace

std::string write_html(const Element& document) {
  HtmlWriter writer;
  writer.block(document);
  return writer.take();
}

}  // namespace nurtured::content

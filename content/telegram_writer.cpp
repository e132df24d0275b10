#include "content/telegram_writer.h"

#include <algorithm>

#include "base/encoding.h"
#include "content/escape.h"
#include "content/html_context.h"
#include "content/text_writer.h"

namespace nurtured::content {
namespace {

// A picture within a link is no link of its own: the Bot API refuses one in another.
std::string inline_html(const Element& element, bool in_link);

std::string children_html(const Element& element, bool in_link = false) {
  std::string html;
  for (const Element& child : element.children) html += inline_html(child, in_link);
  return html;
}

// An attribute in quotes.
std::string attribute(std::string_view value) {
  std::string result;
  for (const char c : escape_telegram(value)) {
    if (c == '"') {
      result += "&quot;";
    } else {
      result += c;
    }
  }
  return result;
}

std::string tagged(std::string_view tag, std::string_view content) {
  if (content.empty()) return {};
  std::string html;
  (((((html += '<') += tag) += '>') += content) += "</") += tag;
  return html += '>';
}

// A chat opens web and tg links; the address of the others is shown.
std::string link_html(const Element& element) {
  std::string content = children_html(element, true);
  for (const std::string_view scheme : {"mailto:", "tel:"}) {
    if (!element.url.starts_with(scheme)) continue;
    const std::string address = escape_telegram(element.url.substr(scheme.size()));
    return content.empty() || content == address ? address : content + " (" + address + ")";
  }
  if (content.empty()) content = escape_telegram(element.url);
  return "<a href=\"" + attribute(element.url) + "\">" + content + "</a>";
}

std::string inline_html(const Element& element, bool in_link) {
  switch (element.kind) {
    case ElementKind::text:
      return escape_telegram(element.text);
    case ElementKind::soft_break:
      return " ";
    case ElementKind::line_break:
      return "\n";
    case ElementKind::code:
      return tagged("code", escape_telegram(element.text));
    case ElementKind::html_inline:
      return escape_telegram(text_of_html(element.text));
    case ElementKind::emphasis:
      return tagged("i", children_html(element, in_link));
    case ElementKind::strong:
      return tagged("b", children_html(element, in_link));
    case ElementKind::strike:
      return tagged("s", children_html(element, in_link));
    case ElementKind::link:
      return link_html(element);
    case ElementKind::image:
      return in_link || element.url.starts_with("cid:") ? children_html(element, in_link)
                                                        : link_html(element);
    case ElementKind::written:
      return element.written->telegram;
    default:
      return children_html(element, in_link);
  }
}

class TelegramWriter {
 public:
  std::string blocks(const std::vector<Element>& elements, std::string_view between);

 private:
  std::string block(const Element& element);
  std::string list(const Element& element);
  std::string code(const Element& element) const;
  std::string quote(const Element& element);

  bool in_quote_ = false;  // the Bot API refuses a blockquote within another
};

std::string TelegramWriter::blocks(const std::vector<Element>& elements, std::string_view between) {
  std::string html;
  for (const Element& element : elements) {
    const std::string one = block(element);
    if (one.empty()) continue;
    if (!html.empty()) html += between;
    html += one;
  }
  return html;
}

std::string TelegramWriter::list(const Element& element) {
  std::string html;
  int number = element.level;
  for (const Element& item : element.children) {
    const std::string lead = element.level == 0 ? "• " : std::to_string(number++) + ". ";
    const std::string content = blocks(item.children, "\n");
    if (!html.empty()) html += '\n';
    html += lead;
    for (std::size_t i = 0; i < content.size(); ++i) {
      html += content[i];
      if (content[i] == '\n' && content[i + 1] != '\n') html += "  ";
    }
  }
  return html;
}

std::string TelegramWriter::code(const Element& element) const {
  std::string_view text = element.text;
  while (text.ends_with('\n')) text.remove_suffix(1);
  const std::string language = element.url.substr(0, element.url.find(' '));
  const std::string escaped = escape_telegram(text);
  if (language.empty()) return tagged("pre", escaped);
  return tagged("pre",
                "<code class=\"language-" + attribute(language) + "\">" + escaped + "</code>");
}

std::string TelegramWriter::quote(const Element& element) {
  if (in_quote_) return blocks(element.children, "\n\n");
  in_quote_ = true;
  std::string html = tagged("blockquote", blocks(element.children, "\n\n"));
  in_quote_ = false;
  return html;
}

std::string TelegramWriter::block(const Element& element) {
  switch (element.kind) {
    case ElementKind::paragraph:
      return std::string(base::trimmed(children_html(element)));
    case ElementKind::heading:
      return tagged("b", base::trimmed(children_html(element)));
    case ElementKind::quote:
      return quote(element);
    case ElementKind::list:
      return list(element);
    case ElementKind::code_block:
      return code(element);
    case ElementKind::html_block:
      return escape_telegram(base::trimmed(text_of_html(element.text)));
    case ElementKind::rule:
      return "———";
    case ElementKind::table:
      return tagged("pre", escape_telegram(write_table(element)));
    default:
      return inline_html(element, false);
  }
}

}  // namespace

std::string write_telegram(const Element& document) {
  return TelegramWriter().blocks(document.children, "\n\n");
}

std::string write_inline_telegram(const Element& parent) {
  return children_html(parent);
}

std::size_t telegram_units(std::string_view html) {
  std::size_t units = 0;
  for (std::size_t i = 0; i < html.size(); ++i) {
    const auto byte = static_cast<unsigned char>(html[i]);
    if (byte == '<') {
      i = std::min(html.find('>', i), html.size());
    } else if (byte == '&') {
      i = std::min(html.find(';', i), html.size());
      ++units;
    } else if ((byte & 0xc0) != 0x80) {
      units += byte >= 0xf0 ? 2 : 1;
    }
  }
  return units;
}

}  // namespace nurtured::content

// A message's body as a tree: what Markdown says, with the values of variables in their places and
// every link checked and rewritten. Made by markdown.h; each format has a writer for it. Parts that
// are the same for every contact may come already written.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace nurtured::content {

enum class ElementKind {
  // blocks
  document,
  paragraph,
  heading,  // `level`
  quote,
  list,  // `level`: the first number, 0 for bullets; `is_tight`
  item,
  code_block,  // `text`, `url`: the language
  html_block,  // `text`: HTML for e-mail
  rule,
  table,  // of rows
  row,    // of cells; `level` 1 in the head
  cell,   // `align`
  // inline
  text,  // `text`
  soft_break,
  line_break,
  code,         // `text`
  html_inline,  // `text`: HTML for e-mail
  emphasis,
  strong,
  strike,
  link,   // `url`, `title`
  image,  // `url`, `title`; the children are its description
  // a block of the document or a run of inline elements: `written`
  written,
};

// What the writers make of a part, ready to be put down.
struct Written {
  std::string html;
  std::string telegram;
  std::string text;
};

struct Element {
  ElementKind kind = ElementKind::document;
  std::string text;
  std::string url;
  std::string title;
  int level = 0;
  char align = 0;  // 'l', 'c', 'r' or 0
  bool is_tight = false;
  std::vector<Element> children;
  std::shared_ptr<const Written> written = {};
};

// The bare text of inline elements, without marks; breaks are blanks.
std::string bare_text(const Element& element);

}  // namespace nurtured::content

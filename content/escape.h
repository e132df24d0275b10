// Escaping for each place where a text may land. Pure. Who knows the place calls the function:
// HTML and attributes (html_context.h for whole documents with variables in them), URLs, headers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "content/liquid/template.h"

namespace nurtured::content {

// A to Z in small letters, as HTML and URLs compare names.
std::string ascii_lower(std::string_view text);

// & < > " ' as entities: for HTML text and for attributes in quotes.
std::string escape_html(std::string_view text);
// & < > alone, as Telegram's Bot API asks.
std::string escape_telegram(std::string_view text);
// One line: control characters, line and paragraph separators become blanks, and those at the ends
// fall away. For subjects and other header fields; encoding them (RFC 2047) is the connector's.
std::string header_text(std::string_view text);
// Like header_text, but tabs and line feeds stay (CR LF and CR become LF).
std::string clean_text(std::string_view text);

// A text in pieces: the author's own, and what variables contributed.
struct Piece {
  std::string_view text;
  bool is_value = false;
};
// The pieces of a rendered text, in order. They point into it.
std::vector<Piece> pieces_of(const liquid::Marked& marked);

// A URL from pieces. Its author's parts keep what may stand in a URL; blanks, controls and what is
// not ASCII are percent-encoded. A value at the very start may be a whole URL and is treated alike;
// any later value is a component, whose every reserved character is encoded (RFC 3986, section
// 2.1), so that it cannot end the path, add a parameter or name another host.
std::string url_from(const std::vector<Piece>& pieces);

enum class LinkUse { link, image };
// The URL itself when its scheme may be used: http, https (with a host), mailto, tel, tg for links;
// http, https, cid for images. Otherwise an error that shows it.
base::Result<std::string> checked_url(std::string url, LinkUse use = LinkUse::link);

}  // namespace nurtured::content

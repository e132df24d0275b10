#include "content/author_text.h"

#include <algorithm>

#include "base/encoding.h"
#include "content/escape.h"
#include "content/markdown.h"

namespace nurtured::content {
namespace {

base::Place place_at(std::string_view source, std::size_t at, std::size_t length) {
  const std::string_view before = source.substr(0, at);
  return {.path = {},
          .line = 1 + static_cast<int>(std::ranges::count(before, '\n')),
          .column = 1 + static_cast<int>(base::code_points(before.substr(before.rfind('\n') + 1))),
          .length = static_cast<int>(base::code_points(source.substr(at, length)))};
}

// Of the tag that the text begins with.
std::string_view tag_name(std::string_view text) {
  text.remove_prefix(std::string_view("{%").size());
  text.remove_prefix(std::min(text.find_first_not_of("- \t\r\n"), text.size()));
  return text.substr(0, text.find_first_of("- \t\r\n%"));
}

// Where the tag begins that ends the comment; npos where none does.
std::size_t end_of_comment(std::string_view text) {
  std::size_t at = text.find("{%", 2);
  while (at != std::string_view::npos && tag_name(text.substr(at)) != "endcomment") {
    at = text.find("{%", at + 2);
  }
  return at;
}

}  // namespace

std::string author_text(std::string_view source) {
  constexpr std::string_view put_in = "https://example.org";
  std::string out;
  while (!source.empty()) {
    const std::size_t begin = std::min(source.find("{{"), source.find("{%"));
    out += source.substr(0, begin);
    if (begin == std::string_view::npos) break;
    source.remove_prefix(begin);
    const bool is_output = source.starts_with("{{");
    const std::string_view name = is_output ? std::string_view() : tag_name(source);
    if (is_output || name == "render" || name == "include") out += put_in;
    if (name == "comment") source.remove_prefix(std::min(end_of_comment(source), source.size()));
    const std::size_t end = source.find(is_output ? "}}" : "%}", 2);
    if (source.empty() || end == std::string_view::npos) break;
    source.remove_prefix(end + 2);
  }
  return out;
}

std::optional<base::Error> find_broken_link(std::string_view source) {
  constexpr std::string_view sign = "](";
  if (source.find(sign) == std::string_view::npos) return std::nullopt;
  const auto read = read_markdown({author_text(source), {}},
                                  [](std::string_view url) { return std::string(url); });
  if (read) return std::nullopt;
  for (std::size_t at = source.find(sign); at != std::string_view::npos;
       at = source.find(sign, at + 1)) {
    const std::size_t begin = at + sign.size();
    const std::size_t end = std::min(source.find_first_of(") \t\n", begin), source.size());
    const std::string_view url = source.substr(begin, end - begin);
    if (url.empty() || url.find('{') != std::string_view::npos) continue;
    const std::size_t opened = source.rfind('[', at);
    const bool is_picture =
        opened != std::string_view::npos && opened > 0 && source[opened - 1] == '!';
    auto checked =
        checked_url(url_from({{url, false}}), is_picture ? LinkUse::image : LinkUse::link);
    // What looks like a link may be none: it stands in code, a comment or behind a backslash.
    if (checked || checked.error().message != read.error().message) continue;
    checked.error().place = place_at(source, begin, url.size());
    return checked.error();
  }
  return std::nullopt;
}

}  // namespace nurtured::content

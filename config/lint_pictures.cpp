// What is left of a message where no pictures are shown: in the plain-text part of a mail, in most
// messengers, and with everybody whose mail program does not load them.
#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/encoding.h"
#include "config/front_matter.h"
#include "config/lint.h"
#include "content/markdown.h"

namespace nurtured::config {
namespace {

// The author's own part: tags fall away, and what is put in is a word, or a link.
std::string without_liquid(std::string_view text) {
  constexpr std::string_view put_in = "https://example.org";
  std::string out;
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find("{{"), text.find("{%"));
    out += text.substr(0, begin);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const bool is_output = text.starts_with("{{");
    const std::size_t end = text.find(is_output ? "}}" : "%}", 2);
    const std::string_view tag = text.substr(0, end);
    const bool is_partial = tag.find("render") != std::string_view::npos ||
                            tag.find("include") != std::string_view::npos;
    if (is_output || is_partial) out += put_in;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 2);
  }
  return out;
}

bool has_letters(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalnum(byte) != 0 || byte >= 0x80;
  });
}

std::string without_tags(std::string_view html) {
  std::string out;
  bool is_inside = false;
  for (const char c : html) {
    if (c == '<') is_inside = true;
    if (!is_inside) out += c;
    if (c == '>') is_inside = false;
  }
  return out;
}

bool says_something(const content::Element& element) {
  using Kind = content::ElementKind;
  switch (element.kind) {
    case Kind::image:
      return false;
    case Kind::text:
    case Kind::code:
    case Kind::code_block:
      return has_letters(element.text);
    case Kind::html_block:
    case Kind::html_inline:
      return has_letters(without_tags(element.text));
    default:
      return element.written != nullptr || std::ranges::any_of(element.children, says_something);
  }
}

bool has_picture(const content::Element& element) {
  using Kind = content::ElementKind;
  const bool is_html = element.kind == Kind::html_block || element.kind == Kind::html_inline;
  return element.kind == Kind::image ||
         (is_html && element.text.find("<img") != std::string::npos) ||
         std::ranges::any_of(element.children, has_picture);
}

// A text of a message, and who shows it.
struct Shown {
  const MessageFile& file;
  const Node* scalar = nullptr;  // an override in the front matter; null: the body
  Channels channels;

  std::string_view markdown() const { return scalar == nullptr ? file.body : scalar->text; }
};

// Where the first picture seems to be; a text about Markdown may have its signs in code.
std::optional<base::Place> picture_in(const Shown& shown) {
  const std::string_view text = shown.markdown();
  const std::size_t at = std::min(text.find("!["), text.find("<img"));
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view before = text.substr(0, at);
  const auto line = 1 + static_cast<int>(std::ranges::count(before, '\n'));
  const auto column =
      1 + static_cast<int>(base::code_points(before.substr(before.rfind('\n') + 1)));
  const base::Place inside{shown.file.path, line, column, 2};
  if (shown.scalar != nullptr) return place_inside(*shown.scalar, shown.file.front_source, inside);
  base::Place place = inside;
  place.line += shown.file.body_line - 1;
  return place;
}

void note_pictures(const LintInput& input, const Shown& shown, Problems& problems) {
  const auto picture = picture_in(shown);
  if (!picture) return;
  const auto document =
      content::read_markdown({without_liquid(shown.markdown()), {}},
                             [](std::string_view url) { return std::string(url); });
  if (!document || !has_picture(*document)) return;
  if (!says_something(*document)) {
    problems.warning(*picture, "no-text",
                     "without its pictures this text says nothing: the plain-text part of a mail "
                     "is as good as empty, and so is what messengers show",
                     "say in words what the picture shows");
    return;
  }
  const auto& mail = input.catalogue.mail_channels;
  const auto without = std::ranges::find_if(shown.channels, [&](const std::string& channel) {
    return std::ranges::find(mail, channel) == mail.end();
  });
  if (without == shown.channels.end()) return;
  problems.warning(
      *picture, "picture-not-shown",
      fmt::format("`{}` shows no picture within a text, but its description in brackets", *without),
      fmt::format("give that channel a text of its own (`channels: {{{}: {{text: ...}}}}`), or "
                  "attach the picture",
                  *without));
}

void note_pictures_of(const LintInput& input, const File& file, Channels channels,
                      Problems& problems) {
  Problems told_elsewhere;
  const auto message = read_message_file(file.path, file.text, told_elsewhere);
  if (!message) return;
  if (const Node* overrides = message->front.root.find("channels")) {
    for (const Entry& entry : overrides->entries) {
      const Node* text = entry.value.find("text");
      if (text == nullptr || channels.erase(entry.key) == 0) continue;
      note_pictures(input, {*message, text, {entry.key}}, problems);
    }
  }
  if (!channels.empty()) note_pictures(input, {*message, nullptr, std::move(channels)}, problems);
}

}  // namespace

void lint_pictures(const LintInput& input, Problems& problems) {
  for (const auto& [name, channels] : channels_by_message(input)) {
    const auto message = input.messages.compiled.find(name);
    if (message == input.messages.compiled.end()) continue;
    std::vector<std::string> paths{fmt::format("content/{}.md", name)};
    for (const std::string& locale : message->second.locales()) {
      paths.push_back(fmt::format("content/{}.{}.md", name, locale));
    }
    for (const std::string& path : paths) {
      const File* file = input.workspace.find(path);
      if (file != nullptr) note_pictures_of(input, *file, channels, problems);
    }
  }
}

}  // namespace nurtured::config

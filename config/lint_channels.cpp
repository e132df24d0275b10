// What channels cannot show: pictures, of which nothing is left in the plain-text part of a mail,
// in messengers and with everybody whose mail program does not load them; and texts that are too
// long.
#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/encoding.h"
#include "config/front_matter.h"
#include "config/lint.h"
#include "content/author_text.h"
#include "content/markdown.h"
#include "content/message.h"
#include "content/telegram_writer.h"

namespace nurtured::config {
namespace {

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
      content::read_markdown({content::author_text(shown.markdown()), {}},
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

// As it is for everybody: where the reader decides what is in it, its length is known only then.
void note_length(const Shown& shown, Problems& problems) {
  const std::string_view text = shown.markdown();
  if (!shown.channels.contains("telegram") || text.find("{%") != std::string_view::npos) return;
  const auto document = content::read_markdown(
      {content::author_text(text), {}}, [](std::string_view url) { return std::string(url); });
  if (!document) return;
  const std::size_t units = content::telegram_units(content::write_telegram(*document));
  if (units <= content::telegram_units_max) return;
  const base::Place place = shown.scalar != nullptr
                                ? shown.scalar->place
                                : base::Place{shown.file.path, shown.file.body_line, 1, 1};
  problems.warning(place, "too-long",
                   fmt::format("this text has {} characters, and Telegram takes {}: by `telegram` "
                               "it is refused",
                               units, content::telegram_units_max),
                   "shorten it, or give that channel a text of its own (`channels: {telegram: "
                   "{text: ...}}`)");
}

void note_shown(const LintInput& input, const Shown& shown, Problems& problems) {
  note_pictures(input, shown, problems);
  note_length(shown, problems);
}

void note_message(const LintInput& input, const File& file, Channels channels, Problems& problems) {
  Problems told_elsewhere;
  const auto message = read_message_file(file.path, file.text, told_elsewhere);
  if (!message) return;
  if (const Node* overrides = message->front.root.find("channels")) {
    for (const Entry& entry : overrides->entries) {
      const Node* text = entry.value.find("text");
      if (text == nullptr || channels.erase(entry.key) == 0) continue;
      note_shown(input, {*message, text, {entry.key}}, problems);
    }
  }
  if (!channels.empty()) note_shown(input, {*message, nullptr, std::move(channels)}, problems);
}

}  // namespace

void lint_channels(const LintInput& input, Problems& problems) {
  for (const auto& [name, channels] : channels_by_message(input)) {
    const auto message = input.messages.compiled.find(name);
    if (message == input.messages.compiled.end()) continue;
    std::vector<std::string> paths{fmt::format("content/{}.md", name)};
    for (const std::string& locale : message->second.locales()) {
      paths.push_back(fmt::format("content/{}.{}.md", name, locale));
    }
    for (const std::string& path : paths) {
      const File* file = input.workspace.find(path);
      if (file != nullptr) note_message(input, *file, channels, problems);
    }
  }
}

}  // namespace nurtured::config

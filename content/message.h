// A message: one Markdown source with Liquid in it, compiled when the workspace is loaded and
// rendered for one contact and one format when it leaves. config/ reads the files and fills
// MessageSource; connectors take a Rendered.
//
// What a variable contributes is data, never markup: it is set apart before Markdown is parsed, so
// that a contact's name cannot make a link, a heading or HTML, and escaped for the place where it
// lands. `| raw` is the way out.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "content/links.h"
#include "content/liquid/template.h"
#include "rules/cel/value.h"
#include "rules/kind.h"

namespace nurtured::content {

struct ButtonSource {
  std::string id;    // stable: the link id of clicks
  std::string text;  // Liquid
  std::string url;   // Liquid
};

// What a message says in one language, as its file has it. All texts are Liquid; the body and the
// overrides are Markdown.
struct Wording {
  std::string subject;
  std::string preheader;
  std::string body;
  std::vector<ButtonSource> buttons;
  std::map<std::string, std::string, std::less<>> overrides;  // channel → text that replaces `body`
};

struct MessageSource {
  std::string name;
  rules::Kind kind = rules::Kind::value;
  Wording wording;                                       // NAME.md
  std::map<std::string, Wording, std::less<>> variants;  // "ru" → NAME.ru.md
  std::vector<std::string> attachments;                  // paths within the workspace
  std::string layout;                                    // content/layouts/NAME.html; empty: ours
};

// What messages share: content/partials and content/layouts, compiled.
struct Library {
  liquid::Partials partials;
  std::map<std::string, liquid::Template, std::less<>> layouts;  // HTML; see `layout_variables`
};

// What a layout may use beside the message's own variables.
inline constexpr std::string_view layout_variables[] = {
    "content", "subject",       "preheader",          "unsubscribe_url",   "preferences_url",
    "locale",  "footer_reason", "footer_unsubscribe", "footer_preferences"};

// What one piece of a message may come to, before its layout.
inline constexpr std::size_t message_bytes_max = std::size_t{1} << 20;

struct CompiledMessage;  // immutable, for any thread

// A message ready to be rendered: cheap to copy.
class Message {
 public:
  explicit Message(std::shared_ptr<const CompiledMessage> compiled)
      : compiled_(std::move(compiled)) {}

  const std::string& name() const;
  rules::Kind kind() const;
  // The languages there are beside the first file's.
  std::vector<std::string> locales() const;
  // One named piece of the message and what it asks for: "subject", "preheader", "body",
  // "buttons.ID.text", "buttons.ID.url", "channels.NAME.text", each with "LOCALE/" before it in a
  // variant. The names are the `path` in the places of errors as well.
  const std::map<std::string, liquid::Usage>& usage() const;
  const CompiledMessage& compiled() const { return *compiled_; }

 private:
  std::shared_ptr<const CompiledMessage> compiled_;
};

// The message keeps the library. Every problem of every piece at once, each with the piece's
// name as `path` and line and column within its text.
tl::expected<Message, std::vector<base::Error>> compile(const MessageSource& source,
                                                        std::shared_ptr<const Library> library,
                                                        const liquid::CompileOptions& options = {});

enum class Format {
  email,     // HTML and plain text
  telegram,  // the HTML that the Bot API takes
  plain,     // SMS and whatever shows no markup
};

struct Button {
  std::string id;
  std::string text;
  std::string url;        // empty for the answer to a question
  std::string data = {};  // of an answer: what a messenger gives back when it is pressed

  bool operator==(const Button&) const = default;
};

struct RenderData {
  // A map: contact, event, enrollment, vars, unsubscribe_url, preferences_url, confirm_url.
  const cel::Value* variables = nullptr;
  std::string_view channel;  // whose override counts; empty for none
  base::Instant now{};
  std::string_view zone = "UTC";
  std::string_view locale = "en";  // BCP 47; "pt-BR" takes the variant pt-BR, pt, or the first file
  // The answers that it asks to choose from: buttons where there are such, a numbered list
  // elsewhere.
  std::span<const Button> choices = {};
  std::string_view open_url;  // of an invisible picture at the end of an e-mail; empty: none
  bool strict_variables = false;
};

struct Rendered {
  std::string subject;    // one line without control characters
  std::string preheader;  // likewise
  std::string html;       // email: a whole document; telegram: Bot API HTML; plain: empty
  std::string text;       // always; email and plain: with buttons as "Text: url", and the former
                          // with the links to unsubscribe and to the preferences at its foot
  std::vector<Button> buttons;
  std::vector<std::string> attachments;
};

// The parts of a text that Telegram shows, in UTF-16 units (Bot API, sendMessage).
inline constexpr std::size_t telegram_units_max = 4096;

// Kinds: `invalid` for a template that fails on this data or a link whose scheme may not be used,
// `too_large` for a limit, telegram_units_max among them.
base::Result<Rendered> render(const Message& message, Format format, const RenderData& data,
                              const Links& links);

// What somebody wrote, as it stands: no Markdown and no Liquid. Paragraphs and lines stay what they
// are. `too_large` as above.
base::Result<Rendered> render_words(std::string_view subject, std::string_view text, Format format,
                                    const RenderData& data);

}  // namespace nurtured::content

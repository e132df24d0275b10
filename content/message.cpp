#include "content/message.h"

#include <optional>
#include <utility>

#include "content/author_text.h"
#include "content/compiled_message.h"
#include "content/escape.h"

namespace nurtured::content {
namespace {

using base::Error;

// Compiles the pieces of one message and gathers every problem on the way.
class MessageCompiler {
 public:
  MessageCompiler(const MessageSource& source, std::shared_ptr<const Library> library,
                  const liquid::CompileOptions& options)
      : source_(source), options_(options), library_(std::move(library)) {}

  tl::expected<Message, std::vector<Error>> run();

 private:
  CompiledWording wording(const Wording& wording, const std::string& prefix,
                          const CompiledWording* first);
  std::vector<CompiledButton> buttons(const std::vector<ButtonSource>& buttons,
                                      const std::string& prefix);
  liquid::Template piece(const std::string& path, std::string_view text);
  CompiledBody body(const std::string& path, std::string_view text);
  void check_partials(const liquid::Usage& usage);
  void check_url(const std::string& path, std::string_view url);
  void problem(std::string path, std::string message, std::string remedy = {});

  const MessageSource& source_;
  const liquid::CompileOptions& options_;
  std::shared_ptr<const Library> library_;
  std::map<std::string, liquid::Usage> usage_;
  std::vector<Error> errors_;
};

void MessageCompiler::problem(std::string path, std::string message, std::string remedy) {
  errors_.push_back({.message = std::move(message),
                     .remedy = std::move(remedy),
                     .place = {.path = std::move(path)}});
}

void MessageCompiler::check_partials(const liquid::Usage& usage) {
  for (const liquid::PartialUse& use : usage.partials) {
    if (use.name.empty() || library_->partials.find(use.name) != nullptr) continue;
    errors_.push_back({.kind = base::ErrorKind::not_found,
                       .message = "there is no partial '" + use.name + "'",
                       .remedy = "it would be a file in content/partials",
                       .place = use.place});
  }
}

// An empty template stands in for a piece that does not compile; the message is refused then.
liquid::Template MessageCompiler::piece(const std::string& path, std::string_view text) {
  auto compiled = liquid::compile(path, text, options_);
  if (!compiled) {
    errors_.push_back(compiled.error());
    return liquid::compile(path, "").value();
  }
  check_partials(compiled->usage());
  usage_.insert_or_assign(path, compiled->usage());
  return std::move(*compiled);
}

CompiledBody MessageCompiler::body(const std::string& path, std::string_view text) {
  if (auto broken = find_broken_link(text)) {
    broken->place.path = path;
    errors_.push_back(*std::move(broken));
  }
  return {piece(path, text), std::make_shared<MarkdownReader>()};
}

// A URL without variables can be judged now.
void MessageCompiler::check_url(const std::string& path, std::string_view url) {
  if (url.find("{{") != std::string_view::npos || url.find("{%") != std::string_view::npos) return;
  const auto checked = checked_url(url_from({{url, false}}));
  if (!checked) problem(path, checked.error().message, checked.error().remedy);
}

std::vector<CompiledButton> MessageCompiler::buttons(const std::vector<ButtonSource>& buttons,
                                                     const std::string& prefix) {
  std::vector<CompiledButton> compiled;
  std::map<std::string_view, int> seen;
  for (const ButtonSource& button : buttons) {
    const std::string path = prefix + "buttons." + button.id;
    if (button.id.empty()) problem(prefix + "buttons", "a button has no id");
    if (++seen[button.id] == 2) problem(path, "two buttons have the id '" + button.id + "'");
    check_url(path + ".url", button.url);
    compiled.push_back(
        {button.id, piece(path + ".text", button.text), piece(path + ".url", button.url)});
  }
  return compiled;
}

CompiledWording MessageCompiler::wording(const Wording& wording, const std::string& prefix,
                                         const CompiledWording* first) {
  const auto piece_or = [&](const char* name, const std::string& text,
                            liquid::Template CompiledWording::* member) {
    if (text.empty() && first != nullptr) return first->*member;
    return piece(prefix + name, text);
  };
  CompiledWording compiled{
      .subject = piece_or("subject", wording.subject, &CompiledWording::subject),
      .preheader = piece_or("preheader", wording.preheader, &CompiledWording::preheader),
      .body = wording.body.empty() && first != nullptr ? first->body
                                                       : body(prefix + "body", wording.body)};
  if (wording.buttons.empty() && first != nullptr) {
    compiled.buttons = first->buttons;
  } else {
    compiled.buttons = buttons(wording.buttons, prefix);
  }
  for (const auto& [channel, text] : wording.overrides) {
    compiled.overrides.emplace(channel, body(prefix + "channels." + channel + ".text", text));
  }
  return compiled;
}

tl::expected<Message, std::vector<Error>> MessageCompiler::run() {
  auto first = wording(source_.wording, "", nullptr);
  auto compiled = std::make_shared<CompiledMessage>(
      CompiledMessage{.name = source_.name, .kind = source_.kind, .wording = std::move(first)});
  for (const auto& [locale, variant] : source_.variants) {
    compiled->variants.emplace(locale, wording(variant, locale + "/", &compiled->wording));
  }
  if (!source_.layout.empty() && !library_->layouts.contains(source_.layout)) {
    problem("layout", "there is no layout '" + source_.layout + "'",
            "it would be the file content/layouts/" + source_.layout + ".html");
  }
  if (!errors_.empty()) return tl::unexpected<std::vector<Error>>(std::move(errors_));
  compiled->attachments = source_.attachments;
  compiled->layout = source_.layout;
  compiled->library = std::move(library_);
  compiled->usage = std::move(usage_);
  return Message(std::move(compiled));
}

}  // namespace

const std::string& Message::name() const {
  return compiled_->name;
}

rules::Kind Message::kind() const {
  return compiled_->kind;
}

std::vector<std::string> Message::locales() const {
  std::vector<std::string> locales;
  for (const auto& [locale, wording] : compiled_->variants) locales.push_back(locale);
  return locales;
}

const std::map<std::string, liquid::Usage>& Message::usage() const {
  return compiled_->usage;
}

tl::expected<Message, std::vector<Error>> compile(const MessageSource& source,
                                                  std::shared_ptr<const Library> library,
                                                  const liquid::CompileOptions& options) {
  return MessageCompiler(source, std::move(library), options).run();
}

const CompiledWording& wording_for(const CompiledMessage& message, std::string_view locale) {
  for (std::string_view tag = locale; !tag.empty();) {
    const auto found = message.variants.find(tag);
    if (found != message.variants.end()) return found->second;
    const std::size_t end = tag.find_last_of("-_");
    tag = end == std::string_view::npos ? std::string_view() : tag.substr(0, end);
  }
  return message.wording;
}

}  // namespace nurtured::content

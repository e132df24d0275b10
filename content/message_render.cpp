// Rendering of message.h.
#include <utility>

#include "content/compiled_message.h"
#include "content/escape.h"
#include "content/html_writer.h"
#include "content/layout.h"
#include "content/markdown.h"
#include "content/message.h"
#include "content/telegram_writer.h"
#include "content/text_writer.h"

namespace nurtured::content {
namespace {

using base::Result;

// One message for one contact: what its pieces are rendered with.
class MessageRenderer {
 public:
  MessageRenderer(const CompiledMessage& message, const RenderData& data, const Links& links)
      : message_(message),
        data_(data),
        links_(links),
        wording_(wording_for(message, data.locale)),
        variables_(data.variables == nullptr ? nothing_ : *data.variables),
        options_{.limits = {.output_bytes_max = message_bytes_max},
                 .strict_variables = data.strict_variables,
                 .partials = &message.library->partials,
                 .now = data.now,
                 .zone = data.zone,
                 .locale = data.locale} {}

  Result<Rendered> run(Format format);

 private:
  Result<std::string> line(const liquid::Template& piece) const;
  Result<Element> body() const;
  Result<std::vector<Button>> buttons() const;
  Result<Button> button(const CompiledButton& source) const;
  Result<std::string> email(std::string content, const Rendered& rendered) const;

  const CompiledMessage& message_;
  const RenderData& data_;
  const Links& links_;
  const CompiledWording& wording_;
  cel::Value nothing_;
  liquid::MapData variables_;
  liquid::RenderOptions options_;
};

// An error of a step after Liquid names the piece at least.
tl::unexpected<base::Error> failed(base::Error error, const liquid::Template& piece) {
  if (error.place.path.empty()) error.place.path = piece.name();
  return base::fail(std::move(error));
}

Result<std::string> MessageRenderer::line(const liquid::Template& piece) const {
  return liquid::render(piece, variables_, options_).map(header_text);
}

Result<Element> MessageRenderer::body() const {
  const auto found = wording_.overrides.find(data_.channel);
  const auto& [piece, reader] = found == wording_.overrides.end() ? wording_.body : found->second;
  const auto marked = liquid::render_marked(piece, variables_, options_);
  if (!marked) return base::fail(marked.error());
  int count = 0;
  auto body = reader->read(*marked, [&](std::string_view url) {
    return links_.rewrite("link-" + std::to_string(++count), url);
  });
  if (!body) return failed(body.error(), piece);
  return body;
}

Result<Button> MessageRenderer::button(const CompiledButton& source) const {
  auto text = line(source.text);
  if (!text) return base::fail(text.error());
  const auto marked = liquid::render_marked(source.url, variables_, options_);
  if (!marked) return base::fail(marked.error());
  const auto url = checked_url(url_from(pieces_of(*marked)));
  if (!url) return failed(url.error(), source.url);
  return Button{source.id, std::move(*text), links_.rewrite(source.id, *url)};
}

Result<std::vector<Button>> MessageRenderer::buttons() const {
  std::vector<Button> buttons;
  for (const CompiledButton& source : wording_.buttons) {
    auto one = button(source);
    if (!one) return base::fail(one.error());
    buttons.push_back(std::move(*one));
  }
  return buttons;
}

std::string choices_html(const RenderData& data) {
  if (data.choices.empty()) return {};
  std::string list = "<ol>\n";
  for (const Button& choice : data.choices) list += "<li>" + escape_html(choice.text) + "</li>\n";
  return list + "</ol>\n<p>" + std::string(footer_words(data.locale).choose) + "</p>\n";
}

std::string choices_text(const RenderData& data) {
  if (data.choices.empty()) return {};
  std::string list;
  int number = 0;
  for (const Button& choice : data.choices) {
    list += "\n" + std::to_string(++number) + ". " + choice.text;
  }
  return list + "\n\n" + std::string(footer_words(data.locale).choose);
}

Result<Rendered> telegram(Rendered rendered, const RenderData& data) {
  rendered.buttons.insert(rendered.buttons.end(), data.choices.begin(), data.choices.end());
  const std::size_t units = telegram_units(rendered.html);
  if (units > telegram_units_max) {
    return base::fail(base::ErrorKind::too_large,
                      "the message has " + std::to_string(units) +
                          " characters and Telegram takes " + std::to_string(telegram_units_max),
                      "shorten it, or give it a shorter text under channels: telegram");
  }
  return rendered;
}

Result<std::string> MessageRenderer::email(std::string content, const Rendered& rendered) const {
  if (!rendered.buttons.empty()) {
    content += "<p class=\"buttons\">";
    for (const Button& button : rendered.buttons) {
      content += "<a class=\"button\" href=\"" + escape_html(button.url) + "\">" +
                 escape_html(button.text) + "</a>\n";
    }
    content += "</p>\n";
  }
  content += choices_html(data_);
  if (!data_.open_url.empty()) {
    content +=
        "<img src=\"" + escape_html(data_.open_url) + "\" width=\"1\" height=\"1\" alt=\"\">\n";
  }
  const auto found = message_.library->layouts.find(message_.layout);
  liquid::RenderOptions options = options_;
  options.limits = {};
  const liquid::Template& layout =
      found == message_.library->layouts.end() ? built_in_layout() : found->second;
  return render_layout(layout,
                       {.content = content,
                        .subject = rendered.subject,
                        .preheader = rendered.preheader,
                        .locale = data_.locale},
                       variables_, options);
}

std::string text_with_buttons(const Element& body, const std::vector<Button>& buttons) {
  std::string text = write_text(body);
  if (!text.empty() && !buttons.empty()) text += '\n';
  for (const Button& button : buttons) {
    if (!text.empty()) text += '\n';
    text += button.text + ": " + button.url;
  }
  return text;
}

Result<Rendered> MessageRenderer::run(Format format) {
  Rendered rendered{.attachments = message_.attachments};
  auto subject = line(wording_.subject);
  if (!subject) return base::fail(subject.error());
  rendered.subject = std::move(*subject);
  auto preheader = line(wording_.preheader);
  if (!preheader) return base::fail(preheader.error());
  rendered.preheader = std::move(*preheader);
  const auto tree = body();
  if (!tree) return base::fail(tree.error());
  auto shown = buttons();
  if (!shown) return base::fail(shown.error());
  rendered.buttons = std::move(*shown);
  if (format == Format::telegram) {
    rendered.html = write_telegram(*tree);
    rendered.text = write_text(*tree);
    return telegram(std::move(rendered), data_);
  }
  rendered.text = text_with_buttons(*tree, rendered.buttons) + choices_text(data_);
  if (format == Format::email) {
    auto html = email(write_html(*tree), rendered);
    if (!html) return base::fail(html.error());
    rendered.html = std::move(*html);
    const std::string footer = footer_text(variables_, data_.locale);
    if (!footer.empty()) rendered.text += "\n\n-- \n" + footer;
  }
  return rendered;
}

}  // namespace

Result<Rendered> render(const Message& message, Format format, const RenderData& data,
                        const Links& links) {
  return MessageRenderer(message.compiled(), data, links).run(format);
}

Result<Rendered> render_words(std::string_view subject, std::string_view text, Format format,
                              const RenderData& data) {
  Rendered rendered{.subject = header_text(subject)};
  if (format == Format::telegram) {
    rendered.html = escape_html(text);
    rendered.text = text;
    return telegram(std::move(rendered), data);
  }
  rendered.text = std::string(text) + choices_text(data);
  if (format == Format::plain) return rendered;
  const std::string content = "<p style=\"white-space: pre-line\">" + escape_html(text) + "</p>\n";
  const cel::Value nothing;
  auto html = render_layout(built_in_layout(),
                            {.content = content + choices_html(data),
                             .subject = rendered.subject,
                             .preheader = {},
                             .locale = data.locale},
                            liquid::MapData(nothing), {.now = data.now, .zone = data.zone});
  if (!html) return base::fail(html.error());
  rendered.html = std::move(*html);
  return rendered;
}

}  // namespace nurtured::content

#include "content/layout.h"

#include <stdexcept>
#include <utility>

#include "content/escape.h"
#include "content/html_context.h"

namespace nurtured::content {
namespace {

constexpr std::string_view layout_source = R"html(<!DOCTYPE html>
<html lang="{{ locale }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{{ subject }}</title>
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
body { margin: 0; padding: 0; background: #f4f4f2; color: #1d1d1b; -webkit-text-size-adjust: 100%; }
.page { width: 100%; background: #f4f4f2; }
.card { max-width: 600px; margin: 0 auto; background: #ffffff; border-radius: 8px; }
.body { padding: 32px; font: 16px/1.6 -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "PingFang SC", "Noto Sans", sans-serif; }
.body h1 { font-size: 26px; line-height: 1.25; margin: 0 0 16px; }
.body h2 { font-size: 21px; line-height: 1.3; margin: 28px 0 12px; }
.body h3 { font-size: 17px; margin: 24px 0 8px; }
.body p, .body ul, .body ol { margin: 0 0 16px; }
.body img { max-width: 100%; height: auto; border: 0; }
.body a { color: #1a56b0; }
.body blockquote { margin: 0 0 16px; padding: 2px 0 2px 16px; border-left: 3px solid #c9c9c4; }
.body pre { overflow-x: auto; padding: 12px; background: #f0f0ed; border-radius: 6px; font-size: 14px; }
.body hr { border: 0; border-top: 1px solid #dcdcd7; margin: 24px 0; }
.body table.data { border-collapse: collapse; margin: 0 0 16px; }
.body table.data th, .body table.data td { padding: 6px 12px; border: 1px solid #dcdcd7; }
.body a.button { display: inline-block; margin: 0 8px 12px 0; padding: 12px 22px; border-radius: 6px; background: #1a56b0; color: #ffffff; text-decoration: none; font-weight: 600; }
.foot { padding: 20px 32px 32px; text-align: center; font: 13px/1.5 Arial, sans-serif; color: #6d6d68; }
.foot a { color: #6d6d68; }
.preheader { display: none; max-height: 0; max-width: 0; overflow: hidden; opacity: 0; mso-hide: all; }
@media (max-width: 620px) { .card { border-radius: 0; } .body { padding: 24px 18px; } }
@media (prefers-color-scheme: dark) {
  body, .page { background: #161616; color: #e9e9e6; }
  .card { background: #212121; }
  .body { color: #e9e9e6; }
  .body a { color: #8ab4f8; }
  .body pre { background: #2c2c2c; }
  .body a.button { background: #8ab4f8; color: #10131a; }
  .foot, .foot a { color: #a3a39e; }
}
</style>
</head>
<body>
{%- if preheader != blank %}
<div class="preheader" style="max-height: 0; overflow: hidden; mso-hide: all;">{{ preheader }}</div>
{%- endif %}
<table class="page" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td align="center">
<div class="card" style="max-width: 600px; margin: 0 auto; text-align: left;">
<div class="body">
{{ content }}
</div>
</div>
<div class="foot">
{%- if unsubscribe_url != blank %}
<p>{{ footer_reason }}</p>
{%- endif %}
{%- if unsubscribe_url != blank or preferences_url != blank %}
<p>
{%- if unsubscribe_url != blank %}<a href="{{ unsubscribe_url }}">{{ footer_unsubscribe }}</a>{% endif %}
{%- if unsubscribe_url != blank and preferences_url != blank %} · {% endif %}
{%- if preferences_url != blank %}<a href="{{ preferences_url }}">{{ footer_preferences }}</a>{% endif -%}
</p>
{%- endif %}
</div>
</td></tr></table>
</body>
</html>
)html";

constexpr FooterWords english = {
    "You are receiving this e-mail because you agreed to hear from us.", "Unsubscribe",
    "Preferences", "Reply with the number of your answer."};
constexpr FooterWords russian = {
    "Вы получили это письмо, потому что согласились получать наши сообщения.", "Отписаться",
    "Настроить рассылку", "Ответьте номером нужного варианта."};
constexpr FooterWords chinese = {"您收到此邮件，是因为您同意接收我们的消息。", "退订", "订阅设置",
                                 "请回复答案的编号。"};

// The layout's own variables before the message's.
class LayoutData final : public liquid::Data {
 public:
  LayoutData(const LayoutParts& parts, const liquid::Data& outer) : outer_(outer) {
    own_.set("content", parts.content);
    own_.set("subject", parts.subject);
    own_.set("preheader", parts.preheader);
    own_.set("locale", parts.locale);
    const FooterWords& words = footer_words(parts.locale);
    own_.set("footer_reason", words.reason);
    own_.set("footer_unsubscribe", words.unsubscribe);
    own_.set("footer_preferences", words.preferences);
  }
  const cel::Value* find(std::string_view name) const override {
    const cel::Value* own = own_.find(name);
    return own != nullptr ? own : outer_.find(name);
  }

 private:
  const liquid::Data& outer_;
  cel::Map own_;
};

// A line "words: url" where `data` has a text under the name.
std::string footer_line(const liquid::Data& data, std::string_view name, std::string_view words) {
  const cel::Value* url = data.find(name);
  if (url == nullptr || !url->is_string() || url->as_string().empty()) return {};
  return std::string(words) + ": " + header_text(url->as_string()) + '\n';
}

}  // namespace

const FooterWords& footer_words(std::string_view locale) {
  const std::string_view language = locale.substr(0, locale.find_first_of("-_"));
  if (language == "ru") return russian;
  if (language == "zh") return chinese;
  return english;
}

std::string footer_text(const liquid::Data& data, std::string_view locale) {
  const FooterWords& words = footer_words(locale);
  std::string text = footer_line(data, "unsubscribe_url", words.unsubscribe) +
                     footer_line(data, "preferences_url", words.preferences);
  if (!text.empty()) text.pop_back();
  return text;
}

const liquid::Template& built_in_layout() {
  static const liquid::Template layout = [] {
    auto compiled = liquid::compile("built-in layout", layout_source);
    if (!compiled) throw std::logic_error(base::to_string(compiled.error()));
    return std::move(*compiled);
  }();
  return layout;
}

base::Result<std::string> render_layout(const liquid::Template& layout, const LayoutParts& parts,
                                        const liquid::Data& data,
                                        const liquid::RenderOptions& options) {
  liquid::RenderOptions layout_options = options;
  layout_options.trusted_variable = "content";
  const auto marked = liquid::render_marked(layout, LayoutData(parts, data), layout_options);
  if (!marked) return base::fail(marked.error());
  auto html = html_from(pieces_of(*marked), {});
  if (!html) {
    base::Error error = html.error();
    error.place.path = layout.name();
    return base::fail(std::move(error));
  }
  return html;
}

}  // namespace nurtured::content

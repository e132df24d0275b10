#include "daemon/pages.h"

#include <array>
#include <charconv>
#include <optional>

#include "base/digest.h"
#include "base/encoding.h"
#include "http/headers.h"

namespace nurtured::daemon {
namespace {

struct Words {
  const char* language;  // BCP 47
  const char* question_title;
  const char* question;
  const char* button;
  const char* done_title;
  const char* done;
  const char* invalid_title;
  const char* invalid;
  const char* later_title;
  const char* later;
  const char* confirm_title;
  const char* wording;         // of a consent, to nobody named
  const char* wording_before;  // likewise to a brand: what stands before its name
  const char* wording_after;   // and after it
  const char* confirm_button;
  const char* confirmed_title;
  const char* confirmed;
  const char* outdated_title;
  const char* outdated;
  const char* preferences_title;
  const char* channels;
  const char* topics;
  const char* save;
  const char* saved;
  const char* none;
  const char* email;
  const char* touch_title;
  const char* touch_button;
  const char* touch_done;
  const char* contact;
  const char* answer;
  const char* give_back;
  const char* automatic;
};

constexpr std::array<Words, 3> words = {{
    {.language = "en",
     .question_title = "Unsubscribe",
     .question = "Do you want to stop receiving our messages on this channel?",
     .button = "Unsubscribe",
     .done_title = "You are unsubscribed",
     .done = "You will not receive marketing messages from us on this channel any more.",
     .invalid_title = "This link does not work",
     .invalid = "It may have been cut on its way. Please open it from the message again.",
     .later_title = "Please try again in a minute",
     .later = "We could not save your choice just now. Nothing has changed yet.",
     .confirm_title = "Please confirm",
     .wording = "I agree to receive messages with news and offers.",
     .wording_before = "I agree to receive messages with news and offers from ",
     .wording_after = ".",
     .confirm_button = "I agree",
     .confirmed_title = "Thank you",
     .confirmed = "Your consent is recorded. You can take it back at any time by the link at the "
                  "foot of each message.",
     .outdated_title = "This link is older than your unsubscribe",
     .outdated = "Nothing has changed: you will get no messages. If you want them again, sign up "
                 "anew; the message that then asks you has a link that counts.",
     .preferences_title = "What would you like to receive?",
     .channels = "By",
     .topics = "About",
     .save = "Save",
     .saved = "Your choice is saved.",
     .none = "Nothing at all",
     .email = "E-mail",
     .touch_title = "Good to see you",
     .touch_button = "I am here",
     .touch_done = "We have noted that you came.",
     .contact = "The contact",
     .answer = "Answer",
     .give_back = "Give back to automation",
     .automatic = "Automation has this contact. Your answer takes it over."},
    {.language = "ru",
     .question_title = "Отписаться",
     .question = "Вы хотите больше не получать наши сообщения в этом канале?",
     .button = "Отписаться",
     .done_title = "Вы отписаны",
     .done = "Мы больше не будем присылать вам рекламные сообщения в этом канале.",
     .invalid_title = "Ссылка не работает",
     .invalid = "Возможно, она была обрезана по пути. Откройте её ещё раз из сообщения.",
     .later_title = "Попробуйте ещё раз через минуту",
     .later = "Сейчас нам не удалось сохранить ваш выбор. Пока ничего не изменилось.",
     .confirm_title = "Пожалуйста, подтвердите",
     .wording = "Я согласен получать сообщения с новостями и предложениями.",
     .wording_before = "Я согласен получать сообщения с новостями и предложениями от «",
     .wording_after = "».",
     .confirm_button = "Согласен",
     .confirmed_title = "Спасибо",
     .confirmed = "Ваше согласие записано. Отозвать его можно в любой момент по ссылке внизу "
                  "каждого сообщения.",
     .outdated_title = "Эта ссылка старше вашей отписки",
     .outdated = "Ничего не изменилось: письма приходить не будут. Если вы хотите получать их "
                 "снова, подпишитесь заново — в новом письме будет действующая ссылка.",
     .preferences_title = "Что вы хотите получать?",
     .channels = "Каким образом",
     .topics = "О чём",
     .save = "Сохранить",
     .saved = "Ваш выбор сохранён.",
     .none = "Совсем ничего",
     .email = "Электронная почта",
     .touch_title = "Рады вас видеть",
     .touch_button = "Я здесь",
     .touch_done = "Мы отметили, что вы пришли.",
     .contact = "Клиент",
     .answer = "Ответить",
     .give_back = "Вернуть автоматике",
     .automatic = "Сейчас с клиентом общается автоматика. Ваш ответ передаст его вам."},
    {.language = "zh",
     .question_title = "退订",
     .question = "您确定不再通过此渠道接收我们的消息吗？",
     .button = "退订",
     .done_title = "您已退订",
     .done = "我们不会再通过此渠道向您发送营销消息。",
     .invalid_title = "此链接无效",
     .invalid = "链接可能不完整，请从消息中重新打开。",
     .later_title = "请稍后再试",
     .later = "目前无法保存您的选择，一切尚未更改。",
     .confirm_title = "请确认",
     .wording = "我同意接收包含资讯和优惠的消息。",
     .wording_before = "我同意接收“",
     .wording_after = "”发送的资讯和优惠消息。",
     .confirm_button = "我同意",
     .confirmed_title = "谢谢",
     .confirmed = "您的同意已记录。您可以随时通过每条消息底部的链接撤回。",
     .outdated_title = "此链接早于您的退订",
     .outdated = "一切照旧：您不会收到消息。如果您想重新接收，请再次订阅，新消息中的链接有效。",
     .preferences_title = "您希望收到什么？",
     .channels = "方式",
     .topics = "主题",
     .save = "保存",
     .saved = "您的选择已保存。",
     .none = "全都不要",
     .email = "电子邮件",
     .touch_title = "很高兴见到您",
     .touch_button = "我来了",
     .touch_done = "我们已记下您的到来。",
     .contact = "客户",
     .answer = "回复",
     .give_back = "交还给自动流程",
     .automatic = "当前由自动流程跟进此客户。您的回复将接手。"},
}};

constexpr std::string_view style =
    "body{font:18px/1.5 system-ui,sans-serif;max-width:32em;margin:15vh auto;padding:0 "
    "1em;color:#222;background:#fff}h1{font-size:1.4em}button{font:inherit;padding:.6em "
    "1.4em;border:0;border-radius:.3em;color:#fff;background:#1a5fb4;cursor:pointer}"
    "fieldset{border:0;margin:0 0 1em;padding:0}legend{font-weight:600;margin-bottom:.3em}"
    "label{display:block;margin:.3em 0}button{margin:0 .6em .6em 0}"
    "button.plain{color:inherit;background:none;text-decoration:underline}"
    "textarea{font:inherit;width:100%;box-sizing:border-box;margin-bottom:.6em}"
    "dt{font-weight:600;margin-top:.6em}dd{margin:0;white-space:pre-line}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#1d1d20}}";

const Words& words_in(PageLanguage language) {
  return words[static_cast<std::size_t>(language)];
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// Nothing but our own style and a form to ourselves: CSP Level 3. The token in the URL must not
// leave with a Referer, nor the page stay in a cache or an index.
void add_safety_headers(http::Headers& headers) {
  static const std::string policy =
      "default-src 'none'; style-src 'sha256-" + base::to_base64(base::view(base::sha256(style))) +
      "'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
  headers.add("Content-Security-Policy", policy);
  headers.add("Cache-Control", "no-store");
  headers.add("Referrer-Policy", "no-referrer");
  headers.add("X-Content-Type-Options", "nosniff");
  headers.add("X-Robots-Tag", "noindex, nofollow");
}

// `rest` is HTML, all else text.
http::Response page(int status, const PageOptions& options, std::string_view title,
                    std::string_view text, std::string_view rest = {}) {
  const Words& w = words_in(options.language);
  std::string body;
  body.append("<!doctype html>\n<html lang=\"").append(w.language);
  body.append("\">\n<head>\n<meta charset=\"utf-8\">\n");
  body.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
  body.append(escaped(title)).append("</title>\n<style>").append(style);
  body.append("</style>\n</head>\n<body>\n<main>\n");
  if (!options.brand.empty()) body.append("<p>").append(escaped(options.brand)).append("</p>\n");
  body.append("<h1>").append(escaped(title)).append("</h1>\n");
  if (!text.empty()) body.append("<p>").append(escaped(text)).append("</p>\n");
  body.append(rest).append("</main>\n</body>\n</html>\n");
  http::Response response = http::html_response(status, std::move(body));
  response.headers.add("Content-Language", w.language);
  add_safety_headers(response.headers);
  return response;
}

// "ru-RU", "zh_Hant": the part before the first separator decides.
std::optional<PageLanguage> language_of(std::string_view locale) {
  const std::string_view primary = locale.substr(0, locale.find_first_of("-_"));
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (http::equal_ignoring_case(primary, words[i].language)) return static_cast<PageLanguage>(i);
  }
  return std::nullopt;
}

// The weight of "ru;q=0.8"; 1 where none is given, 0 where it cannot be read.
double weight_of(std::string_view parameters) {
  parameters = base::trimmed(parameters);
  if (parameters.empty()) return 1;
  if (!parameters.starts_with("q=") && !parameters.starts_with("Q=")) return 0;
  parameters.remove_prefix(2);
  double weight = 0;
  const char* end = parameters.data() + parameters.size();
  const auto [read, error] =
      std::from_chars(parameters.data(), end, weight, std::chars_format::fixed);
  return error == std::errc{} && read == end ? weight : 0;
}

}  // namespace

PageLanguage page_language(std::string_view locale, std::string_view accept_language) {
  if (const auto named = language_of(locale)) return *named;
  PageLanguage best = PageLanguage::en;
  double best_weight = 0;
  while (!accept_language.empty()) {
    const std::size_t comma = accept_language.find(',');
    const std::string_view range = accept_language.substr(0, comma);
    accept_language.remove_prefix(comma == std::string_view::npos ? accept_language.size()
                                                                  : comma + 1);
    const std::size_t semicolon = range.find(';');
    const auto language = language_of(base::trimmed(range.substr(0, semicolon)));
    const double weight =
        semicolon == std::string_view::npos ? 1 : weight_of(range.substr(semicolon + 1));
    if (language && weight > best_weight) {
      best = *language;
      best_weight = weight;
    }
  }
  return best;
}

std::string_view page_locale(PageLanguage language) {
  return words_in(language).language;
}

http::Response unsubscribe_question(const PageOptions& options) {
  const Words& w = words_in(options.language);
  // The same body that a mail program posts (RFC 8058 section 3.2).
  std::string form =
      "<form method=\"post\"><input type=\"hidden\" name=\"List-Unsubscribe\" "
      "value=\"One-Click\"><button type=\"submit\">";
  form.append(escaped(w.button)).append("</button></form>\n");
  return page(200, options, w.question_title, w.question, form);
}

http::Response unsubscribe_done(const PageOptions& options) {
  const Words& w = words_in(options.language);
  return page(200, options, w.done_title, w.done);
}

std::string consent_wording(const PageOptions& options) {
  const Words& w = words_in(options.language);
  if (options.brand.empty()) return w.wording;
  return std::string(w.wording_before).append(options.brand).append(w.wording_after);
}

http::Response confirm_question(const PageOptions& options, std::string_view wording) {
  const Words& w = words_in(options.language);
  std::string form = "<form method=\"post\"><button type=\"submit\">";
  form.append(escaped(w.confirm_button)).append("</button></form>\n");
  return page(200, options, w.confirm_title, wording, form);
}

http::Response confirm_done(const PageOptions& options) {
  const Words& w = words_in(options.language);
  return page(200, options, w.confirmed_title, w.confirmed);
}

http::Response confirm_outdated(const PageOptions& options) {
  const Words& w = words_in(options.language);
  return page(200, options, w.outdated_title, w.outdated);
}

std::string channel_title(PageLanguage language, std::string_view channel,
                          std::string_view address) {
  if (channel == "telegram") return "Telegram";
  if (channel != "email") return std::string(channel);
  std::string title = words_in(language).email;
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos || at == 0) return title;
  return title.append(" (")
      .append(base::cut_utf8(address, 1))
      .append("…")
      .append(address.substr(at))
      .append(")");
}

http::Response preference_page(const PageOptions& options, const Preferences& preferences) {
  const Words& w = words_in(options.language);
  std::string form = "<form method=\"post\">\n";
  const auto add = [&](const char* legend, std::string_view field,
                       const std::vector<PreferenceItem>& items) {
    if (items.empty()) return;
    form.append("<fieldset><legend>").append(escaped(legend)).append("</legend>\n");
    for (const PreferenceItem& item : items) {
      form.append("<label><input type=\"checkbox\" name=\"").append(field);
      form.append("\" value=\"").append(escaped(item.name)).append("\"");
      form.append(item.is_wanted ? " checked> " : "> ").append(escaped(item.shown));
      form.append("</label>\n");
    }
    form.append("</fieldset>\n");
  };
  add(w.channels, "channel", preferences.channels);
  add(w.topics, "topic", preferences.topics);
  form.append("<button type=\"submit\">").append(escaped(w.save)).append("</button>\n");
  form.append("<button type=\"submit\" name=\"none\" value=\"1\" class=\"plain\">");
  form.append(escaped(w.none)).append("</button>\n</form>\n");
  return page(200, options, w.preferences_title, preferences.is_saved ? w.saved : "", form);
}

http::Response touch_question(const PageOptions& options, std::string_view what, bool asks) {
  const Words& w = words_in(options.language);
  std::string form = "<form method=\"post\">\n";
  if (asks) {
    form.append("<label>").append(escaped(w.email)).append(" <input type=\"email\" name=\"email\"");
    form.append(" autocomplete=\"email\" maxlength=\"254\" required></label>\n");
  }
  form.append("<button type=\"submit\">").append(escaped(w.touch_button));
  form.append("</button>\n</form>\n");
  return page(200, options, w.touch_title, what, form);
}

http::Response touch_done(const PageOptions& options) {
  const Words& w = words_in(options.language);
  return page(200, options, w.touch_title, w.touch_done);
}

http::Response answer_page(const PageOptions& options, const Talk& talk) {
  const Words& w = words_in(options.language);
  std::string rest = "<dl>\n";
  for (const TalkLine& line : talk.lines) {
    rest.append("<dt>").append(escaped(line.who.empty() ? w.contact : line.who)).append(", ");
    rest.append(escaped(line.when)).append("</dt><dd>").append(escaped(line.what));
    rest.append("</dd>\n");
  }
  rest.append("</dl>\n<form method=\"post\">\n<input type=\"hidden\" name=\"form\" value=\"");
  rest.append(escaped(talk.form))
      .append("\">\n<textarea name=\"text\" rows=\"5\" maxlength=\"4000\" aria-label=\"");
  rest.append(escaped(w.answer)).append("\"></textarea>\n<button type=\"submit\">");
  rest.append(escaped(w.answer)).append("</button>\n");
  if (talk.is_with_human) {
    rest.append("<button type=\"submit\" name=\"back\" value=\"1\" class=\"plain\">");
    rest.append(escaped(w.give_back)).append("</button>\n");
  }
  rest.append("</form>\n");
  return page(200, options, talk.name, talk.is_with_human ? "" : w.automatic, rest);
}

http::Response link_invalid(const PageOptions& options) {
  const Words& w = words_in(options.language);
  return page(404, options, w.invalid_title, w.invalid);
}

http::Response try_again_later(const PageOptions& options) {
  const Words& w = words_in(options.language);
  http::Response response = page(503, options, w.later_title, w.later);
  response.headers.add("Retry-After", "60");
  return response;
}

}  // namespace nurtured::daemon

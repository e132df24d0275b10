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
};

constexpr std::array<Words, 3> words = {{
    {"en", "Unsubscribe", "Do you want to stop receiving our messages on this channel?",
     "Unsubscribe", "You are unsubscribed",
     "You will not receive marketing messages from us on this channel any more.",
     "This link does not work",
     "It may have been cut on its way. Please open it from the message again.",
     "Please try again in a minute",
     "We could not save your choice just now. Nothing has changed yet."},
    {"ru", "Отписаться", "Вы хотите больше не получать наши сообщения в этом канале?", "Отписаться",
     "Вы отписаны", "Мы больше не будем присылать вам рекламные сообщения в этом канале.",
     "Ссылка не работает", "Возможно, она была обрезана по пути. Откройте её ещё раз из сообщения.",
     "Попробуйте ещё раз через минуту",
     "Сейчас нам не удалось сохранить ваш выбор. Пока ничего не изменилось."},
    {"zh", "退订", "您确定不再通过此渠道接收我们的消息吗？", "退订", "您已退订",
     "我们不会再通过此渠道向您发送营销消息。", "此链接无效", "链接可能不完整，请从消息中重新打开。",
     "请稍后再试", "目前无法保存您的选择，一切尚未更改。"},
}};

constexpr std::string_view style =
    "body{font:18px/1.5 system-ui,sans-serif;max-width:32em;margin:15vh auto;padding:0 "
    "1em;color:#222;background:#fff}h1{font-size:1.4em}button{font:inherit;padding:.6em "
    "1.4em;border:0;border-radius:.3em;color:#fff;background:#1a5fb4;cursor:pointer}"
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
  body.append("<h1>").append(escaped(title)).append("</h1>\n<p>").append(escaped(text));
  body.append("</p>\n").append(rest).append("</main>\n</body>\n</html>\n");
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

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The weight of "ru;q=0.8"; 1 where none is given, 0 where it cannot be read.
double weight_of(std::string_view parameters) {
  parameters = trimmed(parameters);
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
    const auto language = language_of(trimmed(range.substr(0, semicolon)));
    const double weight =
        semicolon == std::string_view::npos ? 1 : weight_of(range.substr(semicolon + 1));
    if (language && weight > best_weight) {
      best = *language;
      best_weight = weight;
    }
  }
  return best;
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

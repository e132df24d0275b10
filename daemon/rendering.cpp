#include "daemon/rendering.h"

#include "daemon/channels.h"

namespace nurtured::daemon {

namespace {

// Of what a human answers: as mail programs write it (RFC 5322 section 3.6.5).
std::string answer_subject(const std::string& subject, std::string_view locale) {
  if (subject.starts_with("Re: ") || subject.starts_with("RE: ")) return subject;
  if (!subject.empty()) return "Re: " + subject;
  if (locale.starts_with("ru")) return "Ваш вопрос";
  if (locale.starts_with("zh")) return "您的问题";
  return "Your question";
}

}  // namespace

content::Format format_of(const config::Config& config, const std::string& channel) {
  const auto* descriptor = descriptor_of(config, channel);
  const std::string_view type = descriptor == nullptr ? std::string_view() : descriptor->type;
  if (type == "telegram" || channel == "telegram") return content::Format::telegram;
  if (type == "smtp" || channel == "email") return content::Format::email;
  return content::Format::plain;
}

void set_links(cel::Map& variables, const MessageLinks& links) {
  if (!links.unsubscribe_url.empty()) variables.set("unsubscribe_url", links.unsubscribe_url);
  if (!links.preferences_url.empty()) variables.set("preferences_url", links.preferences_url);
  if (!links.confirm_url.empty()) variables.set("confirm_url", links.confirm_url);
  cel::Map chat_urls;
  for (const auto& [channel, url] : links.chat_urls) chat_urls.set(channel, url);
  variables.set("chat_urls", std::move(chat_urls));
}

base::Result<content::Rendered> render(const config::Config& config, const DeliveryNotice& notice,
                                       const MessageLinks& links, base::Instant now) {
  std::vector<content::Button> choices;
  choices.reserve(notice.choices.size());
  for (const auto& choice : notice.choices) {
    choices.push_back({.id = {}, .text = choice.text, .url = {}, .data = choice.data});
  }
  const std::string& zone =
      notice.timezone.empty() ? config.book->settings().zone_name : notice.timezone;
  const std::string_view locale = notice.locale.empty() ? "en" : std::string_view(notice.locale);
  const content::Format format = format_of(config, notice.delivery.to.channel);
  if (!notice.delivery.text.empty()) {
    return content::render_words(answer_subject(notice.delivery.subject, locale),
                                 notice.delivery.text, format,
                                 {.now = now, .zone = zone, .locale = locale, .choices = choices});
  }
  const auto message = config.messages.find(notice.delivery.message);
  if (message == config.messages.end()) {
    return base::fail(base::ErrorKind::not_found,
                      "the message " + notice.delivery.message + " is gone");
  }
  cel::Map variables;
  if (notice.data.is_map()) {
    for (const auto& entry : notice.data.as_map()) variables.set(entry.key, entry.value);
  }
  set_links(variables, links);
  const cel::Value data(std::move(variables));
  static const content::PlainLinks as_written;
  const content::Links& destinations = links.destinations ? *links.destinations : as_written;
  return content::render(message->second, format,
                         {.variables = &data,
                          .channel = notice.delivery.to.channel,
                          .now = now,
                          .zone = zone,
                          .locale = locale,
                          .choices = choices,
                          .open_url = links.open_url},
                         destinations);
}

}  // namespace nurtured::daemon

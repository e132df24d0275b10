#include "daemon/rendering.h"

#include "daemon/channels.h"

namespace nurtured::daemon {

content::Format format_of(const config::Config& config, const std::string& channel) {
  const auto* descriptor = descriptor_of(config, channel);
  const std::string_view type = descriptor == nullptr ? std::string_view() : descriptor->type;
  if (type == "telegram" || channel == "telegram") return content::Format::telegram;
  if (type == "smtp" || channel == "email") return content::Format::email;
  return content::Format::plain;
}

base::Result<content::Rendered> render(const config::Config& config, const DeliveryNotice& notice,
                                       const MessageLinks& links, base::Instant now) {
  const auto message = config.messages.find(notice.delivery.message);
  if (message == config.messages.end()) {
    return base::fail(base::ErrorKind::not_found,
                      "the message " + notice.delivery.message + " is gone");
  }
  cel::Map variables;
  if (notice.data.is_map()) {
    for (const auto& entry : notice.data.as_map()) variables.set(entry.key, entry.value);
  }
  if (!links.unsubscribe_url.empty()) variables.set("unsubscribe_url", links.unsubscribe_url);
  if (!links.preferences_url.empty()) variables.set("preferences_url", links.preferences_url);
  if (!links.confirm_url.empty()) variables.set("confirm_url", links.confirm_url);
  const cel::Value data(std::move(variables));
  static const content::PlainLinks as_written;
  const content::Links& destinations = links.destinations ? *links.destinations : as_written;
  const std::string& zone =
      notice.timezone.empty() ? config.book->settings().zone_name : notice.timezone;
  return content::render(message->second, format_of(config, notice.delivery.to.channel),
                         {.variables = &data,
                          .channel = notice.delivery.to.channel,
                          .now = now,
                          .zone = zone,
                          .locale = notice.locale.empty() ? "en" : notice.locale,
                          .open_url = links.open_url},
                         destinations);
}

}  // namespace nurtured::daemon

#include "daemon/tracking.h"

#include "daemon/channels.h"
#include "daemon/chat_intake.h"
#include "http/url.h"
#include "rules/kind.h"

namespace nurtured::daemon {
namespace {

bool is_web(std::string_view url) {
  return url.starts_with("https://") || url.starts_with("http://");
}

bool can_be_followed(const config::Config& config, const std::string& channel) {
  if (!config.http.public_url.empty()) return true;
  const auto* descriptor = descriptor_of(config, channel);
  return descriptor != nullptr && descriptor->is_local;
}

class TrackedLinks final : public content::Links {
 public:
  TrackedLinks(std::shared_ptr<const config::Config> config, const LinkSigner& signer,
               rules::Delivery delivery, bool through_us)
      : config_(std::move(config)),
        signer_(signer),
        delivery_(std::move(delivery)),
        through_us_(through_us),
        base_url_(config_->http.base_url()) {}

  std::string rewrite(std::string_view link_id, std::string_view url) const override {
    // Our own pages are no destinations: an unsubscribe must not depend on a second link.
    const bool is_ours = url.starts_with(base_url_ + "/");
    if (!is_web(url) || is_ours) return std::string(url);
    std::string target = with_utm(config_->tracking, delivery_, link_id, url);
    if (!through_us_) return target;
    const auto token = signer_.sign(
        LinkPurpose::click,
        VisitClaim{.delivery = delivery_.key, .link = std::string(link_id), .url = target});
    return token ? base_url_ + "/c/" + *token : target;
  }

 private:
  std::shared_ptr<const config::Config> config_;
  const LinkSigner& signer_;
  rules::Delivery delivery_;
  bool through_us_;
  std::string base_url_;
};

}  // namespace

std::string with_utm(const config::Tracking& tracking, const rules::Delivery& delivery,
                     std::string_view link_id, std::string_view url) {
  if (tracking.utm.empty()) return std::string(url);
  const cel::Value data(cel::Map{{"message", delivery.message},
                                 {"playbook", delivery.playbook},
                                 {"channel", delivery.to.channel},
                                 {"kind", to_string(delivery.kind)},
                                 {"link", link_id}});
  const content::liquid::MapData variables(data);
  std::string added;
  for (const auto& [name, text] : tracking.utm) {
    const bool has_it = url.find("?" + name + "=") != std::string_view::npos ||
                        url.find("&" + name + "=") != std::string_view::npos;
    if (has_it) continue;
    const auto value = content::liquid::render(text, variables, {});
    if (!value || value->empty()) continue;
    added += (added.empty() ? "" : "&") + name + "=" + http::percent_encode(*value);
  }
  if (added.empty()) return std::string(url);
  const std::string_view before = url.substr(0, url.find('#'));
  const std::string_view fragment = url.substr(before.size());
  std::string out(before);
  const bool has_query = before.find('?') != std::string_view::npos;
  if (!has_query) {
    out += '?';
  } else if (!before.ends_with('?') && !before.ends_with('&')) {
    out += '&';
  }
  out += added;
  out += fragment;
  return out;
}

MessageLinks example_links(const config::Config& config, rules::Kind kind) {
  const std::string base_url = config.http.base_url();
  MessageLinks links;
  if (rules::is_marketing(kind)) {
    links.unsubscribe_url = base_url + "/u/example";
    links.preferences_url = base_url + "/p/example";
  } else {
    links.confirm_url = base_url + "/d/example";
  }
  links.chat_urls = start_links(config, chat_sides(config, nullptr), "example");
  return links;
}

MessageLinks message_links(const std::shared_ptr<const config::Config>& config,
                           const LinkSigner& signer, const DeliveryNotice& notice) {
  const rules::Delivery& delivery = notice.delivery;
  const std::string base_url = config->http.base_url();
  MessageLinks links;
  const LinkClaim claim{.contact = delivery.contact,
                        .channel = delivery.to.channel,
                        .delivery = delivery.key,
                        .locale = notice.locale};
  if (rules::is_marketing(delivery.kind)) {
    links.unsubscribe_url = page_url(signer, LinkPurpose::unsubscribe, base_url, claim);
    links.preferences_url = page_url(signer, LinkPurpose::preferences, base_url, claim);
  } else {
    links.confirm_url = page_url(signer, LinkPurpose::confirm, base_url, claim);
  }
  const bool followed = can_be_followed(*config, delivery.to.channel);
  if (config->tracking.opens && followed) {
    if (const auto token = signer.sign(LinkPurpose::open, VisitClaim{.delivery = delivery.key})) {
      links.open_url = base_url + "/o/" + *token;
    }
  }
  const bool through_us = config->tracking.clicks && followed;
  if (through_us || !config->tracking.utm.empty()) {
    links.destinations = std::make_shared<TrackedLinks>(config, signer, delivery, through_us);
  }
  return links;
}

}  // namespace nurtured::daemon

#include "daemon/scenario_people.h"

#include <ranges>
#include <utility>

#include <fmt/format.h>

#include "daemon/rendering.h"

namespace nurtured::daemon {
namespace {

using base::ErrorKind;
using base::Result;

// Writes down the links of a message as it is rendered.
class LinkList final : public content::Links {
 public:
  using Link = std::pair<std::string, std::string>;  // id, url

  std::string rewrite(std::string_view link_id, std::string_view url) const override {
    links_.emplace_back(link_id, url);
    return std::string(url);
  }
  const std::vector<Link>& links() const { return links_; }

 private:
  mutable std::vector<Link> links_;  // Links is const for renderers that share one
};

std::vector<LinkList::Link> links_of(const config::Config& config, const DeliveryNotice& notice,
                                     Instant now) {
  const auto list = std::make_shared<LinkList>();
  MessageLinks links = example_links(config, notice.delivery.kind);
  links.destinations = list;
  // It left, so it can be rendered.
  if (!render(config, notice, links, now)) return {};
  return list->links();
}

class Actor {
 public:
  Actor(const config::Config& config, const config::ScenarioContact& contact, rules::ContactId id,
        const Mailbox& mailbox, Instant now)
      : config_(config), contact_(contact), id_(id), mailbox_(mailbox), now_(now) {}

  Result<Act> operator()(const config::EventHappens& happens) const {
    return Act{EventInput{.who = {.user_id = contact_.id}, .event = happens.event}};
  }

  Result<Act> operator()(const config::PlaybookStarted& started) const {
    return Act{on(rules::StartPlaybook{started.playbook, started.properties})};
  }

  Result<Act> operator()(const config::LinkClicked& click) const {
    std::string seen;
    for (const DeliveryNotice* notice : mailbox_.all(click.message)) {
      for (const auto& [id, url] : links_of(config_, *notice, now_)) {
        if (id == click.link || url == click.link) {
          return Act{on(rules::Visit{.kind = rules::VisitKind::click,
                                     .delivery = notice->delivery.key,
                                     .link = id,
                                     .url = url}),
                     notice};
        }
        seen += fmt::format("{}{} in {}", seen.empty() ? "" : ", ", id, notice->delivery.message);
      }
    }
    return nothing(fmt::format("has the link `{}`", click.link), click.message,
                   seen.empty() ? "none of its messages had a link" : "links they got: " + seen);
  }

  Result<Act> operator()(const config::MessageOpened& open) const {
    return about(open.message, "to open", [](const std::string& key) {
      return rules::Visit{.kind = rules::VisitKind::open, .delivery = key};
    });
  }

  Result<Act> operator()(const config::ComplaintMade& complaint) const {
    return about(complaint.message, "to complain of", [](const std::string& key) {
      return rules::Suppress{.scope = rules::SuppressionScope::marketing,
                             .reason = std::string(rules::complained),
                             .address = std::nullopt,
                             .delivery = key};
    });
  }

  Result<Act> operator()(const config::MessageBounced& bounce) const {
    return about(bounce.message, "to come back", [](const std::string& key) {
      return rules::Feedback{.delivery = key,
                             .kind = rules::FeedbackKind::bounced,
                             .bounce = rules::BounceClass::address,
                             .reason = "there is no such address"};
    });
  }

  // Mail answers a message; in a chat somebody just writes.
  Result<Act> operator()(const config::ReplySent& reply) const {
    const DeliveryNotice* notice = mailbox_.latest({}, reply.channel);
    if (notice == nullptr && reply.channel.empty()) {
      return nothing("could be answered", {}, "say on which channel they write: channel: telegram");
    }
    if (notice != nullptr && notice->delivery.to.channel == "email") {
      return Act{on(rules::Feedback{.delivery = notice->delivery.key,
                                    .kind = rules::FeedbackKind::replied,
                                    .text = reply.text}),
                 notice};
    }
    const std::string channel = notice == nullptr ? reply.channel : notice->delivery.to.channel;
    rules::Event event{.name = "message.replied",
                       .properties = cel::Map{{"channel", channel}, {"text", reply.text}},
                       .occurred_at = now_,
                       .received_at = now_,
                       .change = {}};
    return Act{EventInput{.who = {.user_id = contact_.id}, .event = std::move(event)}, notice};
  }

  Result<Act> operator()(const config::Unsubscribed& unsubscribed) const {
    const DeliveryNotice* notice = mailbox_.latest({}, unsubscribed.channel);
    rules::Suppress suppress{.scope = rules::SuppressionScope::marketing,
                             .reason = std::string(rules::unsubscribed),
                             .address = std::nullopt,
                             .channel = unsubscribed.channel};
    if (notice != nullptr) {
      suppress.channel = notice->delivery.to.channel;
      suppress.delivery = notice->delivery.key;
    }
    return Act{on(std::move(suppress)), notice};
  }

  Result<Act> operator()(const config::HandedBack&) const {
    return Act{on(rules::HandBack{.by = "scenario"})};
  }

 private:
  EngineInput on(rules::Input input) const { return ContactInput{id_, std::move(input)}; }

  template <class Make>
  Result<Act> about(const std::string& message, std::string_view purpose, Make make) const {
    const DeliveryNotice* notice = mailbox_.latest(message, {});
    if (notice == nullptr) return nothing(fmt::format("is there {}", purpose), message, "");
    return Act{on(make(notice->delivery.key)), notice};
  }

  tl::unexpected<base::Error> nothing(const std::string& what, const std::string& message,
                                      std::string remedy) const {
    if (mailbox_.all({}).empty()) remedy = "nothing was sent to them by then";
    return base::fail(ErrorKind::not_found,
                      fmt::format("no message{} that {} got by then {}",
                                  message.empty() ? "" : " `" + message + "`", contact_.id, what),
                      std::move(remedy));
  }

  const config::Config& config_;
  const config::ScenarioContact& contact_;
  rules::ContactId id_;
  const Mailbox& mailbox_;
  Instant now_;
};

}  // namespace

std::vector<const DeliveryNotice*> Mailbox::all(const std::string& message) const {
  std::vector<const DeliveryNotice*> found;
  for (const auto& notice : std::views::reverse(messages_)) {
    if (message.empty() || notice.delivery.message == message) found.push_back(&notice);
  }
  return found;
}

const DeliveryNotice* Mailbox::latest(const std::string& message,
                                      const std::string& channel) const {
  for (const DeliveryNotice* notice : all(message)) {
    if (channel.empty() || notice->delivery.to.channel == channel) return notice;
  }
  return nullptr;
}

Result<Act> act_of(const config::Config& config, const config::Happening& what,
                   const config::ScenarioContact& contact, rules::ContactId id,
                   const Mailbox& mailbox, Instant now) {
  return std::visit(Actor(config, contact, id, mailbox, now), what);
}

}  // namespace nurtured::daemon

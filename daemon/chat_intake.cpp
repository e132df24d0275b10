#include "daemon/chat_intake.h"

#include <algorithm>
#include <utility>

#include "connectors/registry.h"
#include "daemon/humans.h"
#include "rules/traits.h"

namespace nurtured::daemon {
namespace {

using connectors::ChatKind;
using connectors::ChatUpdate;

constexpr std::string_view answer_path = "/h/";

class ChatReader {
 public:
  ChatReader(const ChatContext& context, std::string channel, Instant now)
      : context_(context), channel_(std::move(channel)), now_(now) {}

  void read(const ChatUpdate& update) {
    if (const auto claim = answered(update)) return human(update, *claim);
    if (update.is_group) return;
    switch (update.kind) {
      case ChatKind::started:
        return started(update);
      case ChatKind::said:
        return said(update);
      case ChatKind::pressed:
        return event(update, "message.replied", {{"button", update.data}});
      case ChatKind::blocked:
        return reachability(update, false);
      case ChatKind::unblocked:
        return reachability(update, true);
    }
  }

  std::vector<EngineInput> take() { return std::move(inputs_); }

 private:
  // What a human answers, where the chat is theirs.
  std::optional<AnswerClaim> answered(const ChatUpdate& update) const {
    const auto& humans = context_.config.handoff.to;
    const bool is_theirs = std::ranges::any_of(humans, [&](const config::Receiver& receiver) {
      return receiver.channel == channel_ && receiver.to == update.chat;
    });
    if (!is_theirs || update.kind != ChatKind::said) return std::nullopt;
    for (const std::string& link : update.answered_links) {
      const std::size_t path = link.rfind(answer_path);
      if (path == std::string::npos) continue;
      const auto claim =
          context_.signer.verify_answer(std::string_view(link).substr(path + answer_path.size()));
      if (claim && now_ - claim->asked <= answer_link_max) return *claim;
    }
    return std::nullopt;
  }

  void human(const ChatUpdate& update, const AnswerClaim& claim) {
    const std::string by = update.first_name.empty() ? update.username : update.first_name;
    auto input = human_input(update.text, by);
    if (!input) return;
    inputs_.emplace_back(ContactInput{claim.contact, *std::move(input), once(update)});
  }

  void started(const ChatUpdate& update) {
    const auto contact = context_.signer.verify_start(update.payload);
    event(update, "chat.started", {{"payload", contact ? std::string() : update.payload}},
          contact.value_or(rules::ContactId{}));
  }

  void said(const ChatUpdate& update) {
    if (update.text == "/stop" || update.text.starts_with("/stop ")) {
      inputs_.emplace_back(
          AddressInput{address(update), rules::Suppress{.scope = rules::SuppressionScope::marketing,
                                                        .reason = std::string(rules::unsubscribed),
                                                        .address = address(update)}});
      return;
    }
    event(update, "message.replied",
          {{"text", update.text}, {"media", update.media}, {"file", update.file}});
  }

  // Whoever writes is there again, whatever we were told before.
  void event(const ChatUpdate& update, std::string name,
             const std::vector<std::pair<std::string, std::string>>& texts,
             rules::ContactId contact = {}) {
    cel::Map properties{{"channel", channel_}};
    for (const auto& [key, value] : texts) {
      if (!value.empty()) properties.set(key, value);
    }
    rules::Event event{.name = std::move(name),
                       .properties = std::move(properties),
                       .occurred_at = occurred(update),
                       .received_at = now_,
                       .change = change_of(update)};
    inputs_.emplace_back(EventInput{.who = {.address = address(update), .contact = contact},
                                    .event = std::move(event),
                                    .message_id = once(update)});
    reachability(update, true);
  }

  // The last moment of the second that is told: an answer must not seem to come before its
  // question.
  Instant occurred(const ChatUpdate& update) const {
    constexpr base::Milliseconds rest_of_a_second{999};
    return update.at == Instant{} ? now_ : std::min(update.at + rest_of_a_second, now_);
  }

  rules::ContactChange change_of(const ChatUpdate& update) const {
    cel::Map traits;
    const auto put = [&](const char* name, const std::string& value) {
      if (!value.empty()) traits.set(name, value);
    };
    put("first_name", update.first_name);
    put("last_name", update.last_name);
    put("phone", update.phone);
    put(std::string(channel_ + "_username").c_str(), update.username);
    rules::ContactChange change;
    std::vector<std::string> problems;  // a name or number that cannot be kept: the rest is
    rules::apply_traits(traits, change, problems);
    change.addresses.emplace_back(channel_, update.chat);
    if (!update.locale.empty()) change.locale = update.locale;
    // A nickname is no reason to forget a name that a form gave us.
    change.is_hearsay = true;
    return change;
  }

  void reachability(const ChatUpdate& update, bool reachable) {
    inputs_.emplace_back(
        AddressInput{address(update), rules::Reachability{address(update), reachable}});
  }

  rules::Address address(const ChatUpdate& update) const { return {channel_, update.chat}; }

  store::DedupKey once(const ChatUpdate& update) const {
    return store::dedup_key("chat." + std::string(context_.connector), update.id);
  }

  const ChatContext& context_;
  std::string channel_;
  Instant now_;
  std::vector<EngineInput> inputs_;
};

}  // namespace

std::string channel_of(const config::Config& config, std::string_view connector) {
  for (const auto& channel : config.book->settings().default_via) {
    if (config.book->settings().channels.at(channel).connector == connector) return channel;
  }
  return {};
}

std::vector<EngineInput> inputs_of_chat(const ChatContext& context,
                                        const std::vector<ChatUpdate>& updates, base::Instant now) {
  std::string channel = channel_of(context.config, context.connector);
  if (channel.empty()) return {};
  ChatReader reader(context, std::move(channel), now);
  for (const ChatUpdate& update : updates) reader.read(update);
  return reader.take();
}

std::map<std::string, connectors::ChatSide, std::less<>> chat_sides(
    const config::Config& config, const config::Secrets* secrets) {
  std::map<std::string, connectors::ChatSide, std::less<>> sides;
  for (const auto& [name, connector] : config.connectors) {
    config::Problems problems;  // told when the connector itself is built
    config::Section section(connector.node, "connectors." + name, problems, secrets);
    section.allow({"type"});
    if (auto side = connectors::make_chat_side(connector.type, section)) {
      sides.emplace(name, *std::move(side));
    }
  }
  return sides;
}

std::map<std::string, std::string, std::less<>> start_links(
    const config::Config& config,
    const std::map<std::string, connectors::ChatSide, std::less<>>& sides,
    std::string_view payload) {
  std::map<std::string, std::string, std::less<>> links;
  for (const auto& [name, side] : sides) {
    const std::string channel = channel_of(config, name);
    if (channel.empty() || !side.start_link) continue;
    links.emplace(channel, side.start_link(payload));
  }
  return links;
}

}  // namespace nurtured::daemon

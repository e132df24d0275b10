// What people choose on our pages (CONTRACT M4): a channel they want or no longer want, a topic
// they leave. It is their own act, so it brings consent back after an unsubscribe.
#include "rules/choices.h"

#include <algorithm>

#include "rules/machine.h"

namespace nurtured::rules {
namespace {

// Of one contact; the pages offer only those that messages have.
constexpr std::size_t topics_max = 100;

}  // namespace

bool is_overtaken(const Choice& choice, const Consent& known) {
  return choice.source == double_opt_in && is_unsubscribed(known) &&
         (!choice.message || choice.message->at <= known.at);
}

void Machine::handle(const Choice& choice) {
  for (const auto& [channel, wanted] : choice.channels) choose_channel(choice, channel, wanted);
  for (const auto& [topic, wanted] : choice.topics) choose_topic(topic, wanted);
  judge_stops(nullptr);
}

void Machine::choose_channel(const Choice& choice, const std::string& channel, bool wanted) {
  const auto own = contact().addresses.find(channel);
  const bool allowed = is_wanted(book_, out_.next, channel);
  if (!wanted) {
    // Without an address nothing goes there, and an unsubscribe would bar the whole person.
    if (!allowed || own == contact().addresses.end()) return;
    return handle(Suppress{.scope = SuppressionScope::marketing,
                           .reason = std::string(unsubscribed),
                           .address = std::nullopt,
                           .channel = channel});
  }
  const auto known = contact().consents.find(channel);
  const bool is_known = known != contact().consents.end();
  if (is_known && is_overtaken(choice, known->second)) {
    record("ignored").detail = "consent for " + channel +
                               " was confirmed by a message older than "
                               "the unsubscribe";
    return;
  }
  // Neither a repeated click nor a box that was left ticked changes the evidence of a consent.
  const bool is_given = allowed && is_known && known->second.given;
  if (is_given && (choice.source == preferences || known->second.source == choice.source)) return;
  set_consent({.channel = channel,
               .given = true,
               .source = choice.source,
               .wording = choice.wording,
               .from = choice.from,
               .restores = true});
  if (own != contact().addresses.end()) {
    for (const ContactId holder : address_state({channel, own->second}).holders) {
      if (holder != contact().id) out_.rejudge.push_back(holder);
    }
  }
  emit("consent.given", cel::Map{{"channel", channel}, {"source", choice.source}});
}

void Machine::choose_topic(const std::string& topic, bool wanted) {
  auto& declined = contact().topics_declined;
  const auto place = std::ranges::lower_bound(declined, topic);
  const bool is_declined = place != declined.end() && *place == topic;
  if (is_declined != wanted) return;
  if (wanted) {
    declined.erase(place);
  } else if (declined.size() < topics_max) {
    declined.insert(place, topic);
  } else {
    return;
  }
  emit("preferences.changed", cel::Map{{"topic", topic}, {"wanted", wanted}});
}

}  // namespace nurtured::rules

// What a contact is: attributes, addresses, consent, zone. Every change comes through here, whether
// an event carries it or a step makes it.
#include <algorithm>

#include "rules/machine.h"

namespace nurtured::rules {
namespace {

// An attribute's name is part of the stored document and of conditions: bounded like the rest.
constexpr std::size_t attributes_max = 500;
constexpr std::size_t tags_max = 500;

// Whether the person has said yes after `at`, by an act of their own or to an operator.
bool has_come_back(const Consent& consent, Instant at) {
  const bool by_themselves = consent.source == double_opt_in || consent.source == preferences ||
                             consent.source == by_operator;
  return consent.given && by_themselves && consent.at > at;
}

}  // namespace

void Machine::apply(const ContactChange& change) {
  if (change.empty()) return;
  profile_changed();
  for (const auto& [name, value] : change.attributes) {
    if (change.is_hearsay && contact().attributes.contains(attribute_name(name))) continue;
    set_attribute(name, value);
  }
  for (const auto& [channel, value] : change.addresses) set_address(channel, value);
  for (const auto& suppression : change.suppressions) set_suppression(suppression);
  for (const auto& consent : change.consents) set_consent(consent);
  if (change.timezone) set_timezone(*change.timezone);
  if (change.locale && !(change.is_hearsay && !contact().locale.empty())) {
    contact().locale = *change.locale;
  }
  for (const auto& tag : change.tags_added) {
    auto& tags = contact().tags;
    const auto place = std::ranges::lower_bound(tags, tag);
    if ((place != tags.end() && *place == tag) || tags.size() >= tags_max) continue;
    tags.insert(place, tag);
  }
  for (const auto& tag : change.tags_removed) std::erase(contact().tags, tag);
}

void Machine::set_attribute(const std::string& name, const cel::Value& value) {
  const std::string key(attribute_name(name));
  auto& attributes = contact().attributes;
  if (value.is_null()) {
    attributes.erase(key);
    return;
  }
  if (!attributes.contains(key) && attributes.size() >= attributes_max) {
    record("error").detail = "the contact has " + std::to_string(attributes_max) + " attributes; " +
                             key + " was not kept";
    return;
  }
  attributes[key] = value;
}

void Machine::set_address(const std::string& channel, const std::string& value) {
  auto& addresses = contact().addresses;
  const auto known = addresses.find(channel);
  if (known != addresses.end()) {
    if (known->second == value) return;
    std::erase(address_state({channel, known->second}).holders, contact().id);
    addresses.erase(known);
  }
  if (value.empty()) return;
  addresses[channel] = value;
  auto& holders = address_state({channel, value}).holders;
  if (std::ranges::find(holders, contact().id) == holders.end()) holders.push_back(contact().id);
}

void Machine::set_suppression(const SuppressionChange& change) {
  const Instant at = std::min(change.at.value_or(now_), now_);
  const bool by_person = change.reason == unsubscribed || change.reason == complained;
  const auto consent = contact().consents.find(change.channel);
  if (by_person && consent != contact().consents.end() && has_come_back(consent->second, at)) {
    record("ignored").detail = change.reason + " on " + change.channel +
                               " is older than the consent that the person gave since";
    return;
  }
  const auto own = contact().addresses.find(change.channel);
  const bool is_of_address = own != contact().addresses.end();
  auto& known =
      is_of_address ? address_state({own->first, own->second}).suppression : contact().suppression;
  if (known && (known->scope == SuppressionScope::all || known->scope == change.scope)) return;
  known = Suppression{change.scope, at, change.reason};
  Decision& decision = record("suppress");
  decision.detail = change.reason;
  if (is_of_address) {
    decision.to = {own->first, own->second};
    for (const ContactId holder : address_state(decision.to).holders) {
      if (holder != contact().id) out_.rejudge.push_back(holder);
    }
  }
  if (by_person) take_back_consent(change.channel, change.reason, at);
}

void Machine::set_consent(const ConsentChange& change) {
  profile_changed();
  const Instant at = std::min(change.at.value_or(now_), now_);
  const auto address = contact().addresses.find(change.channel);
  AddressState* state = address == contact().addresses.end()
                            ? nullptr
                            : &address_state({change.channel, address->second});
  const auto is_barred = [](const std::optional<Suppression>& suppression) {
    return suppression && suppression->scope == SuppressionScope::marketing;
  };
  const auto known = contact().consents.find(change.channel);
  const bool barred = is_barred(contact().suppression) ||
                      (state != nullptr && is_barred(state->suppression)) ||
                      (known != contact().consents.end() && is_unsubscribed(known->second));
  if (change.given && barred && !change.restores) {
    record("ignored").detail = "consent for " + change.channel +
                               " after an unsubscribe comes back only by the person's own act";
    return;
  }
  if (change.at && known != contact().consents.end() && known->second.given != change.given &&
      known->second.at > at) {
    record("ignored").detail = "what is said of " + change.channel + " is older than what is known";
    return;
  }
  if (change.given && change.restores) {
    if (state != nullptr && is_barred(state->suppression)) state->suppression.reset();
    if (is_barred(contact().suppression)) contact().suppression.reset();
  }
  // Evidence is of the moment it was given: a repeated trait does not make it younger.
  if (known != contact().consents.end() && known->second.given == change.given &&
      !change.restores) {
    return;
  }
  contact().consents[change.channel] = {change.given, at, change.source, change.wording,
                                        change.from};
}

void Machine::set_timezone(const std::string& name) {
  if (name == contact().timezone) return;
  if (!book_.knows_zone(name)) {
    record("ignored").detail = "the time zone " + name.substr(0, 60) + " is not known";
    return;
  }
  contact().timezone = name;
  clock_changed();
  zone_changed_ = true;
  // What ends by the contact's clock has its end computed anew, never into the past.
  for (auto& enrollment : contact().enrollments) {
    if (!enrollment.due) continue;
    const Playbook* playbook = playbook_of(enrollment);
    if (playbook == nullptr || enrollment.step >= playbook->steps.size()) continue;
    renew_due(enrollment, playbook->steps[enrollment.step].action);
  }
  for (auto& pending : contact().pending) {
    const Playbook* playbook = book_.playbook(pending.playbook, pending.version);
    if (playbook == nullptr || pending.step >= playbook->steps.size()) continue;
    if (pending.by_hand || pending.message == ask_again) continue;
    if (const Send* send = send_of(playbook->steps[pending.step].action)) {
      pending.hold_until = std::max(now_, add(pending.since, send->hold, zone()));
    }
  }
}

}  // namespace nurtured::rules

// Who an event is about. A contact may be known by a user id and by any number of anonymous ids;
// when one event names both and they belong to two contacts, the anonymous one is folded into the
// other.
#include <algorithm>

#include "daemon/batch_work.h"
#include "rules/merge.h"

namespace nurtured::daemon {
namespace {

using Kind = store::IdentityKey::Kind;

bool is_anonymous(const rules::Contact& contact) {
  return std::ranges::find(contact.anonymous_ids, contact.user_id) != contact.anonymous_ids.end();
}

}  // namespace

std::optional<rules::ContactId> Engine::BatchWork::find(Kind kind, const std::string& value) const {
  if (value.empty()) return std::nullopt;
  const auto found = identities_.find({kind, value});
  if (found == identities_.end()) return std::nullopt;
  const rules::ContactId id = current(found->second);
  return contacts_.contains(id.value) ? std::optional(id) : std::nullopt;
}

void Engine::BatchWork::set_identity(Kind kind, const std::string& value, rules::ContactId id) {
  const store::IdentityKey key{kind, value};
  identities_[key] = id;
  identities_changed_.insert(key);
}

rules::ContactId Engine::BatchWork::current(rules::ContactId id) const {
  const auto found = merged_.find(id.value);
  return found == merged_.end() ? id : current(found->second);
}

rules::ContactId Engine::BatchWork::create(const Who& who, Instant at) {
  rules::Contact contact;
  contact.id = engine_.store_.allocate();
  contact.created = at;
  contact.user_id = who.user_id.empty() ? who.anonymous_id : who.user_id;
  if (!who.user_id.empty()) set_identity(Kind::user, who.user_id, contact.id);
  const rules::ContactId id = contact.id;
  Working working{.contact = std::move(contact), .changed = true};
  contacts_.emplace(id.value, std::move(working));
  if (!who.anonymous_id.empty()) add_anonymous(id, who.anonymous_id);
  return id;
}

void Engine::BatchWork::name(rules::ContactId id, const std::string& user_id) {
  contacts_.at(id.value).contact.user_id = user_id;
  set_identity(Kind::user, user_id, id);
}

void Engine::BatchWork::add_anonymous(rules::ContactId id, const std::string& anonymous_id) {
  auto& ids = contacts_.at(id.value).contact.anonymous_ids;
  if (std::ranges::find(ids, anonymous_id) == ids.end()) ids.push_back(anonymous_id);
  set_identity(Kind::anonymous, anonymous_id, id);
}

void Engine::BatchWork::merge(rules::ContactId from, rules::ContactId into, Instant at) {
  Working& source = contacts_.at(from.value);
  Working& target = contacts_.at(into.value);
  if (!rules::may_merge(source.contact)) return;
  std::vector<rules::AddressState> states;
  for (const auto* contact : {&source.contact, &target.contact}) {
    for (const auto& [channel, value] : contact->addresses) {
      const auto state = addresses_.find(rules::to_key({channel, value}));
      if (state != addresses_.end() && std::ranges::find(states, state->second) == states.end()) {
        states.push_back(state->second);
      }
    }
  }
  for (const auto& id : source.contact.anonymous_ids) set_identity(Kind::anonymous, id, into);
  if (!is_anonymous(source.contact)) set_identity(Kind::user, source.contact.user_id, into);
  const Refusals refused{target.contact.consents, target.contact.suppression};
  target.contact = rules::merged(std::move(target.contact), source.contact, states);
  journal(refused, target.contact, at);
  target.changed = true;
  // Where `from` stood is counted away with `into`'s former places.
  target.standing_before.insert(target.standing_before.end(), source.standing_before.begin(),
                                source.standing_before.end());
  for (auto& state : states) {
    std::string key = rules::to_key(state.address);
    addresses_changed_.insert(key);
    addresses_[std::move(key)] = std::move(state);
  }
  batch_.merges.emplace_back(store::Merge{from, into}, source.wake_before);
  merged_[from.value] = into;
  contacts_.erase(from.value);
}

rules::ContactId Engine::BatchWork::resolve(const Who& who, Instant at) {
  const auto user = find(Kind::user, who.user_id);
  if (!who.previous_id.empty()) {
    auto previous = find(Kind::anonymous, who.previous_id);
    if (!previous) previous = find(Kind::user, who.previous_id);
    if (previous && user && *previous != *user) {
      merge(*previous, *user, at);
      return *user;
    }
    if (previous && !user) {
      name(*previous, who.user_id);
      return *previous;
    }
    const rules::ContactId id = user ? *user : create({.user_id = who.user_id}, at);
    add_anonymous(id, who.previous_id);
    return id;
  }
  const auto anonymous = find(Kind::anonymous, who.anonymous_id);
  if (user) {
    if (anonymous && *anonymous != *user && is_anonymous(contacts_.at(anonymous->value).contact)) {
      merge(*anonymous, *user, at);
    } else if (!anonymous && !who.anonymous_id.empty()) {
      add_anonymous(*user, who.anonymous_id);
    }
    return *user;
  }
  if (anonymous && who.user_id.empty()) return *anonymous;
  if (anonymous && is_anonymous(contacts_.at(anonymous->value).contact)) {
    name(*anonymous, who.user_id);
    return *anonymous;
  }
  // A device that another person was known on says nothing about this one.
  if (anonymous) return create({.user_id = who.user_id}, at);
  return create(who, at);
}

void Engine::BatchWork::take_event(const EventInput& input, Instant at) {
  Who who = input.who;
  if (who.contact && who.address) {
    if (const auto named = known(who.contact)) {
      const auto holder = find_holder(*who.address);
      const bool is_same_person = holder && *holder != *named &&
                                  contacts_.at(holder->value).contact.user_id == who.address->value;
      if (is_same_person) merge(*holder, *named, at);
      batch_.events.push_back({*named, input.event});
      return advance(*named, input.event, at);
    }
  }
  if (who.user_id.empty() && who.anonymous_id.empty() && who.address) {
    if (const auto holder = find_holder(*who.address)) {
      batch_.events.push_back({*holder, input.event});
      return advance(*holder, input.event, at);
    }
    who.user_id = who.address->value;
  }
  if (who.user_id.empty() && who.anonymous_id.empty()) {
    // What the ingest could not give to anybody is kept in the log and concerns no contact.
    batch_.events.push_back({{}, input.event});
    return;
  }
  const rules::ContactId id = resolve(who, at);
  batch_.events.push_back({id, input.event});
  advance(id, input.event, at);
}

std::optional<rules::ContactId> Engine::BatchWork::known(rules::ContactId named) const {
  const rules::ContactId id = current(named);
  return contacts_.contains(id.value) ? std::optional(id) : std::nullopt;
}

std::optional<rules::ContactId> Engine::BatchWork::find_holder(
    const rules::Address& address) const {
  const auto state = addresses_.find(rules::to_key(address));
  if (state == addresses_.end()) return std::nullopt;
  std::optional<rules::ContactId> oldest;
  for (const auto held : state->second.holders) {
    const rules::ContactId id = current(held);
    if (contacts_.contains(id.value) && (!oldest || id < *oldest)) oldest = id;
  }
  return oldest;
}

}  // namespace nurtured::daemon

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

// How somebody is called of whom an address is all that is known: by an e-mail address as it is, by
// any other with its channel before it, for a chat's number may well be another person's id on a
// site.
Who Engine::BatchWork::met_by(const rules::Address& address) {
  if (address.channel == "email") return {.user_id = address.value};
  return {.anonymous_id = rules::to_key(address)};
}

void Engine::BatchWork::take_event(const EventInput& input, Instant at) {
  Who who = input.who;
  const bool is_unnamed = who.user_id.empty() && who.anonymous_id.empty();
  const auto holder = is_unnamed && who.address ? find_holder(*who.address) : std::nullopt;
  const auto named = is_unnamed && who.contact ? known(who.contact) : std::nullopt;
  if (named && holder && *holder != *named && is_anonymous(contacts_.at(holder->value).contact)) {
    merge(*holder, *named, at);
    return log(*named, input.event, at);
  }
  // A link that was handed on does not take a chat from whoever is known to have it.
  if (holder) return log(*holder, input.event, at);
  if (named) return log(*named, input.event, at);
  if (is_unnamed && who.address) who = met_by(*who.address);
  if (who.user_id.empty() && who.anonymous_id.empty()) {
    // What the ingest could not give to anybody is kept in the log and concerns no contact.
    batch_.events.push_back({{}, input.event});
    return;
  }
  log(resolve(who, at), input.event, at);
}

// The log has what was said as it was understood.
void Engine::BatchWork::log(rules::ContactId id, const rules::Event& event, Instant at) {
  const std::size_t place = batch_.events.size();
  batch_.events.push_back({id, event});
  if (auto said = advance(id, event, at)) {
    batch_.events[place].event.properties = *std::move(said);
  }
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

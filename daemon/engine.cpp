#include "daemon/engine.h"

#include <algorithm>
#include <concepts>

#include "daemon/batch_work.h"
#include "daemon/set_aside.h"
#include "rules/merge.h"
#include "rules/scope.h"

namespace nurtured::daemon {
namespace {

std::vector<store::Standing> standing_of(const rules::Contact& contact) {
  std::vector<store::Standing> standing;
  for (const auto& enrollment : contact.enrollments) {
    if (enrollment.state == rules::EnrollmentState::finished) continue;
    standing.push_back({enrollment.playbook, enrollment.version, enrollment.step, 1});
  }
  return standing;
}

// The dispatcher waits for an answer to its claim: of one that is not taken it is told to forget
// the delivery.
std::optional<DeliveryNotice> forgotten_claim(const Arrived& arrived) {
  const auto* input = std::get_if<ContactInput>(&arrived.input);
  const auto* claim = input == nullptr ? nullptr : std::get_if<rules::Claim>(&input->input);
  if (claim == nullptr) return std::nullopt;
  return DeliveryNotice{.delivery = {.key = claim->delivery,
                                     .contact = input->contact,
                                     .change = rules::DeliveryChange::returned,
                                     .at = arrived.at}};
}

// Inputs that name a delivery by its key, for the engine to look up what the store keeps of it.
template <class T>
concept NamesDelivery = requires(T& input) {
  { input.delivery } -> std::same_as<std::string&>;
  { input.message } -> std::same_as<std::optional<rules::Delivery>&>;
};

// The key that an input names; nullptr where it names none.
const std::string* named_delivery(const rules::Input& input) {
  return std::visit(
      []<class T>(const T& its) -> const std::string* {
        if constexpr (NamesDelivery<T>) return its.delivery.empty() ? nullptr : &its.delivery;
        return nullptr;
      },
      input);
}

// What was looked up for it; nullptr where nothing was.
const rules::Delivery* known_delivery(const rules::Input& input) {
  return std::visit(
      []<class T>(const T& its) -> const rules::Delivery* {
        if constexpr (NamesDelivery<T>) return its.message ? &*its.message : nullptr;
        return nullptr;
      },
      input);
}

}  // namespace

Engine::Engine(store::EngineStore& store, std::shared_ptr<const rules::Book> book,
               EngineOptions options)
    : store_(store), book_(std::move(book)), options_(options) {}

bool Engine::is_set_aside(const Arrived& arrived) const {
  return set_aside_number(arrived.input) == 0 &&
         set_aside_.contains(to_set_aside(arrived.input, arrived.at).fingerprint);
}

base::Result<BatchResult> Engine::process(const std::vector<Arrived>& inputs, Instant now,
                                          Timers timers) {
  if (set_aside_.empty()) return process_taken(inputs, now, timers);
  std::vector<Arrived> taken;
  BatchResult dropped;
  for (const auto& arrived : inputs) {
    if (!is_set_aside(arrived)) {
      taken.push_back(arrived);
      continue;
    }
    ++dropped.set_aside;
    if (auto forgotten = forgotten_claim(arrived)) {
      dropped.deliveries.push_back(*std::move(forgotten));
    }
  }
  auto result = process_taken(taken, now, timers);
  if (!result) return result;
  result->inputs = inputs.size();
  result->set_aside = dropped.set_aside;
  result->deliveries.insert(result->deliveries.end(), dropped.deliveries.begin(),
                            dropped.deliveries.end());
  return result;
}

base::Result<BatchResult> Engine::process_taken(const std::vector<Arrived>& inputs, Instant now,
                                                Timers timers) {
  base::Result<std::vector<store::Due>> due;
  const std::size_t wakes_max = timers == Timers::one ? 1 : options_.batch_wakes_max;
  if (timers != Timers::later) due = store_.due(now, wakes_max);
  if (!due) return base::fail(due.error());
  const bool rejudge = timers != Timers::later && !rejudge_.empty();
  if (inputs.empty() && due->empty() && !rejudge) return BatchResult{};
  BatchWork work(*this, now, timers);
  if (const auto loaded = work.load(inputs, *due); !loaded) return base::fail(loaded.error());
  work.run(inputs, *due);
  auto result = work.commit();
  if (!result) return result;
  rejudge_ = work.take_rejudge();
  result->inputs = inputs.size();
  result->wakes = due->size();
  for (const auto& timer : *due) result->due.push_back(timer.due);
  result->more = due->size() == wakes_max || !rejudge_.empty();
  return result;
}

base::Result<std::optional<Instant>> Engine::next_due() {
  if (!rejudge_.empty()) return std::optional(base::instant_min);
  return store_.next_due();
}

base::Result<void> Engine::BatchWork::load(const std::vector<Arrived>& inputs,
                                           const std::vector<store::Due>& due) {
  using Kind = store::IdentityKey::Kind;
  const auto identity = [&](Kind kind, const std::string& value) {
    if (!value.empty()) request_.identities.push_back({kind, value});
  };
  for (const auto& arrived : inputs) {
    if (const auto* event = std::get_if<EventInput>(&arrived.input)) {
      identity(Kind::user, event->who.user_id);
      identity(Kind::anonymous, event->who.anonymous_id);
      identity(Kind::user, event->who.previous_id);
      identity(Kind::anonymous, event->who.previous_id);
      if (event->who.contact) request_.contacts.push_back(event->who.contact);
      if (event->who.address) {
        const Who met = met_by(*event->who.address);
        identity(Kind::user, met.user_id);
        identity(Kind::anonymous, met.anonymous_id);
        request_.addresses.push_back(*event->who.address);
      }
      for (const auto& [channel, value] : event->event.change.addresses) {
        if (!value.empty()) request_.addresses.push_back({channel, value});
      }
      if (event->message_id) request_.message_ids.push_back(*event->message_id);
    } else if (const auto* contact = std::get_if<ContactInput>(&arrived.input)) {
      request_.contacts.push_back(contact->contact);
      if (contact->message_id) request_.message_ids.push_back(*contact->message_id);
      if (auto found = load_named_delivery(arrived.input, contact->input); !found) return found;
    } else {
      request_.addresses.push_back(std::get<AddressInput>(arrived.input).address);
    }
  }
  for (const auto& timer : due) request_.contacts.push_back(timer.contact);
  request_.contacts.insert(request_.contacts.end(), engine_.rejudge_.begin(),
                           engine_.rejudge_.end());
  auto loaded = engine_.store_.load(request_);
  if (!loaded) return base::fail(loaded.error());
  for (std::size_t i = 0; i < request_.identities.size(); ++i) {
    if (loaded->identities[i]) identities_[request_.identities[i]] = *loaded->identities[i];
  }
  known_messages_ = loaded->known;
  adopt(*std::move(loaded));
  // Whoever holds an address that an input names is known only now.
  store::LoadRequest holders;
  for (const auto& arrived : inputs) {
    const auto* input = std::get_if<AddressInput>(&arrived.input);
    const auto* event = std::get_if<EventInput>(&arrived.input);
    const rules::Address* named = nullptr;
    if (input != nullptr) named = &input->address;
    if (event != nullptr && event->who.address) named = &*event->who.address;
    if (named == nullptr) continue;
    const auto state = addresses_.find(rules::to_key(*named));
    if (state == addresses_.end()) continue;
    for (const auto holder : state->second.holders) {
      if (!contacts_.contains(holder.value)) holders.contacts.push_back(holder);
    }
  }
  if (holders.contacts.empty()) return {};
  auto more = engine_.store_.load(holders);
  if (!more) return base::fail(more.error());
  adopt(*std::move(more));
  return {};
}

base::Result<void> Engine::BatchWork::load_named_delivery(const EngineInput& key,
                                                          const rules::Input& input) {
  const std::string* const named = named_delivery(input);
  if (named == nullptr) return {};
  auto delivery = engine_.store_.delivery(*named);
  if (!delivery) return base::fail(delivery.error());
  if (!*delivery) return {};
  // The contact may have another address by now; a call has none.
  if (!(*delivery)->is_call()) request_.addresses.push_back((*delivery)->to);
  named_deliveries_.emplace(&key, *std::move(*delivery));
  return {};
}

// The input with the delivery that it names, as it stands now: an earlier input of the batch may
// have changed it.
rules::Input Engine::BatchWork::with_delivery(const EngineInput& key,
                                              const rules::Input& input) const {
  const auto found = named_deliveries_.find(&key);
  if (found == named_deliveries_.end()) return input;
  rules::Delivery delivery = found->second;
  const auto changed =
      std::find_if(batch_.deliveries.rbegin(), batch_.deliveries.rend(),
                   [&](const rules::Delivery& written) { return written.key == delivery.key; });
  if (changed != batch_.deliveries.rend()) delivery = *changed;
  rules::Input named = input;
  std::visit(
      [&]<class T>(T& its) {
        if constexpr (NamesDelivery<T>) its.message = std::move(delivery);
      },
      named);
  return named;
}

// Of the inputs with a messageId, in their order.
bool Engine::BatchWork::is_repeat(const std::optional<store::DedupKey>& message_id) {
  if (!message_id) return false;
  if (known_messages_[messages_judged_++]) {
    ++result_.duplicates;
    return true;
  }
  batch_.message_ids.push_back(*message_id);
  return false;
}

void Engine::BatchWork::adopt(store::Loaded loaded) {
  for (auto& stored : loaded.contacts) {
    Working working{
        .contact = std::move(stored.contact), .wake_before = stored.wake, .wake = stored.wake};
    working.standing_before = standing_of(working.contact);
    contacts_.try_emplace(working.contact.id.value, std::move(working));
  }
  for (auto& state : loaded.addresses) {
    std::string key = rules::to_key(state.address);
    addresses_.try_emplace(std::move(key), std::move(state));
  }
  for (const auto& merge : loaded.merged) merged_[merge.from.value] = merge.into;
}

void Engine::BatchWork::run(const std::vector<Arrived>& inputs,
                            const std::vector<store::Due>& due) {
  for (const auto& [arrived, at] : inputs) {
    if (const auto number = set_aside_number(arrived); number != 0) {
      batch_.set_aside_done.push_back(number);
    }
    if (const auto* event = std::get_if<EventInput>(&arrived)) {
      if (!is_repeat(event->message_id)) take_event(*event, at);
    } else if (const auto* contact = std::get_if<ContactInput>(&arrived)) {
      if (is_repeat(contact->message_id)) continue;
      advance(current(contact->contact), with_delivery(arrived, contact->input), at);
    } else {
      const auto& input = std::get<AddressInput>(arrived);
      const auto state = addresses_.find(rules::to_key(input.address));
      if (state == addresses_.end()) continue;
      for (const auto holder : std::vector(state->second.holders)) advance(holder, input.input, at);
    }
  }
  for (const auto& timer : due) advance(current(timer.contact), rules::Wake{}, now_);
  if (timers_ == Timers::later) {
    rejudge_later_ = engine_.rejudge_;
    rejudge_later_.insert(rejudge_later_.end(), rejudge_now_.begin(), rejudge_now_.end());
    return;
  }
  for (const auto id : engine_.rejudge_) advance(current(id), rules::Rejudge{}, now_);
  rejudge_others();
}

// One round: what a rejudged contact frees for yet others is done by the next batch.
void Engine::BatchWork::rejudge_others() {
  const auto asked = std::exchange(rejudge_now_, {});
  for (const auto id : asked) {
    if (contacts_.contains(id.value)) {
      advance(id, rules::Rejudge{}, now_);
    } else {
      rejudge_later_.push_back(id);
    }
  }
  rejudge_later_.insert(rejudge_later_.end(), rejudge_now_.begin(), rejudge_now_.end());
}

std::optional<cel::Value> Engine::BatchWork::advance(rules::ContactId id, const rules::Input& input,
                                                     Instant at) {
  const auto found = contacts_.find(id.value);
  if (found == contacts_.end()) return std::nullopt;
  Working& working = found->second;
  rules::Snapshot snapshot;
  const auto want = [&](const rules::Address& address) {
    const auto state = addresses_.find(rules::to_key(address));
    if (state == addresses_.end()) return;
    for (const auto& taken : snapshot.addresses) {
      if (taken.address == state->second.address) return;
    }
    snapshot.addresses.push_back(state->second);
  };
  for (const auto& [channel, value] : working.contact.addresses) want({channel, value});
  for (const auto& pending : working.contact.pending) {
    for (const auto& target : pending.targets) want(target.address);
  }
  if (const auto* event = std::get_if<rules::Event>(&input)) {
    for (const auto& [channel, value] : event->change.addresses) want({channel, value});
  }
  if (const auto* suppress = std::get_if<rules::Suppress>(&input)) {
    if (const auto address = rules::suppressed_address(*suppress, working.contact)) want(*address);
  }
  if (const auto* delivery = known_delivery(input)) want(delivery->to);
  snapshot.contact = std::move(working.contact);
  const Refusals refused{snapshot.contact.consents, snapshot.contact.suppression};
  const auto addresses_before = snapshot.addresses;
  // What is behind a link is repeated by mail programs and replayed by others: that alone is worth
  // asking whether anything changed.
  const bool is_repeatable = std::holds_alternative<rules::Suppress>(input) ||
                             std::holds_alternative<rules::Choice>(input);
  std::optional<rules::Contact> before;
  if (is_repeatable) before = snapshot.contact;
  auto transition = rules::advance(*engine_.book_, engine_.pauses_, std::move(snapshot), input, at,
                                   {.trace_steps = engine_.options_.trace_steps});
  working.contact = std::move(transition.next.contact);
  working.changed |= !before || *before != working.contact || working.wake != transition.wake;
  working.wake = transition.wake;
  journal(refused, working.contact, at);
  for (auto& state : transition.next.addresses) {
    const auto known =
        std::ranges::find(addresses_before, state.address, &rules::AddressState::address);
    if (known != addresses_before.end() && *known == state) continue;
    journal(known == addresses_before.end() ? std::nullopt : known->suppression, state,
            working.contact.id, at);
    std::string key = rules::to_key(state.address);
    addresses_changed_.insert(key);
    addresses_[std::move(key)] = std::move(state);
  }
  auto understood = std::exchange(transition.understood, std::nullopt);
  collect(std::move(transition), working.contact);
  return understood;
}

// However a refusal came about (a link, a complaint told by another system, a trait, a bounce, an
// operator, a merge), it shows in what changed.
void Engine::BatchWork::journal(const Refusals& before, const rules::Contact& contact, Instant at) {
  for (const auto& [channel, consent] : contact.consents) {
    if (consent.given) continue;
    const auto known = before.consents.find(channel);
    const bool is_known = known != before.consents.end() && !known->second.given &&
                          known->second.source == consent.source;
    if (is_known) continue;
    batch_.journal.emplace_back(store::WithdrawalRecord{at, contact.id, channel, consent.source});
  }
  if (!contact.suppression || contact.suppression == before.suppression) return;
  batch_.journal.emplace_back(store::SuppressionRecord{
      at, contact.id, std::nullopt, contact.suppression->scope, contact.suppression->reason});
}

void Engine::BatchWork::journal(const std::optional<rules::Suppression>& before,
                                const rules::AddressState& state, rules::ContactId contact,
                                Instant at) {
  if (!state.suppression || state.suppression == before) return;
  batch_.journal.emplace_back(store::SuppressionRecord{
      at, contact, state.address, state.suppression->scope, state.suppression->reason});
}

void Engine::BatchWork::collect(rules::Transition transition, const rules::Contact& contact) {
  for (auto& event : transition.emitted) batch_.events.push_back({contact.id, std::move(event)});
  for (auto& decision : transition.decisions) {
    if (engine_.options_.keep_decisions) {
      result_.decisions.push_back({contact.id, contact.user_id, decision});
    }
    batch_.decisions.push_back({contact.id, std::move(decision)});
  }
  for (auto& delivery : transition.deliveries) {
    notice(delivery, contact);
    // What is no message counts in no mix, and asking for it again after a loss harms nobody.
    if (delivery.change == rules::DeliveryChange::committing && !delivery.is_call()) {
      batch_.journal.emplace_back(store::DepartureRecord{delivery.at, delivery.contact, delivery.to,
                                                         delivery.kind, delivery.key});
    }
    // A claim of what is not known any more is answered, and leaves the store as it is.
    const bool is_known = !delivery.message.empty() || delivery.is_call();
    if (is_known) batch_.deliveries.push_back(std::move(delivery));
  }
  for (auto& notification : transition.notifications) {
    result_.notifications.push_back(notification);
    batch_.notifications.push_back(std::move(notification));
  }
  for (auto& passage : transition.passages) result_.passages.push_back(std::move(passage));
  rejudge_now_.insert(transition.rejudge.begin(), transition.rejudge.end());
}

void Engine::BatchWork::notice(const rules::Delivery& delivery, const rules::Contact& contact) {
  DeliveryNotice notice{.delivery = delivery,
                        .contact = contact.user_id,
                        .locale = contact.locale,
                        .timezone = contact.timezone};
  if (delivery.change == rules::DeliveryChange::committing && !delivery.is_call()) {
    const auto enrollment =
        std::ranges::find(contact.enrollments, delivery.enrollment, &rules::Enrollment::number);
    if (engine_.options_.for_rendering) {
      notice.data = rules::render_data(
          *engine_.book_, contact, enrollment == contact.enrollments.end() ? nullptr : &*enrollment,
          delivery.at);
    }
    notice.choices = rules::shown_choices(*engine_.book_, contact, delivery, delivery.at);
  }
  result_.deliveries.push_back(std::move(notice));
}

base::Result<BatchResult> Engine::BatchWork::commit() {
  std::map<std::tuple<std::string, std::string, std::uint32_t>, std::int64_t> standing;
  for (auto& [id, working] : contacts_) {
    if (!working.changed) continue;
    for (const auto& at : working.standing_before) --standing[{at.playbook, at.version, at.step}];
    for (const auto& at : standing_of(working.contact)) {
      ++standing[{at.playbook, at.version, at.step}];
    }
    batch_.contacts.push_back({std::move(working.contact), working.wake_before, working.wake});
  }
  for (auto& [at, change] : standing) {
    if (change == 0) continue;
    batch_.standing.push_back({std::get<0>(at), std::get<1>(at), std::get<2>(at), change});
  }
  for (const auto& key : addresses_changed_)
    batch_.addresses.push_back(std::move(addresses_.at(key)));
  for (const auto& key : identities_changed_)
    batch_.identities.push_back({key, identities_.at(key)});
  result_.events = batch_.events.size();
  if (store::is_empty(batch_)) return std::move(result_);
  if (auto done = engine_.store_.commit_last(std::move(batch_)); !done) {
    return base::fail(done.error());
  }
  return std::move(result_);
}

}  // namespace nurtured::daemon

// What the journal beside a store has that a restored backup does not: departures and refusals,
// brought back through the rules.
#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "daemon/backup.h"
#include "daemon/engine.h"

namespace nurtured::daemon {
namespace {

using base::Instant;
using base::Result;

// The parts of a delivery's key (rules::delivery_key).
struct DeliveryName {
  std::int64_t contact = 0;
  std::int64_t enrollment = 0;
  std::int64_t step = 0;
  std::int64_t turn = 0;
};

std::optional<DeliveryName> parse_key(std::string_view key) {
  DeliveryName name;
  for (std::int64_t* part : {&name.contact, &name.enrollment, &name.step, &name.turn}) {
    const char* end = key.data() + key.size();
    const auto [rest, error] = std::from_chars(key.data(), end, *part);
    if (error != std::errc{} || rest == end || *rest != '.' || *part < 0) return std::nullopt;
    key.remove_prefix(static_cast<std::size_t>(rest - key.data()) + 1);
  }
  constexpr std::int64_t most = rules::no_step;
  if (name.step >= most || name.turn >= most) return std::nullopt;
  return name;
}

rules::ContactId contact_in(const store::JournalRecord& record) {
  return std::visit([](const auto& value) { return value.contact; }, record);
}
Instant moment_of(const store::JournalRecord& record) {
  return std::visit([](const auto& value) { return value.at; }, record);
}

class Replay {
 public:
  Replay(store::Store& store, std::shared_ptr<const rules::Book> book, RestoreReport& report)
      : store_(store),
        book_(std::move(book)),
        // Timers fire for the contacts of the journal alone, each at the moments that it tells.
        engine_(store, book_, {.batch_wakes_max = 0, .keep_decisions = false}),
        report_(report) {}

  Result<void> run(const std::vector<store::JournalRecord>& records) {
    // Of several tries of one delivery the last is the one that may have arrived.
    std::map<std::string_view, Instant> last_try;
    rules::ContactId highest;
    for (const auto& record : records) {
      highest = std::max(highest, contact_in(record));
      if (const auto* departure = std::get_if<store::DepartureRecord>(&record)) {
        auto& last = last_try[departure->delivery];
        last = std::max(last, departure->at);
      }
    }
    for (const auto& record : records) {
      const auto* departure = std::get_if<store::DepartureRecord>(&record);
      if (departure != nullptr && last_try[departure->delivery] != departure->at) continue;
      const auto done = std::visit([&](const auto& value) { return take(value); }, record);
      if (!done) return done;
    }
    // Links and Message-IDs in the world name those contacts.
    rules::ContactId next;
    while (next < highest) next = store_.allocate();
    store::Batch batch;
    batch.now = records.empty() ? Instant{} : moment_of(records.back());
    return store_.commit(batch);
  }

 private:
  Result<BatchResult> process(rules::ContactId contact, rules::Input input, Instant at) {
    std::vector<Arrived> inputs;
    inputs.push_back({ContactInput{contact, std::move(input)}, at});
    return engine_.process(inputs, at);
  }

  // The contact as stored, following a merge; none when the backup does not know it.
  Result<std::optional<store::StoredContact>> load(rules::ContactId id,
                                                   std::vector<rules::Address> addresses,
                                                   std::vector<rules::AddressState>& states) {
    store::LoadRequest request;
    request.contacts.push_back(id);
    request.addresses = std::move(addresses);
    auto loaded = store_.load(request);
    if (!loaded) return base::fail(loaded.error());
    states = std::move(loaded->addresses);
    if (loaded->contacts.empty()) return std::optional<store::StoredContact>();
    return std::optional(std::move(loaded->contacts.front()));
  }

  // ---- departures

  Result<void> take(const store::DepartureRecord& record) {
    const auto known = store_.delivery(record.delivery);
    if (!known) return base::fail(known.error());
    if (*known && (*known)->change != rules::DeliveryChange::ready && (*known)->at >= record.at) {
      return {};
    }
    ++report_.departures;
    std::vector<rules::AddressState> states;
    auto stored = load(record.contact, {record.to}, states);
    if (!stored) return base::fail(stored.error());
    if (!*stored) return note_address(record, std::move(states));
    // The usual case: the rules come to the same message by themselves when the clock is moved on.
    const auto claimed = process(record.contact, rules::Claim{record.delivery}, record.at);
    if (!claimed) return base::fail(claimed.error());
    const bool leaves = std::ranges::any_of(claimed->deliveries, [&](const auto& notice) {
      return notice.delivery.key == record.delivery &&
             notice.delivery.change == rules::DeliveryChange::committing;
    });
    if (!leaves) {
      if (auto forced = force(record); !forced) return forced;
    }
    const auto done =
        process(record.contact, rules::Outcome{.delivery = record.delivery}, record.at);
    if (!done) return base::fail(done.error());
    return {};
  }

  // The events that led to it are lost: the contact is put where the journal says it stood, at the
  // message on its way.
  Result<void> force(const store::DepartureRecord& record) {
    std::vector<rules::AddressState> states;
    auto stored = load(record.contact, {record.to}, states);
    if (!stored) return base::fail(stored.error());
    if (!*stored) return {};
    rules::Contact& contact = (*stored)->contact;
    rules::AddressState& address = state_of(record.to, states);
    store::Batch batch;
    batch.now = record.at;
    if (rules::is_marketing(record.kind)) {
      const std::size_t window = book_->settings().mix.window;
      contact.ledger.depart({record.at, record.kind}, window);
      address.ledger.depart({record.at, record.kind}, window);
    }
    const auto name = parse_key(record.delivery);
    // A contact that was merged meanwhile has its enrollments under other numbers.
    if (name && name->contact == contact.id.value) {
      // Later enrollments must not take the keys of those that are lost.
      contact.enrollments_made = std::max(contact.enrollments_made, name->enrollment);
      place_at_message(record, *name, contact, address, batch);
    }
    batch.addresses.push_back(address);
    const auto wake = (*stored)->wake;
    batch.contacts.push_back({std::move(contact), wake, wake});
    return store_.commit(batch);
  }

  void place_at_message(const store::DepartureRecord& record, const DeliveryName& name,
                        rules::Contact& contact, rules::AddressState& address,
                        store::Batch& batch) const {
    const auto enrollment =
        std::ranges::find(contact.enrollments, name.enrollment, &rules::Enrollment::number);
    if (enrollment == contact.enrollments.end() ||
        enrollment->state == rules::EnrollmentState::finished) {
      return;
    }
    const auto* version = book_->playbook(enrollment->playbook, enrollment->version);
    const auto index = static_cast<rules::StepIndex>(name.step);
    if (version == nullptr || index >= version->steps.size()) return;
    const rules::Step& step = version->steps[index];
    const rules::Send* send = rules::send_of(step.action);
    if (send == nullptr) return;
    release_slots(name.enrollment, contact, address);
    std::erase_if(contact.pending,
                  [&](const auto& pending) { return pending.enrollment == name.enrollment; });
    batch.standing.push_back({enrollment->playbook, enrollment->version, enrollment->step, -1});
    batch.standing.push_back({enrollment->playbook, enrollment->version, index, 1});
    enrollment->state = rules::EnrollmentState::sending;
    enrollment->step = index;
    enrollment->turn = std::max(enrollment->turn, static_cast<std::uint32_t>(name.turn) + 1);
    enrollment->since = record.at;
    enrollment->due.reset();
    rules::Pending pending{
        .enrollment = name.enrollment,
        .playbook = enrollment->playbook,
        .version = enrollment->version,
        .step = index,
        .turn = static_cast<std::uint32_t>(name.turn),
        .step_id = step.id,
        .message = send->message,
        .since = record.at,
        .hold_until = rules::add(record.at, send->hold, book_->zone(contact.timezone)),
        .reason_since = record.at};
    pending.targets.push_back({.address = record.to,
                               .state = rules::TargetState::committing,
                               .attempt = 1,
                               .departed = record.at});
    contact.pending.push_back(std::move(pending));
  }

  // What the enrollment had on its way is replaced by what the journal tells.
  static void release_slots(std::int64_t enrollment, rules::Contact& contact,
                            rules::AddressState& address) {
    for (const auto& pending : contact.pending) {
      if (pending.enrollment != enrollment) continue;
      for (const auto& target : pending.targets) {
        const auto key = rules::delivery_key(contact.id, pending, target.address.channel);
        if (contact.ledger.in_flight == key) contact.ledger.in_flight.clear();
        if (address.ledger.in_flight == key) address.ledger.in_flight.clear();
      }
    }
  }

  static rules::AddressState& state_of(const rules::Address& address,
                                       std::vector<rules::AddressState>& states) {
    const auto found = std::ranges::find(states, address, &rules::AddressState::address);
    if (found != states.end()) return *found;
    return states.emplace_back(rules::AddressState{.address = address});
  }

  Result<void> note_address(const store::DepartureRecord& record,
                            std::vector<rules::AddressState> states) {
    if (!rules::is_marketing(record.kind)) return {};
    rules::AddressState& address = state_of(record.to, states);
    const rules::Departure departure{record.at, record.kind};
    if (std::ranges::find(address.ledger.departures, departure) !=
        address.ledger.departures.end()) {
      return {};
    }
    address.ledger.depart(departure, book_->settings().mix.window);
    store::Batch batch;
    batch.now = record.at;
    batch.addresses.push_back(std::move(address));
    return store_.commit(batch);
  }

  // ---- refusals

  Result<void> take(const store::SuppressionRecord& record) {
    ++report_.suppressions;
    std::vector<rules::AddressState> states;
    std::vector<rules::Address> addresses;
    if (record.address) addresses.push_back(*record.address);
    auto stored = load(record.contact, std::move(addresses), states);
    if (!stored) return base::fail(stored.error());
    if (*stored) {
      const auto done =
          process(record.contact,
                  rules::Suppress{
                      .scope = record.scope, .reason = record.reason, .address = record.address},
                  record.at);
      if (!done) return base::fail(done.error());
      return {};
    }
    // A person whom neither the backup nor an address tells of cannot be written to either.
    if (!record.address) return {};
    rules::AddressState& address = state_of(*record.address, states);
    const bool stricter =
        address.suppression && address.suppression->scope == rules::SuppressionScope::all;
    if (!stricter) {
      address.suppression = rules::Suppression{record.scope, record.at, record.reason};
    }
    store::Batch batch;
    batch.now = record.at;
    batch.addresses.push_back(std::move(address));
    return store_.commit(batch);
  }

  // Written past the rules: the event that told of it may have done other things, which are lost.
  Result<void> take(const store::WithdrawalRecord& record) {
    std::vector<rules::AddressState> states;
    auto stored = load(record.contact, {}, states);
    if (!stored) return base::fail(stored.error());
    if (!*stored) return {};
    rules::Contact& contact = (*stored)->contact;
    const auto known = contact.consents.find(record.channel);
    if (known != contact.consents.end() && known->second.at > record.at) return {};
    ++report_.suppressions;
    contact.consents[record.channel] = {.given = false, .at = record.at, .source = record.source};
    store::Batch batch;
    batch.now = record.at;
    const auto wake = (*stored)->wake;
    batch.contacts.push_back({std::move(contact), wake, wake});
    return store_.commit(batch);
  }

  Result<void> take(const store::ErasureRecord& record) {
    return take(store::SuppressionRecord{.at = record.at,
                                         .contact = record.contact,
                                         .scope = rules::SuppressionScope::all,
                                         .reason = "erased"});
  }

  store::Store& store_;
  std::shared_ptr<const rules::Book> book_;
  Engine engine_;
  RestoreReport& report_;
};

}  // namespace

base::Result<void> replay(store::Store& store, std::shared_ptr<const rules::Book> book,
                          const std::vector<store::JournalRecord>& records, RestoreReport& report) {
  return Replay(store, std::move(book), report).run(records);
}

}  // namespace nurtured::daemon

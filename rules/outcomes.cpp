// How what may leave fares: the dispatcher's claims, for which all gates are judged a last time,
// and the providers' answers.
#include <algorithm>

#include "rules/machine.h"
#include "rules/retry.h"

namespace nurtured::rules {
namespace {

// What passed the gates before its `hold` ran out may spend this long in the dispatcher's queue.
constexpr base::Milliseconds queue_time_max = std::chrono::minutes{15};

}  // namespace

void Machine::take_back(const Pending& pending, const Target& target, Kind kind) {
  if (!is_marketing(kind) || !target.departed) return;
  address_state(target.address).ledger.take_back({*target.departed, kind});
  // The deliveries of one `via: all` message are one message of the contact: it stays while another
  // one left.
  const bool another = std::ranges::any_of(pending.targets, [&](const Target& other) {
    return &other != &target && other.departed && other.state != TargetState::held &&
           other.state != TargetState::refused;
  });
  if (!another) contact().ledger.take_back({*target.departed, kind});
}

void Machine::handle(const Claim& claim) {
  if (Call* call = find_call(claim.delivery); call != nullptr && call->state == CallState::ready) {
    return this->claim(*call);
  }
  const auto [index, target] = find_delivery(claim.delivery);
  if (target == nullptr || target->state != TargetState::ready) {
    // Withdrawn meanwhile: the dispatcher is told to forget it.
    out_.deliveries.push_back({.key = claim.delivery,
                               .contact = contact().id,
                               .change = DeliveryChange::returned,
                               .at = now_});
    return;
  }
  Pending& pending = contact().pending[index];
  const MessageInfo* message = book_.message(pending.message);
  const bool another_left = std::ranges::any_of(pending.targets, [&](const Target& other) {
    return &other != target && other.departed.has_value();
  });
  Verdict verdict;
  if (message == nullptr) {
    verdict.reason = Reason::failed;
  } else if (another_left) {
    verdict.reason = judge_address(book_, out_.next, message->kind, target->address);
  } else if ((pending.expires && *pending.expires <= now_) ||
             pending.hold_until + queue_time_max < now_) {
    verdict.reason = Reason::expired;
  } else {
    verdict = judge(book_, pauses_, out_.next, find_enrollment(pending.enrollment), *message,
                    pending, route_of(book_, pending), now_);
    if (verdict.allowed() &&
        std::ranges::find(verdict.targets, target->address) == verdict.targets.end()) {
      verdict.reason = Reason::unreachable;  // another channel became the better one
    }
  }
  const Kind kind = message == nullptr ? Kind::value : message->kind;
  if (!verdict.allowed()) {
    target->state = TargetState::held;
    --target->attempt;
    push_delivery(pending, *target, DeliveryChange::returned, kind);
    free_slot(claim.delivery, target->address);
    return;
  }
  target->state = TargetState::committing;
  target->departed = now_;
  if (is_marketing(kind)) {
    const std::size_t window = book_.settings().mix.window;
    address_state(target->address).ledger.depart({now_, kind}, window);
    if (!another_left) contact().ledger.depart({now_, kind}, window);
  }
  push_delivery(pending, *target, DeliveryChange::committing, kind);
}

void Machine::handle(const Outcome& outcome) {
  if (Call* call = find_call(outcome.delivery)) return answered(*call, outcome);
  const auto [index, target] = find_delivery(outcome.delivery);
  if (target == nullptr || !in_flight(*target)) return;
  const Pending& pending = contact().pending[index];
  const MessageInfo* message = book_.message(pending.message);
  const Kind kind = message == nullptr ? Kind::value : message->kind;
  target->connector_reason = outcome.reason;
  switch (outcome.kind) {
    case OutcomeKind::delivered:
      return delivered(index, *target, kind);
    case OutcomeKind::deferred:
      return deferred(index, *target, kind, outcome);
    case OutcomeKind::refused_address:
    case OutcomeKind::refused_mailbox:
    case OutcomeKind::refused_message:
      return refused(index, *target, kind, outcome);
    case OutcomeKind::uncertain:
      return uncertain(index, *target, kind);
    case OutcomeKind::failed:
      return render_failed(index, *target, kind, outcome.reason);
    case OutcomeKind::unsent:
      take_back(pending, *target, kind);
      target->state = TargetState::held;
      target->departed.reset();
      push_delivery(pending, *target, DeliveryChange::returned, kind);
      free_slot(outcome.delivery, target->address);
      return resolve(index);
  }
}

void Machine::delivered(std::size_t index, Target& target, Kind kind) {
  Pending& pending = contact().pending[index];
  const bool first = std::ranges::none_of(
      pending.targets, [](const Target& other) { return other.state == TargetState::departed; });
  target.state = TargetState::departed;
  const Instant departed = target.departed.value_or(now_);
  push_delivery(pending, target, DeliveryChange::departed, kind);
  free_slot(delivery_key(contact().id, pending, target.address.channel), target.address);
  Decision& decision = record("send", pending, kind);
  decision.to = target.address;
  decision.delivery = delivery_key(contact().id, pending, target.address.channel);
  if (first && is_marketing(kind)) touched(departed);
  if (first) had_piece(pending.message);
  remember_last(pending, target, kind);
  const std::string key = decision.delivery;
  if (auto* enrollment = find_enrollment(pending.enrollment)) {
    hops_ = hops_of(*enrollment);
    if (first && !is_marketing(kind)) {
      enrollment->pace += static_cast<std::uint32_t>(limits_.unheld_message_steps);
    }
  }
  emit("message.sent",
       message_properties(pending.message, kind, target.address.channel, pending.playbook));
  // While the step still stands at the message: a wait_for right after it listens already, and a
  // stop comes before the next step.
  drain_events();
  const auto [left, still_there] = find_delivery(key);
  if (still_there != nullptr) resolve(left);
}

void Machine::remember_last(const Pending& pending, const Target& target, Kind kind) {
  if (!pending.text.empty()) return;
  auto& all = contact().last_messages;
  LastMessage last{target.address.channel, pending.message, kind, pending.playbook};
  const auto known = std::ranges::find(all, last.channel, &LastMessage::channel);
  if (known == all.end()) {
    all.push_back(std::move(last));
  } else {
    *known = std::move(last);
  }
}

// After the outcome of one delivery. The deliveries of `via: all` are one message: when none is on
// its way any more and one has left, the message is done, and what was deferred on another channel
// is not tried again.
void Machine::resolve(std::size_t index) {
  const Pending& pending = contact().pending[index];
  if (!in_flight(pending) && has_left(pending)) complete(index, true);
}

void Machine::deferred(std::size_t index, Target& target, Kind kind, const Outcome& outcome) {
  const Pending& pending = contact().pending[index];
  const std::string key = delivery_key(contact().id, pending, target.address.channel);
  take_back(pending, target, kind);
  const base::Milliseconds delay = retry_delay(key, target.attempt, outcome.retry_after);
  target.state = TargetState::held;
  target.departed.reset();
  target.not_before = now_ + delay;
  push_delivery(pending, target, DeliveryChange::returned, kind);
  free_slot(key, target.address);
  if (now_ + delay - pending.since > retry_for_max && target.attempt > 1) {
    target.state = TargetState::refused;
    target.not_before.reset();
    target.connector_reason = "no success within 72 hours: " + outcome.reason;
  }
  resolve(index);
}

void Machine::refused(std::size_t index, Target& target, Kind kind, const Outcome& outcome) {
  const Pending& pending = contact().pending[index];
  const std::string key = delivery_key(contact().id, pending, target.address.channel);
  take_back(pending, target, kind);
  target.state = TargetState::refused;
  target.departed.reset();
  push_delivery(pending, target, DeliveryChange::refused, kind);
  free_slot(key, target.address);
  const Address address = target.address;
  Decision& decision = record("fail", pending, kind);
  decision.to = address;
  decision.reason = Reason::refused;
  decision.delivery = key;
  decision.detail = outcome.reason;
  if (outcome.kind != OutcomeKind::refused_message) {
    const bool hard = outcome.kind == OutcomeKind::refused_address;
    bounce(address, hard ? BounceClass::address : BounceClass::mailbox,
           message_properties(pending.message, kind, address.channel, pending.playbook),
           outcome.reason);
  }
  resolve(index);
}

void Machine::uncertain(std::size_t index, Target& target, Kind kind) {
  const Pending& pending = contact().pending[index];
  // Its answer came before the doubt: it had left.
  const Enrollment* enrollment = find_enrollment(pending.enrollment);
  const bool is_answered = enrollment != nullptr && enrollment->step == pending.step &&
                           enrollment->state == EnrollmentState::sending &&
                           !enrollment->early.is_null();
  if (is_answered && !has_left(pending)) return delivered(index, target, kind);
  const std::string key = delivery_key(contact().id, pending, target.address.channel);
  free_slot(key, target.address);
  Decision& decision = record("fail", pending, kind);
  decision.to = target.address;
  decision.reason = Reason::uncertain;
  decision.delivery = key;
  decision.detail = target.connector_reason;
  if (kind == Kind::receipt || kind == Kind::reply) {
    // A missing receipt harms more than a second one: it is sent again. `departed` stays, for it
    // may have left, and what comes back of it shows that it did: left_after_all().
    target.state = TargetState::held;
    target.not_before = now_ + retry_delay(key, target.attempt);
    push_delivery(pending, target, DeliveryChange::returned, kind);
    return;
  }
  target.state = TargetState::uncertain;
  push_delivery(pending, target, DeliveryChange::uncertain, kind);
  resolve(index);
}

void Machine::left_after_all(std::int64_t number) {
  const Enrollment* enrollment = find_enrollment(number);
  if (enrollment == nullptr) return;
  for (std::size_t i = 0; i < contact().pending.size(); ++i) {
    Pending& pending = contact().pending[i];
    if (pending.enrollment != number || pending.step != enrollment->step) continue;
    const auto target = std::ranges::find_if(pending.targets, [](const Target& its) {
      return its.state == TargetState::held && its.departed.has_value();
    });
    if (target == pending.targets.end()) continue;
    const MessageInfo* message = book_.message(pending.message);
    target->not_before.reset();
    return delivered(i, *target, message == nullptr ? Kind::reply : message->kind);
  }
}

void Machine::render_failed(std::size_t index, Target& target, Kind kind,
                            const std::string& reason) {
  const Pending& pending = contact().pending[index];
  take_back(pending, target, kind);
  target.state = TargetState::refused;
  target.departed.reset();
  push_delivery(pending, target, DeliveryChange::returned, kind);
  free_slot(delivery_key(contact().id, pending, target.address.channel), target.address);
  if (in_flight(pending) || has_left(pending)) {
    Decision& decision = record("fail", pending, kind);
    decision.reason = Reason::failed;
    decision.detail = reason;
    return resolve(index);
  }
  Enrollment* enrollment = find_enrollment(pending.enrollment);
  if (enrollment != nullptr && enrollment->state == EnrollmentState::sending &&
      enrollment->step == pending.step) {
    // The step fails for this contact alone: it is shown, and goes on when it is retried.
    contact().pending.erase(contact().pending.begin() + static_cast<std::ptrdiff_t>(index));
    park(*enrollment, {.message = reason});
    return;
  }
  Decision& decision = record("fail", pending, kind);
  decision.reason = Reason::failed;
  decision.detail = reason;
  complete(index, false);
}

}  // namespace nurtured::rules

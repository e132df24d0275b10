// What may leave: who gets the contact's slot, what is held and why, and what the dispatcher's
// claims and outcomes do.
//
// One marketing message of a contact is in flight at a time, and one to an address. A slot that
// several want goes by priority, then value before engagement before offer, then age, playbook,
// step (CONTRACT section 4).
#include <algorithm>
#include <array>
#include <tuple>

#include "base/digest.h"
#include "rules/machine.h"

namespace nurtured::rules {
namespace {

// After a transient refusal; the last is repeated until three days have passed (reference: RFC 5321
// section 4.5.4.1 asks for 30 minutes between most attempts and days in all).
constexpr std::array<std::chrono::minutes, 6> retry_delays = {
    std::chrono::minutes{5},  std::chrono::minutes{15},  std::chrono::minutes{30},
    std::chrono::minutes{60}, std::chrono::minutes{120}, std::chrono::minutes{240}};
constexpr base::Milliseconds retry_for_max = std::chrono::hours{72};

// What passed the gates before its `hold` ran out may spend this long in the dispatcher's queue.
constexpr base::Milliseconds queue_time_max = std::chrono::minutes{15};

bool in_flight(const Target& target) {
  return target.state == TargetState::ready || target.state == TargetState::committing;
}
bool in_flight(const Pending& pending) {
  return std::ranges::any_of(pending.targets, [](const Target& t) { return in_flight(t); });
}
// It left, or may have left, on one channel at least.
bool has_left(const Pending& pending) {
  return std::ranges::any_of(pending.targets, [](const Target& target) {
    return target.state == TargetState::departed || target.state == TargetState::uncertain;
  });
}

// A fifth earlier or later, the same on every run, so that what was refused together does not come
// back together.
base::Milliseconds jittered(base::Milliseconds delay, const std::string& key,
                            std::uint32_t attempt) {
  const auto digest = base::sha256(key + "#" + std::to_string(attempt));
  const std::int64_t spread = delay.count() / 5;
  const std::int64_t drawn =
      (std::int64_t{digest[0]} * 256 + digest[1]) * 2 * spread / 65536 - spread;
  return delay + base::Milliseconds{drawn};
}

const Playbook* version_of(const Book& book, const Pending& pending) {
  return book.playbook(pending.playbook, pending.version);
}

}  // namespace

Route Machine::route_of(const Pending& pending) const {
  Route route;
  const Playbook* playbook = version_of(book_, pending);
  if (playbook != nullptr && pending.step < playbook->steps.size()) {
    if (const auto* send = std::get_if<Send>(&playbook->steps[pending.step].action)) {
      route.via = send->via.empty() ? playbook->via : send->via;
      route.all = send->via.empty() ? playbook->via_all : send->via_all;
    }
  }
  if (route.via.empty()) route.via = book_.settings().default_via;
  for (const auto& target : pending.targets) {
    if (target.state == TargetState::refused) route.refused.push_back(target.address.channel);
  }
  return route;
}

void Machine::push_delivery(const Pending& pending, const Target& target, DeliveryChange change,
                            Kind kind) {
  out_.deliveries.push_back({.key = delivery_key(contact().id, pending, target.address.channel),
                             .contact = contact().id,
                             .enrollment = pending.enrollment,
                             .playbook = pending.playbook,
                             .version = pending.version,
                             .step = pending.step_id,
                             .message = pending.message,
                             .kind = kind,
                             .to = target.address,
                             .attempt = target.attempt,
                             .change = change,
                             .at = now_,
                             .reason = target.connector_reason});
}

Decision& Machine::record(std::string action, const Pending& pending, Kind kind) {
  Decision& decision = out_.decisions.emplace_back();
  decision.at = now_;
  decision.action = std::move(action);
  decision.enrollment = pending.enrollment;
  decision.playbook = pending.playbook;
  decision.step = pending.step_id;
  decision.message = pending.message;
  decision.kind = kind;
  return decision;
}

std::pair<std::size_t, Target*> Machine::find_delivery(const std::string& key) {
  for (std::size_t i = 0; i < contact().pending.size(); ++i) {
    for (auto& target : contact().pending[i].targets) {
      if (delivery_key(contact().id, contact().pending[i], target.address.channel) == key) {
        return {i, &target};
      }
    }
  }
  return {0, nullptr};
}

void Machine::settle() {
  // Each pass either changes nothing or moves a message towards its end, so this ends.
  for (std::size_t pass = 0; pass < limits_.steps_max && settle_once(); ++pass) drain_events();
}

bool Machine::settle_once() {
  if (maintain_fill()) return true;
  if (contact().pending.empty()) return false;
  struct Candidate {
    std::size_t index;
    std::tuple<bool, int, Kind, Instant, std::string, std::uint32_t> order;
  };
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < contact().pending.size(); ++i) {
    const Pending& pending = contact().pending[i];
    if (in_flight(pending)) continue;
    const MessageInfo* message = book_.message(pending.message);
    if (message == nullptr) {
      skip(i, Reason::failed, "the message is gone");
      return true;
    }
    // It was on its way when its enrollment ended, and came back.
    if (pending.enrollment != 0 && !pending.by_hand &&
        find_enrollment(pending.enrollment) == nullptr) {
      skip(i, Reason::withdrawn, "");
      return true;
    }
    if (pending.expires && *pending.expires <= now_) {
      skip(i, Reason::expired, "");
      return true;
    }
    if (pending.hold_until < now_) {
      skip(i, pending.reason == Reason::none ? Reason::hold : pending.reason, "`hold` ran out");
      return true;
    }
    const Playbook* playbook = version_of(book_, pending);
    // A piece of fill has no playbook and comes last.
    const int priority = playbook == nullptr ? -1 : playbook->priority;
    candidates.push_back({i,
                          {is_marketing(message->kind), -priority, message->kind, pending.since,
                           pending.playbook, pending.step}});
  }
  std::ranges::stable_sort(candidates, {}, &Candidate::order);
  for (const Candidate& candidate : candidates) {
    if (settle_one(contact().pending[candidate.index])) return true;
  }
  return false;
}

// True when something changed that asks for another pass.
bool Machine::settle_one(Pending& pending) {
  const MessageInfo& message = *book_.message(pending.message);
  const Enrollment* enrollment = find_enrollment(pending.enrollment);
  Verdict verdict =
      judge(book_, pauses_, out_.next, enrollment, message, pending, route_of(pending), now_);
  if (verdict.allowed() && is_marketing(message.kind)) {
    const bool taken = !contact().ledger.in_flight.empty() ||
                       std::ranges::any_of(verdict.targets, [&](const Address& target) {
                         return !address_state(target).ledger.in_flight.empty();
                       });
    if (taken) verdict.reason = Reason::in_flight;
  }
  if (verdict.allowed()) {
    give_slot(pending, message, verdict);
    return false;
  }
  const auto index = static_cast<std::size_t>(&pending - contact().pending.data());
  if (verdict.skip) {
    skip(index, verdict.reason, verdict.detail);
    return true;
  }
  if (pending.hold_until == now_) {
    skip(index, verdict.reason == Reason::in_flight ? Reason::hold : verdict.reason,
         "`hold` ran out");
    return true;
  }
  const std::int64_t number = pending.enrollment;
  const bool asks_for_fill = hold(pending, verdict) && is_held_by_share(pending);
  // `while_held: go_on`: the later steps do not wait for it.
  if (verdict.reason != Reason::in_flight) {
    Enrollment* held = find_enrollment(number);
    const Playbook* playbook = version_of(book_, pending);
    if (held != nullptr && playbook != nullptr && held->state == EnrollmentState::sending &&
        held->step == pending.step) {
      const auto* send = std::get_if<Send>(&playbook->steps[pending.step].action);
      if (send != nullptr && send->go_on_while_held) {
        held->step = playbook->steps[pending.step].next;
        held->state = EnrollmentState::running;
        run_steps(number);
        return true;
      }
    }
  }
  return asks_for_fill;
}

void Machine::give_slot(Pending& pending, const MessageInfo& message, const Verdict& verdict) {
  std::vector<Target> kept;
  for (auto& target : pending.targets) {
    if (target.state == TargetState::refused || target.state == TargetState::departed) {
      kept.push_back(std::move(target));
    }
  }
  const auto former = std::exchange(pending.targets, {});
  for (const Address& address : verdict.targets) {
    Target target{.address = address};
    for (const auto& old : former) {
      if (old.address == address) target.attempt = old.attempt;
    }
    target.state = TargetState::ready;
    ++target.attempt;
    pending.targets.push_back(target);
    if (is_marketing(message.kind)) {
      const std::string key = delivery_key(contact().id, pending, address.channel);
      address_state(address).ledger.in_flight = key;
      contact().ledger.in_flight = key;
    }
    push_delivery(pending, target, DeliveryChange::ready, message.kind);
  }
  pending.targets.insert(pending.targets.end(), kept.begin(), kept.end());
  pending.reason = Reason::none;
  pending.until.reset();
}

// True when the reason is another one than before.
bool Machine::hold(Pending& pending, const Verdict& verdict) {
  const bool another = pending.reason != verdict.reason;
  const bool changed = another || pending.until != verdict.until;
  if (another) pending.reason_since = now_;
  // Waiting for the slot is over within moments: it is shown while it lasts, but not worth a line
  // in the log.
  if (changed && verdict.reason != Reason::in_flight) {
    const MessageInfo* message = book_.message(pending.message);
    Decision& decision = record("hold", pending, message->kind);
    decision.reason = verdict.reason;
    decision.until = verdict.until;
    decision.detail = verdict.detail;
    if (!verdict.targets.empty()) decision.to = verdict.targets.front();
  }
  pending.reason = verdict.reason;
  pending.until = verdict.until;
  return another;
}

void Machine::skip(std::size_t index, Reason reason, const std::string& detail) {
  const Pending& pending = contact().pending[index];
  const MessageInfo* message = book_.message(pending.message);
  Decision& decision = record("skip", pending, message == nullptr ? Kind::value : message->kind);
  decision.reason = reason;
  decision.detail = detail;
  complete(index, false);
}

// The message reached its end; its enrollment goes on, by `otherwise` when it was left out and that
// is set.
void Machine::complete(std::size_t index, bool departed) {
  const Pending pending = std::move(contact().pending[index]);
  contact().pending.erase(contact().pending.begin() + static_cast<std::ptrdiff_t>(index));
  if (pending.enrollment == 0) {
    // A piece of fill has had its turn however it ended: one that cannot be sent is not tried again
    // and again.
    had_piece(pending.message);
    contact().fill_last = now_;
  }
  Enrollment* enrollment = find_enrollment(pending.enrollment);
  const Playbook* playbook = version_of(book_, pending);
  if (enrollment == nullptr || playbook == nullptr || pending.step >= playbook->steps.size() ||
      enrollment->state != EnrollmentState::sending || enrollment->step != pending.step) {
    return;
  }
  const Step& step = playbook->steps[pending.step];
  const auto* send = std::get_if<Send>(&step.action);
  const bool otherwise = !departed && send != nullptr && send->otherwise != no_step;
  enrollment->step = otherwise ? send->otherwise : step.next;
  if (!departed) enrollment->early = {};
  enrollment->state = EnrollmentState::running;
  run_steps(pending.enrollment);
}

void Machine::free_slot(const std::string& key, const Address& address) {
  if (contact().ledger.in_flight == key) contact().ledger.in_flight.clear();
  AddressState& state = address_state(address);
  if (state.ledger.in_flight == key) state.ledger.in_flight.clear();
  for (const ContactId holder : state.holders) {
    if (holder != contact().id) out_.rejudge.push_back(holder);
  }
}

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

void Machine::handle(const Rejudge& rejudge) {
  if (!rejudge.deferred_too) return;
  for (Pending& pending : contact().pending) {
    for (Target& target : pending.targets) target.not_before.reset();
  }
}

void Machine::handle(const Claim& claim) {
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
                    pending, route_of(pending), now_);
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
  if (first && is_marketing(kind)) contact().touches.add(departed);
  if (first) had_piece(pending.message);
  const std::string key = decision.delivery;
  emit("message.sent",
       message_properties(pending.message, kind, target.address.channel, pending.playbook));
  // While the step still stands at the message: a wait_for right after it listens already, and a
  // stop comes before the next step.
  drain_events();
  const auto [left, still_there] = find_delivery(key);
  if (still_there != nullptr) resolve(left);
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
  const std::size_t step = std::min<std::size_t>(target.attempt, retry_delays.size());
  base::Milliseconds delay =
      jittered(retry_delays.at(step == 0 ? 0 : step - 1), key, target.attempt);
  if (outcome.retry_after) delay = std::max(*outcome.retry_after, base::Milliseconds{1000});
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
  const std::string key = delivery_key(contact().id, pending, target.address.channel);
  free_slot(key, target.address);
  Decision& decision = record("fail", pending, kind);
  decision.to = target.address;
  decision.reason = Reason::uncertain;
  decision.delivery = key;
  decision.detail = target.connector_reason;
  if (kind == Kind::receipt || kind == Kind::reply) {
    // A missing receipt harms more than a second one: it is sent again.
    target.state = TargetState::held;
    target.departed.reset();
    target.not_before = now_ + jittered(retry_delays.front(), key, target.attempt);
    push_delivery(pending, target, DeliveryChange::returned, kind);
    return;
  }
  target.state = TargetState::uncertain;
  push_delivery(pending, target, DeliveryChange::uncertain, kind);
  resolve(index);
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

void Machine::handle(const ResendDelivery& command) {
  const Delivery& old = command.delivery;
  const MessageInfo* message = book_.message(old.message);
  if (message == nullptr || find_delivery(old.key).second != nullptr) return;
  // It may have counted once already: what it took is given back before it is judged like any
  // other. Nothing of the contact left between its departure and the doubt about it.
  if (is_marketing(old.kind)) {
    contact().ledger.take_back_latest(old.kind, old.at);
    address_state(old.to).ledger.take_back_latest(old.kind, old.at);
  }
  Pending pending{.enrollment = old.enrollment,
                  .playbook = old.playbook,
                  .version = old.version,
                  .step_id = old.step,
                  .message = old.message,
                  .by_hand = true,
                  .since = now_,
                  .hold_until = add(now_, Span{.days = 30}, zone()),
                  .reason_since = now_};
  const Playbook* playbook = version_of(book_, pending);
  if (playbook != nullptr) {
    const StepIndex step = playbook->find_step(old.step);
    if (step != no_step) pending.step = step;
  }
  // The turn is part of the key: the same delivery goes again under the same Message-ID.
  const std::size_t channel_dot = old.key.rfind('.');
  const std::size_t turn_dot = old.key.rfind('.', channel_dot - 1);
  pending.turn = static_cast<std::uint32_t>(
      std::stoul(old.key.substr(turn_dot + 1, channel_dot - turn_dot - 1)));
  pending.targets.push_back({.address = old.to, .attempt = old.attempt});
  contact().pending.push_back(std::move(pending));
}

}  // namespace nurtured::rules

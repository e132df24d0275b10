// What may leave: who gets the contact's slot, what is held and why.
//
// One marketing message of a contact is in flight at a time, and one to an address. A slot that
// several want goes by priority, then value before engagement before offer, then age, playbook,
// step (CONTRACT section 4).
#include <algorithm>
#include <tuple>

#include "rules/machine.h"

namespace nurtured::rules {
namespace {

const Playbook* version_of(const Book& book, const Pending& pending) {
  return book.playbook(pending.playbook, pending.version);
}

}  // namespace

bool in_flight(const Target& target) {
  return target.state == TargetState::ready || target.state == TargetState::committing;
}
bool in_flight(const Pending& pending) {
  return std::ranges::any_of(pending.targets, [](const Target& t) { return in_flight(t); });
}
bool has_left(const Pending& pending) {
  return std::ranges::any_of(pending.targets, [](const Target& target) {
    return target.state == TargetState::departed || target.state == TargetState::uncertain;
  });
}

Route route_of(const Book& book, const Pending& pending) {
  Route route;
  const Playbook* playbook = version_of(book, pending);
  if (playbook != nullptr && pending.step < playbook->steps.size()) {
    if (const Send* send = send_of(playbook->steps[pending.step].action)) {
      route.via = send->via.empty() ? playbook->via : send->via;
      route.all = send->via.empty() ? playbook->via_all : send->via_all;
    }
  }
  if (route.via.empty()) route.via = book.settings().default_via;
  if (!pending.channel.empty()) {
    std::erase(route.via, pending.channel);
    route.via.insert(route.via.begin(), pending.channel);
  }
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
                             .reason = target.connector_reason,
                             .text = pending.text,
                             .subject = pending.subject});
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
  settle_calls();
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
  Verdict verdict = judge(book_, pauses_, out_.next, enrollment, message, pending,
                          route_of(book_, pending), now_);
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
  // A human who waits for an answer to arrive is told at once that it will not.
  const bool is_hopeless =
      pending.message == human_message &&
      (verdict.reason == Reason::unreachable || verdict.reason == Reason::suppressed ||
       verdict.reason == Reason::only_to);
  if (verdict.skip || is_hopeless) {
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
      const Send* send = send_of(playbook->steps[pending.step].action);
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
  if (pending.message == human_message && !departed) {
    tell_humans("", "", "this message did not arrive: " + pending.text);
  }
  Enrollment* enrollment = find_enrollment(pending.enrollment);
  const Playbook* playbook = version_of(book_, pending);
  if (enrollment == nullptr || playbook == nullptr || pending.step >= playbook->steps.size() ||
      enrollment->state != EnrollmentState::sending || enrollment->step != pending.step) {
    return;
  }
  const Step& step = playbook->steps[pending.step];
  const auto* ask = std::get_if<Ask>(&step.action);
  if (ask != nullptr && departed) return expect_answer(*enrollment, *ask, pending);
  const Send* send = send_of(step.action);
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

void Machine::handle(const Rejudge& rejudge) {
  if (!rejudge.deferred_too) return;
  for (Pending& pending : contact().pending) {
    for (Target& target : pending.targets) target.not_before.reset();
  }
  for (Call& call : contact().calls) call.not_before.reset();
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

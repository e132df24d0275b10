// What connectors are asked to do beside sending: a `do` step's call, until its answer.
#include <algorithm>

#include <fmt/format.h>

#include "rules/cel/json.h"
#include "rules/machine.h"
#include "rules/retry.h"

namespace nurtured::rules {
namespace {

// Of the arguments, as JSON.
constexpr std::size_t arguments_bytes_max = 64 << 10;

std::string name_of(const Call& call) {
  return call.connector + "." + call.action;
}

}  // namespace

RetryEnrollment retry_of(ContactId contact, const Enrollment& parked) {
  RetryEnrollment retry{.enrollment = parked.number};
  if (parked.turn == 0) return retry;
  retry.delivery = delivery_key(
      contact, Call{.enrollment = parked.number, .step = parked.step, .turn = parked.turn - 1});
  return retry;
}

Machine::Flow Machine::execute(const Do& action, const Step& step, Enrollment& enrollment) {
  const auto arguments = evaluate(action.arguments, enrollment);
  if (!arguments) {
    park(enrollment, arguments.error());
    return Flow::wait;
  }
  std::string text = cel::to_json(*arguments);
  if (text.size() > arguments_bytes_max) {
    park(enrollment, {.message = fmt::format("`with` has {} bytes, and at most {} are taken",
                                             text.size(), arguments_bytes_max),
                      .place = step.place});
    return Flow::wait;
  }
  contact().calls.push_back({.enrollment = enrollment.number,
                             .playbook = enrollment.playbook,
                             .version = enrollment.version,
                             .step = enrollment.step,
                             .turn = enrollment.turn++,
                             .step_id = step.id,
                             .connector = action.connector,
                             .action = action.action,
                             .arguments = std::move(text),
                             .since = now_});
  enrollment.state = EnrollmentState::calling;
  enrollment.due.reset();
  enrollment.since = now_;
  return Flow::wait;
}

Call* Machine::find_call(const std::string& key) {
  const auto found = std::ranges::find_if(
      contact().calls, [&](const Call& call) { return delivery_key(contact().id, call) == key; });
  return found == contact().calls.end() ? nullptr : &*found;
}

Reason Machine::judge_call(const Call& call) const {
  if (pauses_.all || pauses_.playbooks.contains(call.playbook) ||
      pauses_.connectors.contains(call.connector)) {
    return Reason::paused;
  }
  // Staging: what nobody on the list is concerned by stays on this machine.
  const bool is_staged_out = !book_.settings().only_to.empty() &&
                             std::ranges::none_of(contact().addresses, [&](const auto& address) {
                               return is_let_out(book_.settings(), {address.first, address.second});
                             });
  if (is_staged_out) return Reason::only_to;
  return call.not_before && *call.not_before > now_ ? Reason::deferred : Reason::none;
}

void Machine::settle_calls() {
  for (Call& call : contact().calls) {
    if (call.state != CallState::held) continue;
    // What is put off no longer asks for the clock.
    if (call.not_before && *call.not_before <= now_) call.not_before.reset();
    const Reason reason = judge_call(call);
    if (reason == Reason::none) {
      call.state = CallState::ready;
      ++call.attempt;
      push_call(call, DeliveryChange::ready);
    } else if (reason != call.reason) {
      Decision& decision = record("hold", call);
      decision.reason = reason;
      if (reason == Reason::deferred) {
        decision.until = call.not_before;
        decision.detail += ": " + call.connector_reason;
      }
    }
    call.reason = reason;
  }
}

void Machine::claim(Call& call) {
  const Reason reason = judge_call(call);
  if (reason != Reason::none) {
    call.state = CallState::held;
    --call.attempt;
    push_call(call, DeliveryChange::returned);
    return;
  }
  call.state = CallState::committing;
  push_call(call, DeliveryChange::committing);
}

void Machine::answered(Call& call, const Outcome& outcome) {
  if (call.state == CallState::held) return;
  call.connector_reason = outcome.reason;
  switch (outcome.kind) {
    case OutcomeKind::delivered:
      return done(call, outcome.output);
    case OutcomeKind::deferred: {
      if (now_ - call.since > retry_for_max && call.attempt > 1) {
        return fail_call(call, DeliveryChange::refused,
                         "no success within 72 hours: " + outcome.reason);
      }
      call.not_before =
          now_ + retry_delay(delivery_key(contact().id, call), call.attempt, outcome.retry_after);
      call.state = CallState::held;
      return push_call(call, DeliveryChange::returned);
    }
    case OutcomeKind::unsent:
      call.state = CallState::held;
      return push_call(call, DeliveryChange::returned);
    case OutcomeKind::uncertain:
      return fail_call(call, DeliveryChange::uncertain,
                       "nobody knows whether it was done: " + outcome.reason);
    case OutcomeKind::refused_address:
    case OutcomeKind::refused_mailbox:
    case OutcomeKind::refused_message:
    case OutcomeKind::failed:
      return fail_call(call, DeliveryChange::refused, outcome.reason);
  }
}

void Machine::done(const Call& call, const cel::Value& output) {
  record("do", call);
  Enrollment* enrollment = waiting_for(call);
  drop(call, DeliveryChange::departed);
  if (enrollment == nullptr) return;
  if (const Playbook* playbook = playbook_of(*enrollment)) {
    const Step& step = playbook->steps[enrollment->step];
    if (const auto* action = std::get_if<Do>(&step.action)) save(*enrollment, action->save, output);
    enrollment->step = step.next;
  }
  enrollment->state = EnrollmentState::running;
  run_steps(enrollment->number);
}

// The enrollment whose step the call is of, while it stands there.
Enrollment* Machine::waiting_for(const Call& call) {
  Enrollment* enrollment = find_enrollment(call.enrollment);
  const bool stands_here = enrollment != nullptr && enrollment->state == EnrollmentState::calling &&
                           enrollment->step == call.step;
  return stands_here ? enrollment : nullptr;
}

Decision& Machine::record(std::string action, const Call& call) {
  Decision& decision = out_.decisions.emplace_back();
  decision.at = now_;
  decision.action = std::move(action);
  decision.enrollment = call.enrollment;
  decision.playbook = call.playbook;
  decision.step = call.step_id;
  decision.delivery = delivery_key(contact().id, call);
  decision.detail = name_of(call);
  return decision;
}

void Machine::drop(const Call& call, DeliveryChange change) {
  push_call(call, change);
  contact().calls.erase(contact().calls.begin() + (&call - contact().calls.data()));
}

// The step fails for this contact alone: it is shown, and called again when it is retried.
void Machine::fail_call(Call& call, DeliveryChange change, const std::string& why) {
  Enrollment* enrollment = waiting_for(call);
  const std::string reason = name_of(call) + ": " + why;
  drop(call, change);
  if (enrollment != nullptr) park(*enrollment, {.message = reason});
}

void Machine::withdraw_calls(std::int64_t enrollment) {
  for (std::size_t i = 0; i < contact().calls.size();) {
    const Call& call = contact().calls[i];
    // What may have been done already has an answer to come.
    if (call.enrollment != enrollment || call.state == CallState::committing) {
      ++i;
    } else {
      drop(call, DeliveryChange::returned);
    }
  }
}

void Machine::push_call(const Call& call, DeliveryChange change) {
  out_.deliveries.push_back({.key = delivery_key(contact().id, call),
                             .contact = contact().id,
                             .enrollment = call.enrollment,
                             .playbook = call.playbook,
                             .version = call.version,
                             .step = call.step_id,
                             .kind = Kind::receipt,
                             .attempt = call.attempt,
                             .change = change,
                             .at = now_,
                             .reason = call.connector_reason,
                             .text = call.arguments,
                             .connector = call.connector,
                             .action = call.action});
}

}  // namespace nurtured::rules

#include "rules/advance.h"

#include <algorithm>

#include "rules/machine.h"

namespace nurtured::rules {
namespace {

// A timer that is handled within this time of its moment counts as handled at it, so that waits do
// not drift and a batch that came a little late decides the same.
constexpr base::Milliseconds lag_max = std::chrono::minutes{1};

void consider(std::optional<Instant>& earliest, const std::optional<Instant>& candidate) {
  if (candidate && (!earliest || *candidate < *earliest)) earliest = candidate;
}

// Of a pending message: when it must be judged again, given up, or tried again.
std::optional<Instant> pending_due(const Pending& pending) {
  std::optional<Instant> due;
  const bool in_flight = std::ranges::any_of(pending.targets, [](const Target& target) {
    return target.state == TargetState::ready || target.state == TargetState::committing;
  });
  if (in_flight) return due;
  consider(due, pending.hold_until);
  consider(due, pending.expires);
  consider(due, pending.until);
  return due;
}

std::optional<Instant> fill_due(const Book& book, const Snapshot& snapshot) {
  const auto& fill = book.settings().fill;
  const Contact& contact = snapshot.contact;
  if (!fill || !contact.fill_last || !wants_fill(contact)) return std::nullopt;
  const bool already =
      std::ranges::find(contact.pending, 0, &Pending::enrollment) != contact.pending.end();
  if (already || !next_fill_piece(book, snapshot)) return std::nullopt;
  return add(*contact.fill_last, fill->every, book.zone(contact.timezone));
}

struct DueEnrollment {
  Instant due;
  std::int64_t number = 0;
};

std::optional<DueEnrollment> first_due_enrollment(const Contact& contact) {
  std::optional<DueEnrollment> first;
  for (const auto& enrollment : contact.enrollments) {
    if (enrollment.due && (!first || *enrollment.due < first->due)) {
      first = DueEnrollment{*enrollment.due, enrollment.number};
    }
  }
  return first;
}

}  // namespace

std::optional<Instant> next_wake(const Book& book, const Snapshot& snapshot) {
  const Contact& contact = snapshot.contact;
  std::optional<Instant> wake;
  for (const auto& enrollment : contact.enrollments) consider(wake, enrollment.due);
  for (const auto& pending : contact.pending) consider(wake, pending_due(pending));
  for (const auto& call : contact.calls) {
    if (call.state == CallState::held) consider(wake, call.not_before);
  }
  consider(wake, fill_due(book, snapshot));
  consider(wake, click_due(contact));
  if (contact.handoff) consider(wake, contact.handoff->until);
  for (const auto& membership : contact.memberships) consider(wake, membership.due);
  for (const auto& planned : contact.planned_starts) consider(wake, planned.due);
  return wake;
}

void Machine::run_due(Instant now, bool inclusive) {
  // Each round leaves nothing due at its moment, so the bound is reached only by as many different
  // moments.
  for (std::size_t round = 0; round < limits_.steps_max; ++round) {
    plan_starts();
    const auto wake = next_wake(book_, out_.next);
    if (!wake || *wake > now || (*wake == now && !inclusive)) return;
    now_ = now - *wake <= lag_max ? *wake : now;
    hops_ = 0;
    judge_clicks(*wake);
    if (contact().handoff && contact().handoff->until && *contact().handoff->until <= *wake) {
      end_handoff("time");
      drain_events();
    }
    judge_due_segments(*wake);
    drain_events();
    begin_due_starts(*wake);
    drain_events();
    while (const auto first = first_due_enrollment(contact())) {
      if (first->due > *wake) break;
      enrollment_due(first->number, first->due);
      drain_events();
    }
    settle();
  }
}

void Machine::run_input(const Input& input, Instant now) {
  now_ = now;
  const auto* event = std::get_if<Event>(&input);
  is_history_ = event != nullptr && event->is_history;
  hops_ = 0;
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, Event>) {
          take(value);
        } else if constexpr (!std::is_same_v<T, Wake>) {
          handle(value);
        }
      },
      input);
  drain_events();
  settle();
  is_history_ = false;
}

Transition Machine::finish() {
  forget_finished();
  plan_starts();
  out_.wake = next_wake(book_, out_.next);
  return std::move(out_);
}

Transition advance(const Book& book, const Pauses& pauses, Snapshot snapshot, const Input& input,
                   Instant now, const AdvanceLimits& limits) {
  Machine machine(book, pauses, limits, std::move(snapshot));
  machine.adopt_rules(now);
  machine.adopt_merged(now);
  machine.run_due(now, false);
  machine.run_input(input, now);
  // At equal times events come before timers, and another event of this moment may still be on its
  // way.
  if (std::holds_alternative<Wake>(input)) machine.run_due(now, true);
  return machine.finish();
}

Enrollment* Machine::find_enrollment(std::int64_t number) {
  for (auto& enrollment : contact().enrollments) {
    if (enrollment.number == number) return &enrollment;
  }
  return nullptr;
}

AddressState& Machine::address_state(const Address& address) {
  const std::string key = to_key(address);
  for (auto& state : out_.next.addresses) {
    if (to_key(state.address) == key) return state;
  }
  return out_.next.addresses.emplace_back(AddressState{.address = address});
}

bool Machine::holds(const std::optional<Expression>& condition, const Event* event,
                    const Enrollment* enrollment) {
  if (!condition) return true;
  const auto answer = condition->program.test(scope(event, enrollment));
  if (answer) return *answer;
  Decision& decision = record("error", enrollment);
  decision.detail = to_string(condition->place) + ": " + answer.error().message;
  return false;
}

Decision& Machine::record(std::string action, const Enrollment* enrollment) {
  Decision& decision = out_.decisions.emplace_back();
  decision.at = now_;
  decision.action = std::move(action);
  if (enrollment != nullptr) {
    decision.enrollment = enrollment->number;
    decision.playbook = enrollment->playbook;
    const Playbook* playbook = playbook_of(*enrollment);
    if (playbook != nullptr && enrollment->step < playbook->steps.size()) {
      decision.step = playbook->steps[enrollment->step].id;
    }
  }
  return decision;
}

}  // namespace nurtured::rules

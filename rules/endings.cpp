// How an enrollment ends, and what becomes then of what it has not sent.
#include <algorithm>

#include "rules/machine.h"

namespace nurtured::rules {
namespace {

// How long a finished enrollment is kept for a goal without `within`, whose late arrival counts as
// a conversion.
constexpr Span conversion_watch{.days = 400};

}  // namespace

Machine::Flow Machine::execute(const End&, const Step&, Enrollment& enrollment) {
  const std::int64_t number = enrollment.number;
  withdraw(number);
  finish_enrollment(number);
  return Flow::gone;
}

void Machine::withdraw(std::int64_t enrollment) {
  withdraw_calls(enrollment);
  for (std::size_t i = 0; i < contact().pending.size();) {
    Pending& pending = contact().pending[i];
    if (pending.enrollment != enrollment) {
      ++i;
      continue;
    }
    const MessageInfo* message = book_.message(pending.message);
    const Kind kind = message == nullptr ? Kind::value : message->kind;
    bool leaving = false;
    for (Target& target : pending.targets) {
      if (target.state == TargetState::ready) {
        push_delivery(pending, target, DeliveryChange::returned, kind);
        free_slot(delivery_key(contact().id, pending, target.address.channel), target.address);
        target.state = TargetState::refused;
      }
      leaving = leaving || target.state == TargetState::committing;
    }
    if (leaving) {
      // It may be on the wire: its outcome is still awaited.
      ++i;
      continue;
    }
    const bool left = std::ranges::any_of(pending.targets, [](const Target& target) {
      return target.state == TargetState::departed || target.state == TargetState::uncertain;
    });
    if (!left) record("skip", pending, kind).reason = Reason::withdrawn;
    contact().pending.erase(contact().pending.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void Machine::end(std::int64_t number, const std::string& outcome) {
  withdraw(number);
  const Enrollment* enrollment = find_enrollment(number);
  if (enrollment == nullptr) return;
  Decision& decision = record("end", enrollment);
  decision.step.clear();
  decision.outcome = outcome;
  emit(
      "enrollment.ended",
      cel::Map{{"playbook", enrollment->playbook}, {"key", enrollment->key}, {"outcome", outcome}});
  std::erase_if(contact().enrollments, [&](const Enrollment& e) { return e.number == number; });
}

void Machine::finish_enrollment(std::int64_t number) {
  Enrollment* enrollment = find_enrollment(number);
  if (enrollment == nullptr) return;
  Decision& decision = record("end", enrollment);
  decision.step.clear();
  decision.outcome = "finished";
  emit("enrollment.ended",
       cel::Map{
           {"playbook", enrollment->playbook}, {"key", enrollment->key}, {"outcome", "finished"}});
  enrollment->state = EnrollmentState::finished;
  const Playbook* playbook = playbook_of(*enrollment);
  enrollment->due.reset();
  if (playbook != nullptr && playbook->goal) {
    enrollment->due =
        add(enrollment->started, playbook->goal->within.value_or(conversion_watch), zone());
  }
}

// A finished enrollment stays while its goal may still come, or a message of it is still held or on
// its way.
void Machine::forget_finished() {
  std::erase_if(contact().enrollments, [&](const Enrollment& enrollment) {
    if (enrollment.state != EnrollmentState::finished) return false;
    if (enrollment.due && *enrollment.due > now_) return false;
    return std::ranges::none_of(contact().pending, [&](const Pending& pending) {
      return pending.enrollment == enrollment.number;
    });
  });
}

}  // namespace nurtured::rules

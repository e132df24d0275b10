// People under way in a playbook are moved to its current version, step by step id.
#include "rules/migration.h"

#include <algorithm>

#include "rules/machine.h"

namespace nurtured::rules {
namespace {

// What a made id is counted under: "wait" of "wait#2". Given ids hold no `#`.
std::string_view base_of(std::string_view id) {
  return id.substr(0, id.find('#'));
}

std::size_t counted_with(const Playbook& playbook, std::string_view base) {
  return static_cast<std::size_t>(std::ranges::count_if(
      playbook.steps, [&](const Step& step) { return base_of(step.id) == base; }));
}

}  // namespace

MatchedStep match_step(const Playbook& from, StepIndex step, const Playbook& to) {
  if (step >= from.steps.size()) return {};
  const Step& left = from.steps[step];
  const StepIndex found = to.find_step(left.id);
  const std::size_t before = counted_with(from, base_of(left.id));
  const std::size_t after = counted_with(to, base_of(left.id));
  if (before != after && std::max(before, after) > 1) return {.match = StepMatch::ambiguous};
  if (found == no_step) return {};
  if (to.steps[found].action.index() != left.action.index()) return {.match = StepMatch::changed};
  return {.match = StepMatch::matched, .step = found};
}

Snapshot migrated(const Book& book, Snapshot snapshot, Instant now) {
  const Pauses pauses;
  const AdvanceLimits limits;
  return Machine(book, pauses, limits, std::move(snapshot)).migrated(now);
}

Snapshot Machine::migrated(Instant now) {
  now_ = now;
  handle(Migrate{});
  return std::move(out_.next);
}

void Machine::handle(const Migrate& /*migrate*/) {
  std::vector<std::int64_t> numbers;
  for (const Enrollment& enrollment : contact().enrollments) numbers.push_back(enrollment.number);
  for (const std::int64_t number : numbers) {
    Enrollment* enrollment = find_enrollment(number);
    if (enrollment == nullptr || enrollment->state == EnrollmentState::finished) continue;
    const Playbook* from = playbook_of(*enrollment);
    const Playbook* to = book_.playbook(enrollment->playbook);
    if (from == nullptr || to == nullptr || from->version == to->version) continue;
    migrate(*enrollment, *from, *to);
  }
}

void Machine::migrate(Enrollment& enrollment, const Playbook& from, const Playbook& to) {
  const auto ignored = [&](const std::string& why) {
    record("ignored", &enrollment).detail = "it stays on version " + from.version + ": " + why;
  };
  const MatchedStep at = match_step(from, enrollment.step, to);
  if (at.match != StepMatch::matched) return ignored("its step has no counterpart");
  const bool is_leaving = std::ranges::any_of(contact().pending, [&](const Pending& pending) {
    return pending.enrollment == enrollment.number && (in_flight(pending) || has_left(pending));
  });
  if (is_leaving) return ignored("a message of it is on its way");
  const bool is_called = std::ranges::any_of(contact().calls, [&](const Call& call) {
    return call.enrollment == enrollment.number && call.state != CallState::held;
  });
  if (is_called) return ignored("a connector has been asked to do what its step says");
  for (Pending& pending : contact().pending) {
    if (pending.enrollment == enrollment.number) migrate(pending, enrollment, from, to);
  }
  std::vector<Rounds> rounds;
  for (const Rounds& loop : enrollment.rounds) {
    const MatchedStep matched = match_step(from, loop.step, to);
    if (matched.match == StepMatch::matched) rounds.push_back({matched.step, loop.begun});
  }
  enrollment.rounds = std::move(rounds);
  enrollment.version = to.version;
  enrollment.step = at.step;
  record("migrate", &enrollment).detail = from.version + " -> " + to.version;
  renew_due(enrollment, to.steps[at.step].action);
  if (enrollment.state != EnrollmentState::calling) return;
  // What is asked is what the step says now.
  withdraw_calls(enrollment.number);
  enrollment.state = EnrollmentState::running;
  run_steps(enrollment.number);
}

// What is held becomes what the step sends now; what a step that has gone held stays as it was.
void Machine::migrate(Pending& pending, const Enrollment& enrollment, const Playbook& from,
                      const Playbook& to) {
  const MatchedStep matched = match_step(from, pending.step, to);
  if (matched.match != StepMatch::matched || pending.by_hand || !pending.text.empty()) return;
  const Step& step = to.steps[matched.step];
  const Send* send = send_of(step.action);
  if (send == nullptr) return;
  pending.version = to.version;
  pending.step = matched.step;
  pending.step_id = step.id;
  // What a channel refused for good was that message.
  if (pending.message != send->message) pending.targets.clear();
  pending.message = send->message;
  pending.hold_until = std::max(now_, add(pending.since, send->hold, zone()));
  const MessageInfo* message = book_.message(send->message);
  if (message == nullptr) return;
  // Where it cannot be told any more, what was said before holds.
  if (const auto expires = expiry_of(*send, *message, enrollment)) pending.expires = *expires;
}

// A wait ends as the step says now, counted from when it began, never in the past.
void Machine::renew_due(Enrollment& enrollment, const StepAction& action) {
  const auto* wait = std::get_if<Wait>(&action);
  const auto within = wait_max_of(action);
  if (wait != nullptr && enrollment.state == EnrollmentState::waiting) {
    enrollment.due = std::max(now_, wait_end(enrollment, *wait));
  } else if (within && enrollment.state == EnrollmentState::expecting) {
    enrollment.due = std::max(now_, add(enrollment.since, *within, zone()));
  } else if (!within && enrollment.state == EnrollmentState::expecting) {
    enrollment.due.reset();
  } else if (const auto* until = std::get_if<WaitUntil>(&action)) {
    const auto moment = until->moment.program.evaluate(scope(nullptr, &enrollment));
    if (moment && moment->instant()) enrollment.due = std::max(now_, *moment->instant());
  }
}

}  // namespace nurtured::rules

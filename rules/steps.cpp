// What an enrollment does: its steps, one after the other, until it waits, ends or fails. What a
// step changes is in effects.cpp, how an enrollment ends in endings.cpp.
#include <algorithm>

#include "base/digest.h"
#include "rules/machine.h"

namespace nurtured::rules {
namespace {

// `steps_max` are counted over this long: what departs at once, a receipt or a reply, ends a chain
// of steps within one transition and begins the next.
constexpr base::Milliseconds pace_window = std::chrono::hours{1};

// What a playbook's `late` takes for downtime: a busy hour or a restart makes nothing late.
constexpr base::Milliseconds downtime_min = std::chrono::minutes{15};

// How many splits a contact remembers; the oldest are drawn anew.
constexpr std::size_t ways_max = 1000;

// The same number for the same enrollment on every run, so that spreading is reproducible.
std::uint64_t stable_number(ContactId contact, std::int64_t enrollment, Instant due) {
  const std::string text = std::to_string(contact.value) + "." + std::to_string(enrollment) + "." +
                           std::to_string(base::to_millis(due));
  return base::first_64_bits(base::sha256(text));
}

}  // namespace

void Machine::run_steps(std::int64_t number) {
  for (;;) {
    // What the former step caused comes before the next one.
    drain_events();
    Enrollment* enrollment = find_enrollment(number);
    if (enrollment == nullptr || enrollment->state == EnrollmentState::parked ||
        enrollment->state == EnrollmentState::finished) {
      return;
    }
    const Playbook* playbook = playbook_of(*enrollment);
    if (playbook == nullptr) {
      park(*enrollment, {.message = "the version it began with is not in the store"});
      return;
    }
    if (limits_.trace_steps) trace(*enrollment, *playbook);
    if (enrollment->step >= playbook->steps.size()) {
      finish_enrollment(number);
      return;
    }
    if (now_ - enrollment->pace_from >= pace_window) {
      enrollment->pace_from = now_;
      enrollment->pace = 0;
    }
    if (enrollment->pace >= limits_.steps_max) {
      park(*enrollment, {.message = "more than " + std::to_string(limits_.steps_max) +
                                    " steps within an hour, with no wait and no event in between; "
                                    "a reply, reminder or receipt counts as " +
                                    std::to_string(limits_.unheld_message_steps)});
      return;
    }
    ++enrollment->pace;
    enrollment->state = EnrollmentState::running;
    hops_ = hops_of(*enrollment);
    const Step& step = playbook->steps[enrollment->step];
    switch (execute(step, *enrollment)) {
      case Flow::wait:
      case Flow::gone:
        return;
      case Flow::next:
        break;
    }
  }
}

// Whatever made the enrollment go on (a step, an event, a timer, a departure) has set its step and
// comes by here.
void Machine::trace(const Enrollment& enrollment, const Playbook& playbook) {
  const StepIndex to = enrollment.step < playbook.steps.size() ? enrollment.step : no_step;
  const auto [stood, is_new] = traced_.try_emplace(enrollment.number, no_step);
  out_.passages.push_back({enrollment.playbook, enrollment.version, stood->second, to});
  stood->second = to;
}

Machine::Flow Machine::execute(const Step& step, Enrollment& enrollment) {
  return std::visit([&](const auto& action) { return execute(action, step, enrollment); },
                    step.action);
}

base::Result<std::optional<Instant>> Machine::expiry_of(const Send& send,
                                                        const MessageInfo& message,
                                                        const Enrollment& enrollment) const {
  std::optional<Instant> expires;
  for (const auto* expression : {&send.expires, &message.expires}) {
    if (!*expression) continue;
    const auto moment = (*expression)->program.evaluate(scope(nullptr, &enrollment));
    if (!moment || !moment->instant()) {
      return base::fail(base::Error{
          .message =
              "`expires` gives no time" + (moment ? std::string() : ": " + moment.error().message),
          .place = (*expression)->place});
    }
    if (!expires || *moment->instant() < *expires) expires = moment->instant();
  }
  // A reply answers what the contact has just asked for: after an hour it is no reply any more
  // (CONTRACT section 3).
  if (message.kind == Kind::reply) {
    const Instant stale = enrollment.heard + std::chrono::hours{1};
    expires = expires ? std::min(*expires, stale) : stale;
  }
  return expires;
}

Machine::Flow Machine::execute(const Send& send, const Step& step, Enrollment& enrollment) {
  const MessageInfo* message = book_.message(send.message);
  if (message == nullptr) {
    park(enrollment, {.message = "the message " + send.message + " is gone", .place = step.place});
    return Flow::wait;
  }
  Pending pending{.enrollment = enrollment.number,
                  .playbook = enrollment.playbook,
                  .version = enrollment.version,
                  .step = enrollment.step,
                  .turn = enrollment.turn++,
                  .step_id = step.id,
                  .message = send.message,
                  .since = now_,
                  .hold_until = add(now_, send.hold, zone()),
                  .reason_since = now_};
  const auto expires = expiry_of(send, *message, enrollment);
  if (!expires) {
    park(enrollment, expires.error());
    return Flow::wait;
  }
  pending.expires = *expires;
  enrollment.state = EnrollmentState::sending;
  enrollment.due.reset();
  enrollment.since = now_;
  enrollment.early = {};
  contact().pending.push_back(std::move(pending));
  if (enrollment.skip_sends) {
    // It fell due in downtime and is to be left out; skipping lets the enrollment go on.
    skip(contact().pending.size() - 1, Reason::late, "fell due in downtime");
    return Flow::wait;
  }
  return Flow::wait;
}

Instant Machine::wait_end(const Enrollment& enrollment, const Wait& wait) const {
  return align(add(enrollment.since, wait.span, zone()), wait.at, wait.days, zone());
}

Machine::Flow Machine::execute(const Wait& wait, const Step& step, Enrollment& enrollment) {
  enrollment.skip_sends = false;
  enrollment.caught_up = false;
  enrollment.since = now_;
  const Instant due = wait_end(enrollment, wait);
  if (due <= now_) {
    enrollment.step = step.next;
    return Flow::next;
  }
  enrollment.state = EnrollmentState::waiting;
  enrollment.due = due;
  record("wait", &enrollment).until = due;
  return Flow::wait;
}

Machine::Flow Machine::execute(const WaitUntil& wait, const Step& step, Enrollment& enrollment) {
  const auto moment = wait.moment.program.evaluate(scope(nullptr, &enrollment));
  if (!moment || !moment->instant()) {
    park(enrollment, {.message = "`wait_until` gives no time" +
                                 (moment ? std::string() : ": " + moment.error().message),
                      .place = wait.moment.place});
    return Flow::wait;
  }
  if (*moment->instant() <= now_) {
    enrollment.step = wait.skip_if_past && *moment->instant() < now_ ? wait.after_skip : step.next;
    return Flow::next;
  }
  enrollment.skip_sends = false;
  enrollment.caught_up = false;
  enrollment.since = now_;
  enrollment.state = EnrollmentState::waiting;
  enrollment.due = moment->instant();
  record("wait", &enrollment).until = enrollment.due;
  return Flow::wait;
}

Machine::Flow Machine::execute(const WaitFor& wait, const Step&, Enrollment& enrollment) {
  if (!enrollment.early.is_null()) {
    const cel::Value event = std::exchange(enrollment.early, {});
    expectation_met(enrollment, wait, event);
    return Flow::next;
  }
  enrollment.skip_sends = false;
  enrollment.caught_up = false;
  enrollment.since = now_;
  enrollment.state = EnrollmentState::expecting;
  enrollment.due = wait.within ? std::optional(add(now_, *wait.within, zone())) : std::nullopt;
  record("wait", &enrollment).until = enrollment.due;
  return Flow::wait;
}

void Machine::save(Enrollment& enrollment, const std::string& name, cel::Value value) {
  if (name.empty()) return;
  cel::Map saved;
  if (enrollment.saved.is_map()) {
    for (const auto& entry : enrollment.saved.as_map()) saved.set(entry.key, entry.value);
  }
  saved.set(name, std::move(value));
  enrollment.saved = std::move(saved);
}

void Machine::expectation_met(Enrollment& enrollment, const WaitFor& wait,
                              const cel::Value& event) {
  save(enrollment, wait.save, event);
  enrollment.due.reset();
  enrollment.state = EnrollmentState::running;
  enrollment.step = wait.then;
}

Machine::Flow Machine::execute(const Choose& choose, const Step& step, Enrollment& enrollment) {
  for (const Branch& branch : choose.branches) {
    if (branch.condition) {
      const auto answer = branch.condition->program.test(scope(nullptr, &enrollment));
      if (!answer) {
        park(enrollment, {.message = answer.error().message, .place = branch.condition->place});
        return Flow::wait;
      }
      if (!*answer) continue;
    }
    enrollment.step = branch.target;
    return Flow::next;
  }
  enrollment.step = step.next;
  return Flow::next;
}

// By what the person is called rather than by a number of the store's, so that a simulation and
// another store split alike.
const Split::Way* Machine::way_of(const Split& split, const Step& step,
                                  const Enrollment& enrollment) {
  auto& ways = contact().ways;
  const auto known = std::ranges::find_if(ways, [&](const ChosenWay& way) {
    return way.playbook == enrollment.playbook && way.step == step.id;
  });
  if (known != ways.end()) {
    const auto kept = std::ranges::find(split.ways, known->way, &Split::Way::name);
    if (kept != split.ways.end()) return &*kept;
    ways.erase(known);
  }
  std::uint64_t total = 0;
  for (const Split::Way& way : split.ways) total += way.weight;
  std::uint64_t draw = base::first_64_bits(base::sha256(enrollment.playbook + '\0' + step.id +
                                                        '\0' + contact().user_id)) %
                       total;
  const Split::Way* chosen = split.ways.data();
  while (draw >= chosen->weight) draw -= (chosen++)->weight;
  if (ways.size() >= ways_max) ways.erase(ways.begin());
  ways.push_back({enrollment.playbook, step.id, chosen->name});
  return chosen;
}

Machine::Flow Machine::execute(const Split& split, const Step& step, Enrollment& enrollment) {
  const Split::Way* way = way_of(split, step, enrollment);
  record("split", &enrollment).detail = way->name;
  enrollment.step = way->target;
  return Flow::next;
}

Machine::Flow Machine::execute(const Repeat& repeat, const Step& step, Enrollment& enrollment) {
  auto rounds = std::ranges::find(enrollment.rounds, enrollment.step, &Rounds::step);
  const std::uint32_t begun = rounds == enrollment.rounds.end() ? 0 : rounds->begun;
  bool again = begun < repeat.times;
  if (repeat.condition) {
    const auto answer = repeat.condition->program.test(scope(nullptr, &enrollment));
    if (!answer) {
      park(enrollment, {.message = answer.error().message, .place = repeat.condition->place});
      return Flow::wait;
    }
    again = *answer;
  }
  if (!again) {
    if (rounds != enrollment.rounds.end()) enrollment.rounds.erase(rounds);
    enrollment.step = step.next;
    return Flow::next;
  }
  if (rounds == enrollment.rounds.end()) {
    enrollment.rounds.push_back({enrollment.step, 1});
  } else {
    ++rounds->begun;
  }
  enrollment.step = repeat.body;
  return Flow::next;
}

void Machine::park(Enrollment& enrollment, const base::Error& error) {
  enrollment.state = EnrollmentState::parked;
  enrollment.due.reset();
  enrollment.since = now_;
  enrollment.parked_reason = to_string(error.place);
  if (!enrollment.parked_reason.empty()) enrollment.parked_reason += ": ";
  enrollment.parked_reason += error.message;
  Decision& decision = record("fail", &enrollment);
  decision.reason = Reason::failed;
  decision.detail = enrollment.parked_reason;
}

void Machine::enrollment_due(std::int64_t number, Instant due) {
  Enrollment* enrollment = find_enrollment(number);
  if (enrollment == nullptr) return;
  if (enrollment->state == EnrollmentState::finished) {
    enrollment->due.reset();  // forget_finished does the rest
    return;
  }
  const Playbook* playbook = playbook_of(*enrollment);
  if (playbook == nullptr || enrollment->step >= playbook->steps.size()) {
    park(*enrollment, {.message = "the version it began with is not in the store"});
    return;
  }
  const CatchUp& catch_up = book_.settings().catch_up;
  // A playbook's own `late` wins over catch_up (CONTRACT section 2).
  const base::Milliseconds in_time = playbook->late
                                         ? std::min(downtime_min, catch_up.older_than.nominal())
                                         : catch_up.older_than.nominal();
  if (!enrollment->caught_up && now_ - due > in_time) {
    const bool skip =
        playbook->late ? *playbook->late == Late::skip : catch_up.action == CatchUpAction::skip;
    const bool spread = !playbook->late && catch_up.action == CatchUpAction::spread;
    enrollment->caught_up = true;
    if (skip) enrollment->skip_sends = true;
    if (spread && catch_up.over.nominal() > base::Milliseconds{0}) {
      const auto over = static_cast<std::uint64_t>(catch_up.over.nominal().count());
      enrollment->due = now_ + base::Milliseconds{static_cast<std::int64_t>(
                                   stable_number(contact().id, number, due) % over)};
      if (*enrollment->due > now_) return;
    }
  }
  const Step& step = playbook->steps[enrollment->step];
  if (enrollment->due > enrollment->since) enrollment->pace = 0;
  enrollment->due.reset();
  enrollment->caught_up = false;
  if (const auto* wait = std::get_if<WaitFor>(&step.action)) {
    enrollment->step = wait->otherwise;
  } else if (const auto* ask = std::get_if<Ask>(&step.action)) {
    enrollment->step = ask->otherwise;
  } else {
    enrollment->step = step.next;
  }
  enrollment->state = EnrollmentState::running;
  run_steps(number);
}

}  // namespace nurtured::rules

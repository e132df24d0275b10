// When a human has the contact: by a step, by a message of the contact that no playbook takes, or
// by hand. Nothing automated but receipts goes out meanwhile (CONTRACT M4); rules/gates.cpp keeps
// it.
#include <algorithm>

#include "base/encoding.h"
#include "rules/machine.h"

namespace nurtured::rules {
namespace {

// A human who writes has the contact for so long at least, where nurtured.yaml says nothing else.
constexpr Span human_message_pause{.days = 1};
// How long a human's message may wait for a provider.
constexpr base::Milliseconds human_message_hold = std::chrono::hours{24};
// Of a subject that an answer repeats.
constexpr std::size_t subject_bytes_max = 200;

}  // namespace

void Machine::tell_humans(const std::string& playbook, const std::string& step, std::string text) {
  out_.notifications.push_back({now_, playbook, step, std::move(text), contact().id});
}

// One that is under way is taken over as it stands, and lasts as long as the longer of the two.
void Machine::begin_handoff(Handoff handoff, const std::string& step, std::string why) {
  const std::string playbook = handoff.playbook;
  auto& own = contact().handoff;
  const bool is_new = !own;
  if (own) {
    const bool for_ever = !own->until || !handoff.until;
    const auto until = for_ever ? std::nullopt : std::max(own->until, handoff.until);
    // A further message within the time changes nothing.
    if (own->until == until && handoff.playbook.empty()) return;
    own->until = until;
  } else {
    own = std::move(handoff);
  }
  Decision& decision = record("handoff");
  decision.playbook = playbook;
  decision.step = step;
  decision.detail = std::move(why);
  decision.until = own->until;
  if (!is_new) return;
  emit("handoff.started",
       cel::Map{{"playbook", playbook}, {"step", step}, {"channel", own->channel}});
}

void Machine::end_handoff(const std::string& by) {
  if (!contact().handoff) return;
  const std::string playbook = contact().handoff->playbook;
  contact().handoff.reset();
  Decision& decision = record("handoff");
  decision.outcome = "ended";
  decision.detail = by;
  emit("handoff.ended", cel::Map{{"playbook", playbook}, {"by", by}});
  drain_events();
  std::vector<std::int64_t> numbers;
  for (const auto& enrollment : contact().enrollments) numbers.push_back(enrollment.number);
  for (const std::int64_t number : numbers) {
    Enrollment* enrollment = find_enrollment(number);
    if (enrollment == nullptr || enrollment->state != EnrollmentState::expecting) continue;
    const Playbook* known = playbook_of(*enrollment);
    if (known == nullptr || enrollment->step >= known->steps.size()) continue;
    const Step& step = known->steps[enrollment->step];
    if (!std::holds_alternative<HandOff>(step.action)) continue;
    enrollment->due.reset();
    enrollment->state = EnrollmentState::running;
    enrollment->step = step.next;
    run_steps(number);
  }
}

Machine::Flow Machine::execute(const HandOff& handoff, const Step& step, Enrollment& enrollment) {
  std::string text;
  if (handoff.text != nullptr) {
    auto rendered = handoff.text->render(render_data(book_, contact(), &enrollment, now_));
    if (!rendered) {
      park(enrollment, rendered.error());
      return Flow::wait;
    }
    text = *std::move(rendered);
  }
  enrollment.skip_sends = false;
  enrollment.caught_up = false;
  enrollment.since = now_;
  enrollment.state = EnrollmentState::expecting;
  const auto until =
      handoff.pause ? std::optional(add(now_, *handoff.pause, zone())) : std::nullopt;
  // The playbook goes on then, though the contact may have gone on talking to the human.
  enrollment.due = until;
  begin_handoff({.since = now_, .until = until, .playbook = enrollment.playbook}, step.id, text);
  tell_humans(enrollment.playbook, step.id, text.empty() ? "a human is asked for" : text);
  return Flow::wait;
}

void Machine::own_message(const Event& event) {
  const std::string text(text_of(event, "text"));
  const std::string media(text_of(event, "media"));
  if (text.empty() && media.empty()) return;
  const auto& pause = book_.settings().handoff_on_message;
  if (!contact().handoff && !pause) return;
  if (pause)
    begin_handoff({.since = now_, .until = add(now_, *pause, zone())}, "", "their message");
  Handoff& own = *contact().handoff;
  own.channel = text_of(event, "channel");
  own.subject = base::cut_utf8(text_of(event, "subject"), subject_bytes_max);
  tell_humans("", "", media.empty() ? text : "[" + media + "] " + text);
}

void Machine::handle(const TakeOver& command) {
  const auto until =
      command.pause ? std::optional(add(now_, *command.pause, zone())) : std::nullopt;
  begin_handoff({.since = now_, .until = until}, "",
                command.reason.empty() ? command.by : command.by + ": " + command.reason);
}

void Machine::handle(const HandBack& command) {
  end_handoff(command.by);
}

void Machine::handle(const HumanMessage& command) {
  const Span pause = book_.settings().handoff_on_message.value_or(human_message_pause);
  if (!contact().handoff || contact().handoff->until) {
    begin_handoff({.since = now_, .until = add(now_, pause, zone())}, "", command.by);
  }
  const Handoff& own = *contact().handoff;
  // Of no enrollment; the number makes its delivery's key one of its own.
  contact().pending.push_back({.enrollment = ++contact().enrollments_made,
                               .step_id = "human",
                               .message = std::string(human_message),
                               .text = command.text,
                               .subject = own.subject,
                               .channel = own.channel,
                               .by_hand = true,
                               .since = now_,
                               .hold_until = now_ + human_message_hold,
                               .reason_since = now_});
  emit("handoff.answered",
       cel::Map{{"text", command.text}, {"by", command.by}, {"channel", own.channel}});
}

}  // namespace nurtured::rules

// Steps that change something: the contact, another playbook's course, what others know.
#include "rules/cel/json.h"
#include "rules/machine.h"
#include "rules/traits.h"

namespace nurtured::rules {

Machine::Flow Machine::after_change(std::int64_t number) {
  judge_stops(nullptr);
  return find_enrollment(number) == nullptr ? Flow::gone : Flow::next;
}

base::Result<cel::Value> Machine::evaluate(const ValueSource& source,
                                           const Enrollment& enrollment) {
  if (const auto* literal = std::get_if<cel::Value>(&source)) return *literal;
  if (const auto* expression = std::get_if<Expression>(&source)) {
    auto value = expression->program.evaluate(scope(nullptr, &enrollment));
    if (!value) {
      base::Error error = value.error();
      error.place = expression->place;
      return base::fail(std::move(error));
    }
    return value;
  }
  auto text = std::get<std::shared_ptr<const Text>>(source)->render(
      render_data(book_, contact(), &enrollment, now_));
  if (!text) return base::fail(text.error());
  return cel::Value(*std::move(text));
}

base::Result<cel::Value> Machine::evaluate(const Assignments& assignments,
                                           const Enrollment& enrollment) {
  cel::Map values;
  for (const auto& [name, source] : assignments) {
    auto value = evaluate(source, enrollment);
    if (!value) return value;
    values.set(name, *std::move(value));
  }
  return cel::Value(std::move(values));
}

Machine::Flow Machine::execute(const Set& set, const Step& step, Enrollment& enrollment) {
  const auto values = evaluate(set.attributes, enrollment);
  if (!values) {
    park(enrollment, values.error());
    return Flow::wait;
  }
  const cel::Map& traits = values->as_map();
  ContactChange change;
  std::vector<std::string> problems;
  apply_traits(traits, change, problems);
  if (!problems.empty()) {
    park(enrollment, {.message = problems.front(), .place = step.place});
    return Flow::wait;
  }
  for (const auto& entry : traits) {
    record("set", &enrollment).detail =
        cel::to_plain_text(entry.key) + " = " + cel::to_plain_text(entry.value);
  }
  const std::int64_t number = enrollment.number;
  enrollment.step = step.next;
  apply(change);
  return after_change(number);
}

Machine::Flow Machine::execute(const Tag& tag, const Step& step, Enrollment& enrollment) {
  ContactChange change;
  for (const auto& name : tag.tags) {
    record(tag.remove ? "untag" : "tag", &enrollment).detail = name;
  }
  (tag.remove ? change.tags_removed : change.tags_added) = tag.tags;
  const std::int64_t number = enrollment.number;
  enrollment.step = step.next;
  apply(change);
  return after_change(number);
}

Machine::Flow Machine::execute(const MoveTo& move, const Step& step, Enrollment& enrollment) {
  record("move_to", &enrollment).detail = move.stage;
  const std::int64_t number = enrollment.number;
  enrollment.step = step.next;
  if (contact().stage != move.stage) {
    emit(
        "stage.moved",
        cel::Map{{"from", contact().stage}, {"to", move.stage}, {"playbook", enrollment.playbook}});
    contact().stage = move.stage;
    profile_changed();
  }
  return after_change(number);
}

Machine::Flow Machine::execute(const Score& score, const Step& step, Enrollment& enrollment) {
  contact().score = score.absolute ? score.amount : contact().score + score.amount;
  profile_changed();
  record("score", &enrollment).detail = cel::to_plain_text(cel::Value(contact().score));
  const std::int64_t number = enrollment.number;
  enrollment.step = step.next;
  return after_change(number);
}

Machine::Flow Machine::execute(const Emit& emitted, const Step& step, Enrollment& enrollment) {
  auto properties = evaluate(emitted.properties, enrollment);
  if (!properties) {
    park(enrollment, properties.error());
    return Flow::wait;
  }
  record("emit", &enrollment).detail = emitted.event;
  enrollment.step = step.next;
  emit(emitted.event, typed_texts(book_.settings().events, emitted.event, *std::move(properties)));
  return Flow::next;
}

Machine::Flow Machine::execute(const Notify& notify, const Step& step, Enrollment& enrollment) {
  auto text = notify.text->render(render_data(book_, contact(), &enrollment, now_));
  if (!text) {
    park(enrollment, text.error());
    return Flow::wait;
  }
  record("notify", &enrollment).detail = *text;
  out_.notifications.push_back({now_, enrollment.playbook, step.id, *std::move(text)});
  enrollment.step = step.next;
  return Flow::next;
}

Machine::Flow Machine::execute(const Enroll& enroll, const Step& step, Enrollment& enrollment) {
  Event event{.name = "enrollment.requested",
              .properties = enrollment.event,
              .occurred_at = now_,
              .received_at = now_,
              .hops = hops_};
  if (enroll.properties) {
    auto properties = evaluate(*enroll.properties, enrollment);
    if (!properties) {
      park(enrollment, properties.error());
      return Flow::wait;
    }
    event.properties = *std::move(properties);
  }
  record("enroll", &enrollment).detail = enroll.playbook;
  enrollment.step = step.next;
  events_.emplace_back(StartRequest{enroll.playbook, std::move(event)});
  return Flow::next;
}

Machine::Flow Machine::execute(const Leave& leave, const Step& step, Enrollment& enrollment) {
  const std::int64_t number = enrollment.number;
  record("leave", &enrollment).detail = leave.playbook;
  enrollment.step = step.next;
  std::vector<std::int64_t> left;
  for (const Enrollment& other : contact().enrollments) {
    if (other.playbook == leave.playbook) left.push_back(other.number);
  }
  for (const std::int64_t other : left) {
    const Enrollment* found = find_enrollment(other);
    if (found == nullptr) continue;
    if (found->state == EnrollmentState::finished) {
      withdraw(other);
    } else {
      end(other, "stopped");
    }
  }
  return find_enrollment(number) == nullptr ? Flow::gone : Flow::next;
}

}  // namespace nurtured::rules

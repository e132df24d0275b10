// What comes in: events in CONTRACT's order (the contact's changes, then goals, stops, wait_fors,
// starts), and operators' commands.
#include <algorithm>

#include "rules/cel/json.h"
#include "rules/machine.h"

namespace nurtured::rules {
namespace {

// How many starts of one playbook `again` remembers for a contact; with `per`, the oldest keys are
// forgotten first.
constexpr std::size_t starts_max = 1000;
// Playbooks that start one another, or themselves, by sending, emitting or enrolling without a wait
// in between would do so for ever.
constexpr std::uint32_t hops_max = 8;

cel::Value as_map(const Event& event) {
  cel::Map map;
  if (event.properties.is_map()) {
    for (const auto& entry : event.properties.as_map()) map.set(entry.key, entry.value);
  }
  map.set("name", event.name);
  map.set("at", event.occurred_at);
  return map;
}

std::string key_text(const cel::Value& value) {
  if (value.is_string()) return value.as_string();
  const bool is_plain = value.is_int() || value.is_uint() || value.is_double() || value.is_bool() ||
                        value.instant().has_value();
  return is_plain ? cel::to_plain_text(value) : std::string();
}

}  // namespace

void Machine::emit(std::string name, cel::Value properties, ContactChange change) {
  events_.emplace_back(Event{.name = std::move(name),
                             .properties = std::move(properties),
                             .occurred_at = now_,
                             .received_at = now_,
                             .change = std::move(change),
                             .is_history = is_history_,
                             .hops = hops_});
}

void Machine::drain_events() {
  judge_segments();
  while (!events_.empty()) {
    const auto next = std::move(events_.front());
    events_.pop_front();
    const auto* request = std::get_if<StartRequest>(&next);
    const Event& event = request != nullptr ? request->event : std::get<Event>(next);
    hops_ = event.hops;
    if (++events_taken_ > limits_.events_max) {
      record("error").detail = "more than " + std::to_string(limits_.events_max) +
                               " events followed from one input; " + event.name + " was dropped";
    } else if (request != nullptr) {
      begin_requested(*request);
    } else {
      out_.emitted.push_back(event);
      handle_event(event);
    }
    judge_segments();
  }
}

void Machine::begin_requested(const StartRequest& request) {
  if (const Playbook* playbook = book_.playbook(request.playbook)) {
    start(*playbook, request.event);
  } else {
    record("error").detail = "there is no playbook " + request.playbook + " to enroll in";
  }
}

void Machine::take(const Event& event) {
  // Whoever told another system to stop has told us: only the safe direction is believed.
  for (const std::string_view reason : {unsubscribed, complained}) {
    if (event.name != "message." + std::string(reason)) continue;
    const cel::Value* named = event.properties.find("channel");
    // A channel that nobody has set up stands for the person, and leaves no name behind.
    const bool is_known = named != nullptr && named->is_string() &&
                          book_.settings().channels.contains(named->as_string());
    const std::string channel = is_known ? named->as_string() : std::string();
    const auto own = contact().addresses.find(channel);
    auto& known = own == contact().addresses.end()
                      ? contact().suppression
                      : address_state({own->first, own->second}).suppression;
    if (!known) known = Suppression{SuppressionScope::marketing, now_, std::string(reason)};
    take_back_consent(channel, std::string(reason), now_);
  }
  handle_event(event);
}

void Machine::handle_event(const Event& came) {
  const bool is_reply = came.name == "message.replied";
  const auto said = is_reply ? as_said(came) : std::nullopt;
  if (is_reply && !said) return;
  const Event& event = said ? *said : came;
  if (said && said->properties != came.properties) out_.understood = said->properties;
  count(event);
  apply(event.change);
  count_touch(event);
  judge_segments();
  // Who talks to a human answers the human, but for a button, which nobody presses by mistake.
  const bool is_button = event.properties.find("button") != nullptr;
  const bool to_human = is_reply && contact().handoff && !is_button;
  const bool may_answer = is_reply && !to_human && !event.is_history;
  const std::int64_t asked = may_answer ? question_for(event) : 0;
  judge_goals(event);
  judge_stops(&event, asked);
  bool is_taken = judge_expectations(event);
  if (asked != 0) answer(asked, event);
  is_taken = judge_starts(event) || is_taken || asked != 0;
  if (is_reply && (to_human || !is_taken) && !event.is_history) own_message(event);
}

void Machine::count(const Event& event) {
  contact().history[event.name].add(event.occurred_at);
  segments_changed(book_.segments().by_event(event.name));
  starts_stale_ = true;  // a date may be that of an event: last("order.paid")
}

void Machine::count_touch(const Event& event) {
  const Touchpoint* touchpoint = book_.touchpoint(event.name);
  if (touchpoint == nullptr && event.name != "touch.logged") return;
  if (touchpoint != nullptr && !touchpoint->count_every.empty()) {
    // A burst is one touch; so is a late event that falls into the time around a counted one.
    Tally& counted = contact().touch_counted[event.name];
    const auto before = counted.latest_until(event.occurred_at);
    if (before && event.occurred_at < add(*before, touchpoint->count_every, zone())) return;
    const auto after = counted.earliest_since(event.occurred_at);
    if (after && event.occurred_at > subtract(*after, touchpoint->count_every, zone())) return;
    counted.add(event.occurred_at);
  }
  touched(event.occurred_at);
  record("touch").detail = event.name;
}

void Machine::judge_goals(const Event& event) {
  for (std::size_t i = 0; i < contact().enrollments.size();) {
    const Enrollment& enrollment = contact().enrollments[i];
    const Playbook* playbook = playbook_of(enrollment);
    const bool reached =
        playbook != nullptr && playbook->goal && playbook->goal->event == event.name &&
        event.occurred_at >= enrollment.event_at &&
        (!playbook->goal->within ||
         event.occurred_at <= add(enrollment.started, *playbook->goal->within, zone())) &&
        holds(playbook->goal->condition, &event, &enrollment);
    if (!reached) {
      ++i;
      continue;
    }
    const std::int64_t number = enrollment.number;
    if (enrollment.state == EnrollmentState::finished) {
      record("conversion", &enrollment).outcome = "goal";
      withdraw(number);
      std::erase_if(contact().enrollments, [&](const Enrollment& e) { return e.number == number; });
    } else {
      end(number, "goal");
    }
  }
}

void Machine::judge_stops(const Event* event, std::int64_t asked) {
  for (std::size_t i = 0; i < contact().enrollments.size();) {
    const Enrollment& enrollment = contact().enrollments[i];
    const Playbook* playbook = playbook_of(enrollment);
    const bool finished = enrollment.state == EnrollmentState::finished;
    // A finished one may have left something behind that is still held.
    const bool concerns_any =
        !finished || std::ranges::find(contact().pending, enrollment.number,
                                       &Pending::enrollment) != contact().pending.end();
    bool stopped = false;
    if (playbook != nullptr && concerns_any) {
      for (const Stop& stop : playbook->stops) {
        const bool concerned =
            stop.event.empty() ||
            (event != nullptr && stop.event == event->name &&
             event->occurred_at >= enrollment.event_at && enrollment.number != asked);
        // A condition without an event sees the event that started the enrollment.
        const Event* judged = stop.event.empty() ? nullptr : event;
        if (concerned && holds(stop.condition, judged, &enrollment)) {
          stopped = true;
          break;
        }
      }
    }
    if (stopped && !finished) {
      end(enrollment.number, "stopped");
      continue;
    }
    if (stopped) withdraw(enrollment.number);
    ++i;
  }
}

bool Machine::had_left(const Enrollment& enrollment, Instant occurred) const {
  return std::ranges::any_of(contact().pending, [&](const Pending& pending) {
    return pending.enrollment == enrollment.number && pending.step == enrollment.step &&
           std::ranges::any_of(pending.targets, [&](const Target& target) {
             return target.departed && *target.departed <= occurred;
           });
  });
}

bool Machine::judge_expectations(const Event& event) {
  bool is_taken = false;
  std::vector<std::int64_t> numbers;
  for (const auto& enrollment : contact().enrollments) numbers.push_back(enrollment.number);
  for (const std::int64_t number : numbers) {
    Enrollment* enrollment = find_enrollment(number);
    if (enrollment == nullptr) continue;
    const Playbook* playbook = playbook_of(*enrollment);
    if (playbook == nullptr || enrollment->step >= playbook->steps.size()) continue;
    if (event.occurred_at < enrollment->heard) continue;
    const bool expecting = enrollment->state == EnrollmentState::expecting;
    // While a message is on its way, the wait_for right after it already listens (CONTRACT section
    // 2).
    const bool early = enrollment->state == EnrollmentState::sending && enrollment->early.is_null();
    if (!expecting && !early) continue;
    StepIndex index = enrollment->step;
    // An answer comes first, and is none of the step's after it.
    if (early && std::holds_alternative<Ask>(playbook->steps[index].action)) continue;
    if (early) index = playbook->steps[index].next;
    if (index == no_step) continue;
    const auto* wait = std::get_if<WaitFor>(&playbook->steps[index].action);
    if (wait == nullptr || std::ranges::find(wait->events, event.name) == wait->events.end())
      continue;
    if (early && !had_left(*enrollment, event.occurred_at)) continue;
    if (!holds(wait->condition, &event, enrollment)) continue;
    enrollment->heard = event.occurred_at;
    is_taken = true;
    if (early) {
      enrollment->early = as_map(event);
      left_after_all(number);
    } else {
      expectation_met(*enrollment, *wait, as_map(event));
      if (event.hops == 0) enrollment->pace = 0;
      run_steps(number);
    }
  }
  return is_taken;
}

// An event of that name that others send us says nothing of our segments.
bool Machine::is_of_segment(const EventStart& start, const Event& event) const {
  return text_of(event, "segment") == start.segment &&
         is_in_segment(book_, contact(), start.segment, now_) == (event.name == "segment.entered");
}

bool Machine::judge_starts(const Event& event) {
  if (event.is_history) return false;
  if (now_ > add(event.occurred_at, book_.settings().late_within, zone())) return false;
  // A playbook with several starts that fit is started once by one event.
  std::vector<const Playbook*> judged;
  const ConditionScope conditions = scope(&event, nullptr);
  for (const StartRef& ref : book_.starts(event.name)) {
    if (ref.rules_out(conditions)) continue;
    if (std::ranges::find(judged, ref.playbook.get()) != judged.end()) continue;
    const EventStart& start = ref.playbook->starts[ref.start];
    if (!start.segment.empty() && !is_of_segment(start, event)) continue;
    if (!holds(start.condition, &event, nullptr)) continue;
    judged.push_back(ref.playbook.get());
  }
  for (const Playbook* playbook : judged) start(*playbook, event);
  return !judged.empty();
}

void Machine::ignore(const Playbook& playbook, std::string why) {
  Decision& decision = record("ignored");
  decision.playbook = playbook.id;
  decision.detail = std::move(why);
}

bool Machine::may_run_again(const Playbook& playbook, const std::string& key, const Event& event) {
  const auto& again = playbook.again;
  const bool is_by_clock = event.name == date_reached || event.name == schedule_reached;
  if (again.mode == AgainMode::always) return true;
  if (again.mode == AgainMode::by_clock && is_by_clock) return true;
  for (const LastStart& last : contact().starts) {
    if (last.playbook != playbook.id || last.key != key) continue;
    if (again.mode != AgainMode::after) {
      ignore(playbook, "it ran before, and `again` is never");
      return false;
    }
    if (now_ < add(last.at, again.after, zone())) {
      ignore(playbook, "it ran before, and `again` asks for " + to_string(again.after));
      return false;
    }
  }
  return true;
}

bool Machine::is_stopped_from_the_start(const Playbook& playbook, const std::string& key,
                                        const Event& event) {
  for (const Stop& stop : playbook.stops) {
    if (!stop.event.empty()) continue;
    const Enrollment candidate{.playbook = playbook.id,
                               .version = playbook.version,
                               .key = key,
                               .started = now_,
                               .event_name = event.name,
                               .event = event.properties,
                               .event_at = event.occurred_at};
    if (!holds(stop.condition, nullptr, &candidate)) continue;
    ignore(playbook, "a stop is already true: " + (stop.condition ? stop.condition->source : ""));
    return true;
  }
  return false;
}

std::uint32_t Machine::hops_of(const Enrollment& enrollment) const {
  return now_ - enrollment.started < std::chrono::hours{1} ? enrollment.hops + 1 : 0;
}

void Machine::start(const Playbook& playbook, const Event& event) {
  if (event.hops > hops_max) {
    return ignore(playbook, "playbooks started one another " + std::to_string(hops_max) +
                                " times within an hour; this would be one more");
  }
  std::string key;
  if (playbook.per) {
    const auto value = playbook.per->program.evaluate(scope(&event, nullptr));
    if (value) key = key_text(*value);
    if (key.empty()) {
      Decision& decision = record("error");
      decision.playbook = playbook.id;
      decision.detail = to_string(playbook.per->place) + ": `per` gives no key" +
                        (value ? "" : ": " + value.error().message);
      return;
    }
  }
  std::optional<std::int64_t> under_way;
  for (const auto& enrollment : contact().enrollments) {
    if (enrollment.playbook != playbook.id || enrollment.key != key ||
        enrollment.state == EnrollmentState::finished) {
      continue;
    }
    if (playbook.meanwhile == Meanwhile::ignore) {
      Decision& decision = record("ignored", &enrollment);
      decision.detail = "already under way";
      return;
    }
    under_way = enrollment.number;
  }
  // A restart is not another run: `again` has no say in it.
  if (!under_way && !may_run_again(playbook, key, event)) return;
  if (is_stopped_from_the_start(playbook, key, event)) return;
  if (under_way) end(*under_way, "stopped");
  auto& starts = contact().starts;
  std::erase_if(starts, [&](const LastStart& last) {
    return last.playbook == playbook.id && last.key == key;
  });
  if (starts.size() >= starts_max) starts.erase(starts.begin());
  starts.push_back({playbook.id, key, now_});
  const std::int64_t number = ++contact().enrollments_made;
  contact().enrollments.push_back({.number = number,
                                   .playbook = playbook.id,
                                   .version = playbook.version,
                                   .key = key,
                                   .started = now_,
                                   .event_name = event.name,
                                   .event = event.properties,
                                   .event_at = event.occurred_at,
                                   .since = now_,
                                   .heard = event.occurred_at,
                                   .hops = event.hops,
                                   .pace_from = now_});
  record("start", &contact().enrollments.back()).step.clear();
  emit("enrollment.started", cel::Map{{"playbook", playbook.id}, {"key", key}});
  run_steps(number);
}

std::optional<Address> suppressed_address(const Suppress& command, const Contact& contact) {
  if (command.message) return command.message->to;
  if (command.address || command.channel.empty()) return command.address;
  const auto own = contact.addresses.find(command.channel);
  if (own == contact.addresses.end()) return std::nullopt;
  return Address{own->first, own->second};
}

// One-click unsubscribes are repeated by mail programs and replayed by others. What this contact
// has said before is not told again; that of another holder of the address is.
bool Machine::was_told(const Suppression& known, const std::string& reason) const {
  const auto told = contact().history.find("message." + reason);
  return told != contact().history.end() && told->second.last >= known.at;
}

void Machine::handle(const Suppress& command) {
  const auto address = suppressed_address(command, contact());
  auto& known = address ? address_state(*address).suppression : contact().suppression;
  // The wider scope stays: an unsubscribe after a hard bounce does not open the address again. So
  // does the moment at which the same was first asked.
  const bool covered =
      known && (known->scope == SuppressionScope::all ||
                (known->scope == command.scope && known->reason == command.reason));
  if (covered && was_told(*known, command.reason)) return;
  if (!covered) known = Suppression{command.scope, now_, command.reason};
  if (address) {
    for (const ContactId holder : address_state(*address).holders) {
      if (holder != contact().id) out_.rejudge.push_back(holder);
    }
  }
  Decision& decision = record("suppress");
  decision.detail = command.reason;
  decision.to = address.value_or(Address{});
  const std::string channel = address ? address->channel : command.channel;
  if (command.reason == unsubscribed || command.reason == complained) {
    take_back_consent(channel, command.reason, now_);
    const auto& told = command.message;
    emit("message." + command.reason,
         told ? message_properties(told->message, told->kind, channel, told->playbook)
              : cel::Map{{"channel", channel}});
  }
  judge_stops(nullptr);
}

void Machine::handle(const Reachability& reachability) {
  auto& known = address_state(reachability.address).suppression;
  const bool is_shut = known && known->scope == SuppressionScope::all &&
                       (known->reason == blocked || known->reason == hard_bounced);
  // What an operator or an erasure barred stays so.
  if (known && known->scope == SuppressionScope::all && !is_shut) return;
  if (reachability.reachable != is_shut) return;
  for (const ContactId holder : address_state(reachability.address).holders) {
    if (holder != contact().id) out_.rejudge.push_back(holder);
  }
  Decision& decision = record(is_shut ? "unsuppress" : "suppress");
  decision.detail = blocked;
  decision.to = reachability.address;
  if (is_shut) {
    known.reset();
    // The bar of the chat took the place of what they had said before it.
    const auto consent = contact().consents.find(reachability.address.channel);
    if (consent != contact().consents.end() && is_unsubscribed(consent->second)) {
      known = Suppression{SuppressionScope::marketing, consent->second.at, consent->second.source};
    }
  } else {
    known = Suppression{SuppressionScope::all, now_, std::string(blocked)};
  }
  emit(is_shut ? "chat.unblocked" : "chat.blocked",
       cel::Map{{"channel", reachability.address.channel}});
}

void Machine::handle(const Unsuppress& command) {
  auto& known =
      command.address ? address_state(*command.address).suppression : contact().suppression;
  if (!known) return;
  if (command.address) {
    for (const ContactId holder : address_state(*command.address).holders) {
      if (holder != contact().id) out_.rejudge.push_back(holder);
    }
  }
  Decision& decision = record("unsuppress");
  decision.to = command.address.value_or(Address{});
  decision.detail = known->reason + " lifted by " + command.by + ": " + command.reason;
  known.reset();
  judge_stops(nullptr);
}

// Of every channel that has one when none is named. It holds whatever address the channel gets
// next.
void Machine::take_back_consent(const std::string& channel, const std::string& reason, Instant at) {
  auto& consents = contact().consents;
  if (!channel.empty()) consents.try_emplace(channel);
  for (auto& [name, consent] : consents) {
    if (channel.empty() || name == channel) consent = {.at = at, .source = reason};
  }
  profile_changed();
}

void Machine::handle(const StopEnrollment& command) {
  const Enrollment* enrollment = find_enrollment(command.enrollment);
  if (enrollment != nullptr && enrollment->state != EnrollmentState::finished) {
    end(command.enrollment, "stopped");
  }
}

void Machine::handle(const RetryEnrollment& command) {
  Enrollment* enrollment = find_enrollment(command.enrollment);
  if (enrollment == nullptr || enrollment->state != EnrollmentState::parked) return;
  enrollment->state = EnrollmentState::running;
  enrollment->parked_reason.clear();
  enrollment->pace = 0;
  const auto& called = command.message;
  if (called && called->is_call() && called->change == DeliveryChange::uncertain) {
    Delivery& settled = out_.deliveries.emplace_back(*called);
    settled.change = DeliveryChange::returned;
    settled.at = now_;
  }
  run_steps(command.enrollment);
}

}  // namespace nurtured::rules

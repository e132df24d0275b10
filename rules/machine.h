// One transition in the making: the working state that the parts of `advance` share. Private to
// rules/: include rules/advance.h instead. The parts are events.cpp (what comes in), steps.cpp
// (what an enrollment does), effects.cpp (what its steps change), endings.cpp (how it ends),
// slots.cpp (what may leave), feedback.cpp (what comes back), fill.cpp (what feeds the mix),
// visits.cpp (who follows links), choices.cpp (what people choose on our pages), questions.cpp
// (what they answer), handoffs.cpp (when a human has them), outcomes.cpp (how what left fared),
// standing.cpp (segments, and starts by the clock), migration.cpp (to another version), calls.cpp
// (what connectors are asked to do) and changes.cpp (what a contact is).
#pragma once

#include <deque>
#include <map>
#include <string>
#include <variant>

#include "rules/advance.h"
#include "rules/gates.h"
#include "rules/scope.h"
#include "rules/standing.h"

namespace nurtured::rules {

class Machine {
 public:
  Machine(const Book& book, const Pauses& pauses, const AdvanceLimits& limits, Snapshot snapshot)
      : book_(book), pauses_(pauses), limits_(limits) {
    out_.next = std::move(snapshot);
    if (!limits_.trace_steps) return;
    for (const auto& its : contact().enrollments) traced_[its.number] = its.step;
  }

  // Takes over the book's segments and timed starts, where the contact's are of other ones.
  void adopt_rules(Instant now);
  void adopt_merged(Instant now);
  // Handles what fell due before `now` (at `now` too when `inclusive`), each at its own moment.
  void run_due(Instant now, bool inclusive);
  void run_input(const Input& input, Instant now);
  Transition finish();

  // Moves who is under way to the current versions, and lets nothing go: what `plan` looks at.
  Snapshot migrated(Instant now);

 private:
  // A start that a step asked for: it waits for its turn like the events that were emitted.
  struct StartRequest {
    std::string playbook;
    Event event;
  };

  // What is to be done with an enrollment after a step of it.
  enum class Flow { next, wait, gone };

  // ---- shared ----
  Contact& contact() { return out_.next.contact; }
  const Contact& contact() const { return out_.next.contact; }
  const Zone& zone() const { return book_.zone(contact().timezone); }
  Enrollment* find_enrollment(std::int64_t number);
  const Playbook* playbook_of(const Enrollment& enrollment) const {
    return book_.playbook(enrollment.playbook, enrollment.version);
  }
  AddressState& address_state(const Address& address);
  ConditionScope scope(const Event* event, const Enrollment* enrollment) const {
    return {book_, contact(), event, enrollment, now_};
  }
  // True when the condition holds. An error counts as no and is recorded (CONTRACT section 2).
  bool holds(const std::optional<Expression>& condition, const Event* event,
             const Enrollment* enrollment);
  Decision& record(std::string action, const Enrollment* enrollment = nullptr);

  // ---- events.cpp ----
  void take(const Event& event);
  void handle_event(const Event& event);
  void count(const Event& event);
  void count_touch(const Event& event);
  void judge_goals(const Event& event);
  // `asked`: the enrollment whose question the event answers, which it does not stop; 0: none.
  void judge_stops(const Event* event, std::int64_t asked = 0);
  // True when an enrollment took it.
  bool judge_expectations(const Event& event);
  // True when a playbook began with it, or is under way by it.
  bool judge_starts(const Event& event);
  bool is_of_segment(const EventStart& start, const Event& event) const;
  void start(const Playbook& playbook, const Event& event);
  // Of what the enrollment causes now.
  std::uint32_t hops_of(const Enrollment& enrollment) const;
  void ignore(const Playbook& playbook, std::string why);
  bool may_run_again(const Playbook& playbook, const std::string& key, const Event& event);
  bool is_stopped_from_the_start(const Playbook& playbook, const std::string& key,
                                 const Event& event);
  void emit(std::string name, cel::Value properties, ContactChange change = {});
  void drain_events();
  void begin_requested(const StartRequest& request);
  void handle(const Suppress& command);
  void handle(const Unsuppress& command);
  // On that channel, on all where it is empty.
  void take_back_consent(const std::string& channel, const std::string& reason, Instant at);
  bool was_told(const Suppression& known, const std::string& reason) const;
  // Whether a message of the enrollment's step, on its way, had left when the event occurred: what
  // comes right after it listens already (CONTRACT section 2).
  bool had_left(const Enrollment& enrollment, Instant occurred) const;
  void handle(const StopEnrollment& command);
  void handle(const RetryEnrollment& command);
  void handle(const ResendDelivery& command);
  void handle(const Reachability& reachability);

  // ---- questions.cpp ----
  // The event as it is judged: a button has become the answer that it stands for, and the message
  // that it answers is named. nullopt for a button of a question that is open no more.
  std::optional<Event> as_said(const Event& event);
  Flow execute(const Ask& ask, const Step& step, Enrollment& enrollment);
  // The enrollment whose open question the event answers; 0 where there is none.
  std::int64_t question_for(const Event& event) const;
  void answer(std::int64_t number, const Event& event);
  void expect_answer(Enrollment& enrollment, const Ask& ask, const Pending& question);
  void cannot_take(Enrollment& enrollment, const Ask& ask, const Event& event,
                   const std::string& why);

  // ---- handoffs.cpp ----
  Flow execute(const HandOff& handoff, const Step& step, Enrollment& enrollment);
  void begin_handoff(Handoff handoff, const std::string& step, std::string why);
  void end_handoff(const std::string& by);
  // What the contact wrote and no playbook takes goes to the humans.
  void own_message(const Event& event);
  void tell_humans(const std::string& playbook, const std::string& step, std::string text);
  void handle(const TakeOver& command);
  void handle(const HandBack& command);
  void handle(const HumanMessage& command);

  // ---- choices.cpp ----
  void handle(const Choice& choice);
  void choose_channel(const Choice& choice, const std::string& channel, bool wanted);
  void choose_topic(const std::string& topic, bool wanted);

  // ---- visits.cpp ----
  void handle(const Visit& visit);
  void judge_clicks(Instant until);
  void report_click(const Click& click, std::string_view machine);

  // ---- standing.cpp ----
  void segments_changed(const std::vector<SegmentIndex>& concerned);
  void profile_changed();
  void clock_changed();
  void touched(Instant at);
  std::optional<bool> judge_segment(SegmentIndex index);
  void judge_segments();
  void judge_due_segments(Instant due);
  std::optional<Instant> moved_start(const TimedStartRef& ref);
  Instant planned_after(const TimedStartRef& ref);
  void plan_starts();
  void begin_due_starts(Instant due);
  void begin_by_clock(const TimedStartRef& ref, Instant due);
  void handle(const StartPlaybook& command);

  // ---- migration.cpp ----
  void handle(const Migrate& migrate);
  void migrate(Enrollment& enrollment, const Playbook& from, const Playbook& to);
  void migrate(Pending& pending, const Enrollment& enrollment, const Playbook& from,
               const Playbook& to);
  void renew_due(Enrollment& enrollment, const StepAction& action);

  // ---- changes.cpp ----
  void apply(const ContactChange& change);
  void set_attribute(const std::string& name, const cel::Value& value);
  void set_address(const std::string& channel, const std::string& value);
  void set_suppression(const SuppressionChange& change);
  void set_consent(const ConsentChange& change);
  void set_timezone(const std::string& name);

  // ---- steps.cpp ----
  // Runs the enrollment from its current step until it waits, ends or fails. The enrollment is
  // looked up anew after each step, because a change to the contact may have ended it.
  void run_steps(std::int64_t number);
  void trace(const Enrollment& enrollment, const Playbook& playbook);
  Flow execute(const Step& step, Enrollment& enrollment);
  Flow execute(const Send& send, const Step& step, Enrollment& enrollment);
  Flow execute(const Wait& wait, const Step& step, Enrollment& enrollment);
  Flow execute(const WaitUntil& wait, const Step& step, Enrollment& enrollment);
  Flow execute(const WaitFor& wait, const Step& step, Enrollment& enrollment);
  Flow execute(const Choose& choose, const Step& step, Enrollment& enrollment);
  Flow execute(const Split& split, const Step& step, Enrollment& enrollment);
  Flow execute(const Repeat& repeat, const Step& step, Enrollment& enrollment);
  const Split::Way* way_of(const Split& split, const Step& step, const Enrollment& enrollment);
  void park(Enrollment& enrollment, const base::Error& error);
  // Keeps a value for later steps, as enrollment.NAME; nothing where the name is empty.
  static void save(Enrollment& enrollment, const std::string& name, cel::Value value);
  void expectation_met(Enrollment& enrollment, const WaitFor& wait, const cel::Value& event);
  void enrollment_due(std::int64_t number, Instant due);
  // When a message of a step is no longer to be sent; none: never.
  base::Result<std::optional<Instant>> expiry_of(const Send& send, const MessageInfo& message,
                                                 const Enrollment& enrollment) const;
  Instant wait_end(const Enrollment& enrollment, const Wait& wait) const;

  // ---- effects.cpp ----
  Flow execute(const Set& set, const Step& step, Enrollment& enrollment);
  Flow execute(const Tag& tag, const Step& step, Enrollment& enrollment);
  Flow execute(const MoveTo& move, const Step& step, Enrollment& enrollment);
  Flow execute(const Score& score, const Step& step, Enrollment& enrollment);
  Flow execute(const Emit& emit, const Step& step, Enrollment& enrollment);
  Flow execute(const Notify& notify, const Step& step, Enrollment& enrollment);
  Flow execute(const Enroll& enroll, const Step& step, Enrollment& enrollment);
  Flow execute(const Leave& leave, const Step& step, Enrollment& enrollment);
  // After a step that changed the contact: stops are judged, and this enrollment may be gone.
  Flow after_change(std::int64_t number);
  base::Result<cel::Value> evaluate(const ValueSource& source, const Enrollment& enrollment);
  base::Result<cel::Value> evaluate(const Assignments& assignments, const Enrollment& enrollment);

  // ---- endings.cpp ----
  Flow execute(const End& end, const Step& step, Enrollment& enrollment);
  void end(std::int64_t number, const std::string& outcome);
  void finish_enrollment(std::int64_t number);
  void withdraw(std::int64_t enrollment);
  void forget_finished();

  // ---- slots.cpp ----
  // Judges everything that is held, until nothing changes any more.
  void settle();
  bool settle_once();
  bool settle_one(Pending& pending);
  void give_slot(Pending& pending, const MessageInfo& message, const Verdict& verdict);
  bool hold(Pending& pending, const Verdict& verdict);
  void skip(std::size_t index, Reason reason, const std::string& detail);
  void complete(std::size_t index, bool departed);
  void free_slot(const std::string& key, const Address& address);
  void handle(const Rejudge& rejudge);
  void push_delivery(const Pending& pending, const Target& target, DeliveryChange change,
                     Kind kind);
  Decision& record(std::string action, const Pending& pending, Kind kind);
  std::pair<std::size_t, Target*> find_delivery(const std::string& key);

  // ---- outcomes.cpp ----
  void take_back(const Pending& pending, const Target& target, Kind kind);
  void handle(const Claim& claim);
  void handle(const Outcome& outcome);
  void delivered(std::size_t index, Target& target, Kind kind);
  void deferred(std::size_t index, Target& target, Kind kind, const Outcome& outcome);
  void resolve(std::size_t index);
  void refused(std::size_t index, Target& target, Kind kind, const Outcome& outcome);
  void uncertain(std::size_t index, Target& target, Kind kind);
  // Somebody answers the message at which the enrollment stands: where it is to be sent again
  // because nobody knew whether it had left, it had, and is not.
  void left_after_all(std::int64_t number);
  void render_failed(std::size_t index, Target& target, Kind kind, const std::string& reason);
  void remember_last(const Pending& pending, const Target& target, Kind kind);

  // ---- calls.cpp ----
  Flow execute(const Do& action, const Step& step, Enrollment& enrollment);
  Call* find_call(const std::string& key);
  // Hands over what may go now.
  void settle_calls();
  Reason judge_call(const Call& call) const;
  void claim(Call& call);
  void answered(Call& call, const Outcome& outcome);
  void done(const Call& call, const cel::Value& output);
  Enrollment* waiting_for(const Call& call);
  // It is over: the call is forgotten, and so is what stood there of it.
  void drop(const Call& call, DeliveryChange change);
  void fail_call(Call& call, DeliveryChange change, const std::string& why);
  void withdraw_calls(std::int64_t enrollment);
  void push_call(const Call& call, DeliveryChange change);
  Decision& record(std::string action, const Call& call);

  // ---- feedback.cpp ----
  void handle(const Feedback& feedback);
  void bounced(const Feedback& feedback, const Delivery& delivery);
  void departed_after_all(const Delivery& delivery);
  // What the address bears of a bounce, and the event that tells of it; `properties` name the
  // message.
  void bounce(const Address& address, BounceClass bounce, cel::Map properties,
              const std::string& reason);
  bool is_worn_out(AddressState& state);
  Decision& record(std::string action, const Delivery& delivery);

  // ---- fill.cpp ----
  // True when a piece was added to what is pending, or taken from it.
  bool maintain_fill();
  // Remembers that the contact has had this message, where a series has it.
  void had_piece(const std::string& message);

  const Book& book_;
  const Pauses& pauses_;
  const AdvanceLimits& limits_;
  Transition out_;
  Instant now_;
  std::deque<std::variant<Event, StartRequest>> events_;  // built-in and emitted ones, and requests
  std::size_t events_taken_ = 0;
  std::map<std::int64_t, StepIndex> traced_;  // enrollment → where it stood, with trace_steps
  bool is_history_ = false;                   // what the input is, and so what follows from it
  std::uint32_t hops_ = 0;                    // of the events that are made now: Event::hops
  std::vector<SegmentIndex> stale_segments_;
  bool starts_stale_ = false;
  bool zone_changed_ = false;  // since starts were planned
};

// On its way now, on one channel at least.
bool in_flight(const Target& target);
bool in_flight(const Pending& pending);
// It left, or may have left, on one channel at least.
bool has_left(const Pending& pending);

// What every built-in event about a message tells (CONTRACT section 6).
cel::Map message_properties(const std::string& message, Kind kind, const std::string& channel,
                            const std::string& playbook);

// When the first click that came by itself counts as a person's.
std::optional<Instant> click_due(const Contact& contact);

// Whether more messages or touches alone would let it go.
bool is_held_by_share(const Pending& pending);
// Whether something of a playbook is held so.
bool wants_fill(const Contact& contact);
// The next piece of the fill series that the contact has not been sent and that the mix allows: of
// the kind furthest below its share. nullopt when there is none.
std::optional<std::string> next_fill_piece(const Book& book, const Snapshot& snapshot);

// The moment at which something of this contact next falls due.
std::optional<Instant> next_wake(const Book& book, const Snapshot& snapshot);

}  // namespace nurtured::rules

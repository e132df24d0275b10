#include "daemon/scenario_run.h"

#include <algorithm>
#include <optional>
#include <ranges>
#include <set>
#include <utility>

#include "daemon/scenario_people.h"
#include "store/memory_store.h"

namespace nurtured::daemon {
namespace {

using base::Result;

// The people are known from shortly before the start, so that their first event is none of them.
constexpr base::Milliseconds known_before = std::chrono::minutes{1};
// Nobody reads faster than that; sooner, a click is a mail scanner's (rules/visits.cpp).
constexpr base::Milliseconds reading_time = std::chrono::seconds{10};
// Of the touches that a contact brings along, the latest lies so far back, and each other before.
constexpr base::Milliseconds touch_every = std::chrono::hours{24};

// A store that tells what becomes of the contacts.
class WatchedStore final : public store::EngineStore {
 public:
  using Changed = std::function<void(const rules::Contact&, Instant)>;

  WatchedStore(base::Milliseconds dedup, Changed changed)
      : store_(dedup), changed_(std::move(changed)) {}

  Result<store::Loaded> load(const store::LoadRequest& request) override {
    return store_.load(request);
  }
  Result<void> commit(const store::Batch& batch) override {
    for (const auto& write : batch.contacts) changed_(write.contact, batch.now);
    return store_.commit(batch);
  }
  rules::ContactId allocate() override { return store_.allocate(); }
  Result<std::vector<store::Due>> due(Instant until, std::size_t max) override {
    return store_.due(until, max);
  }
  Result<std::optional<Instant>> next_due() override { return store_.next_due(); }
  Result<std::optional<rules::Delivery>> delivery(std::string_view key) override {
    return store_.delivery(key);
  }
  Result<bool> maintain(Instant now, const store::MaintainLimits& limits) override {
    return store_.maintain(now, limits);
  }

 private:
  store::MemoryStore store_;
  Changed changed_;
};

class Player {
 public:
  Player(const std::shared_ptr<const config::Config>& config, const config::Scenario& scenario,
         const std::function<void(const rules::Passage&)>& passed)
      : config_(config),
        scenario_(scenario),
        ids_(scenario.contacts.size()),
        mailboxes_(scenario.contacts.size()),
        store_(config->dedup.nominal(),
               [this](const rules::Contact& contact, Instant at) { changed(contact, at); }),
        simulation_(
            config, store_, [this](const SimulatedLine& line) { told(line); }, options(passed)) {
    out_.states.resize(scenario.contacts.size());
    for (std::size_t i = 0; i < scenario.contacts.size(); ++i) {
      by_id_.emplace(scenario.contacts[i].id, i);
    }
    watches_states_ = std::ranges::any_of(scenario.expectations, [](const auto& expectation) {
      return std::holds_alternative<config::StateExpected>(expectation.what);
    });
  }

  Result<Played> play() {
    if (auto done = make_people(); !done) return base::fail(done.error());
    for (const auto& event : scenario_.events) agenda_.emplace(key_of(event), &event);
    while (!agenda_.empty()) {
      auto done = is_event(*agenda_.begin()->second) ? take_events() : take_act();
      if (!done) return base::fail(done.error());
    }
    if (auto done = simulation_.run({}, scenario_.until); !done) return base::fail(done.error());
    end_holds();
    return std::move(out_);
  }

 private:
  // At equal times facts come before what people do about their messages, and that in the order of
  // the scenario.
  using Key = std::tuple<Instant, bool, std::size_t>;

  Key key_of(const config::ScenarioEvent& event) const {
    return {event.at, !is_event(event), static_cast<std::size_t>(&event - scenario_.events.data())};
  }
  static bool is_event(const config::ScenarioEvent& event) {
    return std::holds_alternative<config::EventHappens>(event.what);
  }

  SimulationOptions options(const std::function<void(const rules::Passage&)>& passed) {
    SimulationOptions options{.passed = passed, .from = scenario_.start - known_before};
    options.output = [this](const rules::Delivery& call) {
      const auto found = std::ranges::find(scenario_.answers, call.connector + "." + call.action,
                                           [](const auto& answer) { return answer.first; });
      return found == scenario_.answers.end() ? cel::Value(cel::Map{}) : found->second;
    };
    // Most scenarios ask nothing of their people.
    if (!std::ranges::all_of(scenario_.events, is_event)) {
      options.departed = [this](const DeliveryNotice& notice, Instant) {
        if (const auto contact = find(notice.contact)) mailboxes_[*contact].put(notice);
      };
    }
    return options;
  }

  std::optional<std::size_t> find(const std::string& id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? std::nullopt : std::optional(found->second);
  }

  // ---- what the simulation tells

  void told(const SimulatedLine& line) {
    const auto contact = find(line.contact);
    if (!contact) return;
    out_.lines.push_back(
        {line.decision.at, line.decision.at, *contact, line.decision, line.subject});
  }

  void changed(const rules::Contact& contact, Instant at) {
    const auto index = find(contact.user_id);
    if (!index) return;
    ids_[*index] = contact.id;
    if (!watches_states_) return;
    PlayedState state{at, contact.stage, contact.score, contact.tags, {}, contact.attributes};
    for (const auto& membership : contact.memberships) {
      if (membership.is_in) state.segments.push_back(membership.segment);
    }
    auto& states = out_.states[*index];
    // What changed more than once at a moment is what it came to.
    if (!states.empty() && states.back().at == at) {
      states.back() = std::move(state);
    } else {
      states.push_back(std::move(state));
    }
  }

  // ---- the people

  Result<void> make_people() {
    const Instant known = scenario_.start - known_before;
    std::vector<EventInput> inputs;
    for (const auto& contact : scenario_.contacts) {
      inputs.push_back(past_event(contact, "contact.identified", known, contact.change));
      for (int i = 0; i < contact.touches; ++i) {
        inputs.push_back(past_event(contact, "touch.logged", known - (i + 1) * touch_every, {}));
      }
    }
    if (auto done = simulation_.run(std::move(inputs), known); !done) return done;
    return set_what_playbooks_keep(known);
  }

  static EventInput past_event(const config::ScenarioContact& contact, std::string name, Instant at,
                               rules::ContactChange change) {
    return {.who = {.user_id = contact.id},
            .event = {.name = std::move(name),
                      .properties = cel::Map{},
                      .occurred_at = at,
                      .received_at = at,
                      .change = std::move(change),
                      .is_history = true}};
  }

  // Stage and score, which no input sets.
  Result<void> set_what_playbooks_keep(Instant now) {
    store::Batch batch{.now = now};
    for (std::size_t i = 0; i < scenario_.contacts.size(); ++i) {
      const auto& person = scenario_.contacts[i];
      if (person.stage.empty() && person.score == 0) continue;
      auto loaded = store_.load({.contacts = {ids_[i]}});
      if (!loaded) return base::fail(loaded.error());
      for (auto& [contact, wake] : loaded->contacts) {
        contact.stage = person.stage;
        contact.score = person.score;
        contact.standing_rules = 0;  // segments and planned starts are found anew
        batch.contacts.push_back({std::move(contact), wake, wake});
      }
    }
    if (batch.contacts.empty()) return {};
    if (auto done = store_.commit(batch); !done) return done;
    for (const auto& write : batch.contacts) {
      simulation_.later(now, ContactInput{write.contact.id, rules::Rejudge{}});
    }
    return simulation_.run({}, now);
  }

  // ---- what happens

  // All of one moment together, as they would arrive.
  Result<void> take_events() {
    const Instant at = std::get<Instant>(agenda_.begin()->first);
    std::vector<EventInput> inputs;
    std::vector<PlayedLine> notes;
    while (!agenda_.empty() && std::get<Instant>(agenda_.begin()->first) == at &&
           is_event(*agenda_.begin()->second)) {
      const auto& event = *agenda_.extract(agenda_.begin()).mapped();
      const auto& happens = std::get<config::EventHappens>(event.what);
      inputs.push_back(
          {.who = {.user_id = scenario_.contacts[event.contact].id}, .event = happens.event});
      notes.push_back(note(event.contact, at, happens.event.name));
    }
    const auto told_before = static_cast<std::ptrdiff_t>(out_.lines.size());
    if (auto done = simulation_.run(std::move(inputs), at); !done) return done;
    // The run begins with what fell due since the last one.
    const auto moment = std::ranges::lower_bound(out_.lines.begin() + told_before, out_.lines.end(),
                                                 at, {}, &PlayedLine::at);
    out_.lines.insert(moment, notes.begin(), notes.end());
    return {};
  }

  // What somebody does at a moment comes after all else that happens then: it may be about it.
  Result<void> take_act() {
    const auto entry = agenda_.extract(agenda_.begin());
    const auto& event = *entry.mapped();
    const Instant at = std::get<Instant>(entry.key());
    if (auto done = simulation_.run({}, at); !done) return done;
    auto act = act_of(*config_, event.what, scenario_.contacts[event.contact], ids_[event.contact],
                      mailboxes_[event.contact], at);
    if (!act) {
      base::Error fault = act.error();
      fault.place = event.place;
      out_.faults.push_back(std::move(fault));
      return {};
    }
    const bool is_hasty = act->message != nullptr && at < act->message->delivery.at + reading_time;
    if (is_hasty && read_.insert(&event).second) {
      Key later = entry.key();
      std::get<Instant>(later) = act->message->delivery.at + reading_time;
      agenda_.emplace(later, &event);
      return {};
    }
    out_.lines.push_back(note(event.contact, at, name_of(event.what)));
    simulation_.later(at, std::move(act->input));
    return simulation_.run({}, at);
  }

  static std::string name_of(const config::Happening& what) {
    struct Name {
      std::string operator()(const config::EventHappens& its) const { return its.event.name; }
      std::string operator()(const config::PlaybookStarted& its) const {
        return "starts " + its.playbook;
      }
      std::string operator()(const config::LinkClicked& its) const { return "clicks " + its.link; }
      std::string operator()(const config::MessageOpened&) const { return "opens"; }
      std::string operator()(const config::ReplySent& its) const {
        return "replies \"" + its.text + "\"";
      }
      std::string operator()(const config::Unsubscribed&) const { return "unsubscribes"; }
      std::string operator()(const config::ComplaintMade&) const { return "complains"; }
      std::string operator()(const config::MessageBounced&) const { return "bounces"; }
      std::string operator()(const config::HandedBack&) const { return "is handed back"; }
    };
    return std::visit(Name{}, what);
  }

  // The scenario's own part of what happened, for those who read it.
  static PlayedLine note(std::size_t contact, Instant at, std::string what) {
    rules::Decision decision{.at = at, .action = "event", .detail = std::move(what)};
    return {at, at, contact, std::move(decision), {}};
  }

  // A message is held until something else is said of it.
  void end_holds() {
    using Held = std::tuple<std::size_t, std::int64_t, std::string, std::string>;
    std::map<Held, Instant> next;
    for (auto& line : out_.lines | std::views::reverse) {
      const rules::Decision& decision = line.decision;
      if (decision.message.empty()) continue;
      const Held held{line.contact, decision.enrollment, decision.step, decision.message};
      if (decision.action == "hold") {
        const auto ended = next.find(held);
        line.until = ended == next.end() ? scenario_.until : ended->second;
      }
      next[held] = line.at;
    }
  }

  const std::shared_ptr<const config::Config>& config_;
  const config::Scenario& scenario_;
  std::map<std::string, std::size_t, std::less<>> by_id_;
  std::vector<rules::ContactId> ids_;
  std::vector<Mailbox> mailboxes_;
  bool watches_states_ = false;
  Played out_;
  WatchedStore store_;
  Simulation simulation_;
  std::map<Key, const config::ScenarioEvent*> agenda_;
  std::set<const config::ScenarioEvent*> read_;  // acts that were put off, which is done once
};

}  // namespace

Result<Played> play(const std::shared_ptr<const config::Config>& config,
                    const config::Scenario& scenario,
                    const std::function<void(const rules::Passage&)>& passed) {
  return Player(config, scenario, passed).play();
}

}  // namespace nurtured::daemon

// What a simulated population went through, counted: the figures of `nurtured simulate --people`.
// An observer is told of everything that happens to some people and adds it up; figures of several
// groups are added to one another. Plain values; printing is daemon/people_report.h's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/habits.h"
#include "daemon/by_kind.h"
#include "daemon/simulation.h"

namespace nurtured::daemon {

// Times that something took, in days.
struct Durations {
  std::vector<float> days;
  void add(base::Milliseconds took);
  void add(const Durations& others);
  double total() const;
  double mean() const;  // 0 of none
  // The smallest that this share of them, 0 to 1, does not exceed; 0 of none.
  double quantile(double share) const;
};

// Messages of one kind, from the wish to the end.
struct KindFigures {
  std::int64_t sent = 0;
  std::int64_t held = 0;                     // of all: that had to wait at all
  Durations waited;                          // of those sent after a hold
  std::map<rules::Reason, Durations> holds;  // each time that one reason held one message
  std::map<rules::Reason, std::int64_t> skipped;
  std::int64_t still_held = 0;  // at the end
};

struct StepFigures {
  std::string id;
  std::string message;  // of a step that sends
  std::int64_t reached = 0;
  // Of those: who ended there, or stand there at the end; all others went on.
  std::int64_t goal = 0;
  std::int64_t finished = 0;
  std::int64_t stopped = 0;
  std::int64_t there = 0;
  std::int64_t skipped = 0;  // messages that did not leave

  std::int64_t went_on() const { return reached - goal - finished - stopped - there; }
};

struct PlaybookFigures {
  std::string id;
  std::string title;
  std::int64_t started = 0;
  std::int64_t goal = 0;
  std::int64_t finished = 0;
  std::int64_t stopped = 0;
  std::int64_t under_way = 0;
  std::int64_t conversions = 0;  // goals that came after the last step
  std::vector<StepFigures> steps;
};

// Two playbooks wanted the same person's slot: what `won` sent made a message of `waited` wait for
// a cap.
struct Collision {
  std::int64_t times = 0;
  std::int64_t lost = 0;  // the message that waited was left out in the end
  Durations waited;
};

struct PeopleFigures {
  std::size_t people = 0;
  std::size_t joined = 0;  // came in before the end
  Instant from;
  Instant until;
  std::uint64_t seed = 0;
  rules::Mix mix;  // as promised
  int touches_before_offer = 0;

  std::vector<ByKind> days;  // messages sent, by day UTC from `from`
  std::array<KindFigures, kind_count> kinds;
  // Of those who got a whole window of marketing messages: how many had this share of offers, in
  // steps of five percent, the last for all above.
  std::array<std::int64_t, 11> offer_shares{};
  std::int64_t offer_share_people = 0;

  // Whole weeks of one person each, by how many messages came in it; the last for all above.
  std::array<std::int64_t, 15> weeks{};
  // People, each once however many channels or topics they left; who did both counts in both.
  std::int64_t unsubscribed = 0;
  std::int64_t complained = 0;
  // All of them, each once: by the message that came last before they first did either, and by how
  // many had come in the seven days before.
  std::map<std::string, std::int64_t> left_after;
  std::array<std::int64_t, 15> left_after_week_of{};

  std::vector<PlaybookFigures> playbooks;                               // in the book's order
  std::map<std::pair<std::string, std::string>, Collision> collisions;  // won, waited
  Durations first_offer;                                                // from coming in
  std::int64_t opened = 0;
  std::int64_t clicked = 0;
  std::int64_t replied = 0;

  void add(const PeopleFigures& others);
};

class PeopleObserver {
 public:
  // Of the people from the number `first` on, as many as `people`.
  PeopleObserver(const rules::Book& book, std::size_t first, std::size_t people, Instant from,
                 Instant until);

  void joined(std::size_t person, Instant at);
  void see(const SimulatedLine& line);
  // Once, after the last.
  PeopleFigures finish();

 private:
  struct Held {
    std::int64_t enrollment = 0;
    std::string step;
    std::string message;
    rules::Kind kind = rules::Kind::value;
    Instant first;
    Instant since;
    rules::Reason reason = rules::Reason::none;
    std::string winner;  // of a collision
    bool collides = false;
  };
  struct Enrolled {
    std::int64_t number = 0;
    std::size_t playbook = 0;
    std::size_t step = 0;
    std::vector<std::size_t> reached;
  };
  struct Person {
    std::optional<Instant> joined;
    std::vector<Held> held;
    std::vector<Enrolled> enrolled;
    std::vector<std::pair<Instant, rules::Kind>> sent;
    std::string last_message;
    std::string last_playbook;  // of a marketing message
    bool has_sent_marketing = false;
    bool has_unsubscribed = false;
    bool has_complained = false;
  };

  void sent(Person& person, const rules::Decision& decision);
  void held(Person& person, const rules::Decision& decision);
  void released(Person& person, const rules::Decision& decision, bool left_out);
  void close(const Held& held, Instant now, bool left_out, const std::string& playbook);
  void stepped(Person& person, const rules::Decision& decision);
  void ended(Person& person, const rules::Decision& decision);
  void went(Person& person, const rules::Decision& decision);
  void add_weeks(const Person& person);
  void add_shares(const Person& person);

  PeopleFigures figures_;
  std::unordered_map<std::string, std::size_t> playbooks_;
  std::vector<std::unordered_map<std::string, std::size_t>> steps_;  // of each playbook, by id
  std::size_t first_;
  std::vector<Person> people_;
};

struct PeopleOptions {
  std::size_t people = 0;
  int days = 0;
  Instant from;
  std::uint64_t seed = 0;
};

// Runs them all on the virtual clock. Errors are the engine's.
base::Result<PeopleFigures> simulate_people(const std::shared_ptr<const config::Config>& config,
                                            const config::Habits& habits,
                                            const PeopleOptions& options);

}  // namespace nurtured::daemon

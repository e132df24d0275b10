// People whom the simulator makes itself: who they are, what they do of themselves and what they do
// about a message, drawn from their habits. Everything they do is an input of the engine, to come
// at its moment; nothing of the engine is known here.
//
// Everything is drawn for one person at a time, from the seed, the person's number and what it is
// drawn for alone: person 17 is the same among twenty and among a million, and does the same about
// the second letter whatever else the playbooks send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "config/config.h"
#include "config/habits.h"
#include "daemon/engine.h"

namespace nurtured::daemon {

struct PopulationOptions {
  std::size_t first = 1;  // the number of the first of them
  std::size_t people = 0;
  Instant from;   // nobody does anything before
  Instant until;  // nor after
  std::uint64_t seed = 0;
};

// Not for several threads at once.
class Population {
 public:
  // Takes what a person does, at its moment.
  using Later = std::function<void(Instant, EngineInput)>;

  Population(std::shared_ptr<const config::Config> config, config::Habits habits,
             PopulationOptions options, Later later);

  // Gives all that they do of themselves: each comes in, and sends their events. Once.
  void begin();
  // What the receiver of a message does about it.
  void react(const DeliveryNotice& notice, Instant now);
  // What the message's delivery ends in: an address may be dead.
  rules::Outcome outcome(const rules::Delivery& delivery) const;

 private:
  struct Link {
    std::string id;
    std::string url;
  };
  // What is known of a message.
  struct Letter {
    config::Reactions reactions;
    std::vector<Link> links;
  };
  struct Person {
    double liveliness = 1;  // 1 on average
    rules::Zone zone;
    std::map<std::string, std::uint64_t, std::less<>> letters_got;  // by message
    std::vector<Instant> lately;                                    // marketing of the last week
    std::uint64_t numbers = 0;                                      // given to `#` so far
  };

  base::Random random_for(std::size_t person, std::string_view what, std::uint64_t nth = 0) const;
  void come_in(std::size_t person);
  void live(std::size_t person, Instant since);
  // The event at `at`, and whatever follows from it.
  void happen(std::size_t person, const std::string& event, Instant at, base::Random& random,
              std::size_t depth);
  void follow(std::size_t person, std::string_view cause, std::string_view message, Instant at,
              base::Random& random, std::size_t depth);
  cel::Value value_of(const config::PropertyHabit& property, const cel::Type* type,
                      std::size_t person, Instant at, base::Random& random);
  Instant when_awake(std::size_t person, Instant at, base::Random& random) const;
  double weariness(Person& person, rules::Kind kind, Instant now) const;
  const Letter& letter(const std::string& message, rules::Kind kind);
  std::vector<Link> links_in(const std::string& message) const;
  Person& at(std::size_t person) { return people_[person - options_.first]; }
  const Person& at(std::size_t person) const { return people_[person - options_.first]; }

  std::shared_ptr<const config::Config> config_;
  config::Habits habits_;
  PopulationOptions options_;
  Later later_;
  std::string seed_;
  std::vector<Person> people_;
  std::set<std::string> dead_;  // addresses, by rules::to_key
  std::map<std::string, Letter, std::less<>> letters_;
};

// "person-17", the contact's id; 0 for any other name.
std::string person_name(std::size_t person);
std::size_t person_number(std::string_view name);

}  // namespace nurtured::daemon

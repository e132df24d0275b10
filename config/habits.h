// What simulated people are like (`nurtured simulate --people --habits FILE`): who they are, what
// they do about a message, and which events they send of themselves. Every figure is an assumption
// of whoever writes the file; what is left out has the default beside it. daemon/population.h makes
// people of it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "config/problem.h"
#include "rules/book.h"
#include "rules/calendar.h"
#include "rules/kind.h"

namespace nurtured::config {

// One of several, drawn by its weight among all.
struct Weighted {
  std::string value;
  double weight = 1;  // above 0
  bool operator==(const Weighted&) const = default;
};

struct PropertyHabit {
  std::string name;
  // Texts; as its type in events.yaml wants them. A `#` becomes a number that no other event has,
  // and of a timestamp `+3d` is the time after the event.
  std::vector<Weighted> values;
};

struct PeopleHabits {
  rules::Span join_over{.days = 30};  // they come in evenly spread over this time
  std::vector<Weighted> timezones;    // none: the workspace's
  std::vector<Weighted> locales;      // none: none
  // Channel → percent who have it and agreed to it; a channel of the workspace that is not named
  // counts with `channel_percent`. Who would have none has the first.
  std::map<std::string, double, std::less<>> channels;
  double channel_percent = 100;
  std::vector<PropertyHabit> attributes;
  double dead_addresses = 0.5;  // percent of the addresses: the first message bounces for good
  rules::QuietHours asleep{rules::ClockTime{23 * 60}, rules::ClockTime{7 * 60}};
};

// Percent of the messages that arrive.
struct Reactions {
  double opens = 35;
  double clicks = 6;  // where the message holds a link
  double replies = 0.8;
  double answers = 40;  // of a question
  double unsubscribes = 0.25;
  double complains = 0.02;
  bool operator==(const Reactions&) const = default;
};

struct ReactionHabits {
  Reactions usual;
  std::map<rules::Kind, Reactions> kinds;                  // completed by `usual`
  std::map<std::string, Reactions, std::less<>> messages;  // completed by its kind's
  base::Milliseconds after = std::chrono::hours{3};        // on average, awake
  // How far people differ: one in three is livelier than the average by this factor or more.
  double variety = 2;
  // By how much each message beyond three within seven days raises unsubscribes and complaints.
  double tiring = 1.5;
};

// What an event follows from, in percent of it.
struct Cause {
  std::string event;    // link.clicked, message.opened, message.replied or one of the habits'
  std::string message;  // of the first three: only of this message; empty: any
  double percent = 0;
};

struct EventHabit {
  std::optional<base::Milliseconds> every;  // on average, by a person, at any time of the day
  std::vector<Cause> follows;
  rules::Span within{.days = 2};  // of what it follows from, evenly
  std::vector<PropertyHabit> properties;
};

struct Habits {
  PeopleHabits people;
  ReactionHabits reactions;
  std::map<std::string, EventHabit, std::less<>> events;
};

// How many of anything one file may name.
inline constexpr std::size_t habits_max = 1000;

// Reads `text`, the file `path`. What is left out has its default; what only the book can tell (the
// events that start playbooks, what their conditions ask for) is filled in from `book`. Names that
// the book does not have are reported. nullopt when there are errors.
std::optional<Habits> read_habits(std::string_view text, const std::string& path,
                                  const rules::Book& book, Problems& problems);

// The habits where there is no file.
Habits default_habits(const rules::Book& book);

}  // namespace nurtured::config

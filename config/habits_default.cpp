// What can be assumed of people by a look at the book alone: the events that its playbooks wait for
// come, and come so that their conditions hold.
#include <algorithm>
#include <array>
#include <set>

#include "config/catalogue.h"
#include "config/habits.h"
#include "rules/cel/json.h"
#include "rules/scope.h"

namespace nurtured::config {
namespace {

constexpr base::Milliseconds start_every = std::chrono::days{60};
constexpr double goal_percent = 20;      // of the clicks in a playbook's messages
constexpr double expected_percent = 50;  // of the starts, of what a playbook then waits for

class Guess {
 public:
  explicit Guess(const rules::Book& book) : book_(book) {}

  Habits make() {
    for (const auto& playbook : book_.current()) look_at(*playbook);
    for (const std::string& event : goals_) {
      auto& habit = habits_.events[event];
      // Who comes by a message does not come of themselves as well.
      if (!habit.follows.empty()) habit.every.reset();
    }
    for (auto& [event, habit] : habits_.events) complete(event, habit);
    return std::move(habits_);
  }

 private:
  // What the engine makes is nothing that people send.
  static bool is_peoples(const std::string& event) {
    static const std::set<std::string, std::less<>> sent = {"page.viewed", "screen.viewed",
                                                            "group.joined"};
    return !event.empty() && (!built_in_events().contains(event) || sent.contains(event));
  }

  EventHabit* habit_of(const std::string& event,
                       const std::optional<rules::Expression>& condition) {
    if (!is_peoples(event)) return nullptr;
    EventHabit& habit = habits_.events[event];
    if (!condition) return &habit;
    for (const auto& [name, value] : rules::example_properties(*condition)) {
      const Weighted wanted{cel::to_plain_text(value)};
      auto property = std::ranges::find(habit.properties, name, &PropertyHabit::name);
      if (property == habit.properties.end()) {
        habit.properties.push_back({name, {wanted}});
      } else if (std::ranges::find(property->values, wanted) == property->values.end()) {
        property->values.push_back(wanted);
      }
    }
    return &habit;
  }

  void look_at(const rules::Playbook& playbook) {
    std::vector<std::string> messages;
    for (const auto& step : playbook.steps) {
      if (const auto* send = rules::send_of(step.action)) messages.push_back(send->message);
    }
    for (const auto& start : playbook.starts) {
      if (EventHabit* habit = habit_of(start.event, start.condition)) habit->every = start_every;
    }
    for (const auto& step : playbook.steps) {
      const auto* wait = std::get_if<rules::WaitFor>(&step.action);
      if (wait == nullptr) continue;
      for (const auto& event : wait->events) {
        EventHabit* habit = habit_of(event, wait->condition);
        if (habit == nullptr || !habit->follows.empty()) continue;
        for (const auto& start : playbook.starts) {
          if (start.event == event || !is_peoples(start.event)) continue;
          habit->follows.push_back({.event = start.event, .percent = expected_percent});
        }
      }
    }
    if (!playbook.goal) return;
    EventHabit* habit = habit_of(playbook.goal->event, playbook.goal->condition);
    if (habit == nullptr) return;
    goals_.insert(playbook.goal->event);
    for (const auto& message : messages) {
      habit->follows.push_back(
          {.event = "link.clicked", .message = message, .percent = goal_percent});
    }
  }

  // Every property that events.yaml declares has some value.
  void complete(const std::string& event, EventHabit& habit) const {
    const auto shape = book_.settings().events.find(event);
    if (shape == book_.settings().events.end()) return;
    for (const auto& [name, type] : shape->second.properties) {
      if (std::ranges::find(habit.properties, name, &PropertyHabit::name) !=
          habit.properties.end()) {
        continue;
      }
      if (type.is(cel::Kind::string)) habit.properties.push_back({name, {{name + "-#"}}});
      if (type.is(cel::Kind::timestamp)) habit.properties.push_back({name, {{"+3d"}}});
      if (type.is(cel::Kind::boolean)) habit.properties.push_back({name, {{"true"}, {"false"}}});
      if (type.is(cel::Kind::integer) || type.is(cel::Kind::decimal)) {
        habit.properties.push_back({name, {{"10"}, {"100"}}});
      }
    }
  }

  const rules::Book& book_;
  Habits habits_;
  std::set<std::string> goals_;
};

}  // namespace

Habits default_habits(const rules::Book& book) {
  return Guess(book).make();
}

}  // namespace nurtured::config

#include "config/wait_reader.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace nurtured::config {
namespace {

// What `enrollment` has besides what is saved.
constexpr std::string_view taken_names[] = {"started", "key", "playbook", "event"};

std::vector<std::string> read_event_names(Section& section, std::string_view key,
                                          const Reading& reading) {
  std::vector<std::string> names;
  for (auto& [name, place] : section.placed_texts(key)) {
    check_event_name(name, place, reading.problems);
    reading.uses.events.push_back({name, place});
    names.push_back(std::move(name));
  }
  return names;
}

std::string read_save(Section& section, const Reading& reading) {
  const auto name = section.text("save");
  if (!name) return "";
  check_name(*name, "saved event", "", section.node("save")->place, reading.problems);
  if (std::find(std::begin(taken_names), std::end(taken_names), *name) != std::end(taken_names)) {
    section.error("save", "`enrollment." + *name + "` is something else already",
                  "save it under another name");
  }
  return *name;
}

}  // namespace

rules::Wait read_wait(Section& section, std::string_view key) {
  rules::Wait wait;
  wait.span = section.span(key).value_or(rules::Span{});
  if (const auto at = section.text("at")) {
    if (auto time = rules::parse_clock_time(*at)) {
      wait.at = *time;
    } else {
      section.error("at", time.error().message, time.error().remedy);
    }
  }
  const Node* days = section.node("days");
  if (days != nullptr && days->is_list() && days->items.empty()) {
    section.error("days", "`days` is empty", "leave it out for every day");
  }
  for (const auto& [name, place] : section.placed_texts("days")) {
    if (auto day = rules::parse_weekday(name)) {
      wait.days.bits = static_cast<std::uint8_t>(wait.days.bits | (1U << *day));
    } else {
      section.problems().error(place, day.error().message, day.error().remedy);
    }
  }
  return wait;
}

rules::WaitFor read_wait_for(Section& section, std::string_view key, const StepContext& context) {
  rules::WaitFor wait;
  const Reading& reading = context.reading;
  const Node* what = section.node(key);
  if (what->is_map()) {
    auto inner = section.section(key);
    inner->require("any", "list the events of which one is enough");
    wait.events = read_event_names(*inner, "any", reading);
    inner->finish();
  } else {
    wait.events = read_event_names(section, key, reading);
    if (wait.events.empty()) section.error(key, "no event is named here", "name one");
  }
  wait.save = read_save(section, reading);
  wait.within = section.span("within");
  if (section.node("otherwise") != nullptr && section.node("within") == nullptr) {
    section.error("otherwise", "`otherwise` is never reached: there is no `within`",
                  "say how long to wait: within: 1d");
  }
  if (const Node* condition = section.node("if"); condition != nullptr) {
    wait.condition = read_expression(*condition, Wanted::condition,
                                     shape_of(reading.catalogue, wait.events), reading);
  }
  return wait;
}

}  // namespace nurtured::config

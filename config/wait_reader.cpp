#include "config/wait_reader.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/call_reader.h"

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

// What may stand under one name of `save`: the events that steps wait for, what connectors give
// back. Neither where it is something else.
struct SavedSources {
  std::vector<std::string> events;
  std::vector<std::string> calls;
};
using SavedNames = std::map<std::string, SavedSources, std::less<>>;

void gather_saved(const Node& node, SavedNames& saved) {
  for (const Node& item : node.items) gather_saved(item, saved);
  for (const Entry& entry : node.entries) gather_saved(entry.value, saved);
  const Node* name = node.find("save");
  if (name == nullptr || !name->is_scalar()) return;
  SavedSources& sources = saved[name->text];
  if (const Node* call = node.find("do"); call != nullptr && call->is_scalar()) {
    sources.calls.push_back(call->text);
    return;
  }
  std::vector<std::string>& events = sources.events;
  const Node* what = node.find("wait_for");
  if (what == nullptr) what = node.find("any");
  if (what != nullptr && what->is_map()) what = what->find("any");
  if (what == nullptr) return;
  if (what->is_scalar()) events.push_back(what->text);
  for (const Node& item : what->items) events.push_back(item.text);
}

}  // namespace

std::string read_save(Section& section, const Reading& reading) {
  const auto name = section.text("save");
  if (!name) return "";
  check_name(*name, "saved value", "", section.node("save")->place, reading.problems);
  if (std::find(std::begin(taken_names), std::end(taken_names), *name) != std::end(taken_names)) {
    section.error("save", "`enrollment." + *name + "` is something else already",
                  "save it under another name");
  }
  return *name;
}

std::vector<rules::EnrollmentShape::Saved> saved_in(const Node& steps, const Catalogue& catalogue) {
  SavedNames saved;
  gather_saved(steps, saved);
  std::vector<rules::EnrollmentShape::Saved> out;
  for (const auto& [name, sources] : saved) {
    std::optional<rules::EventShape> shape;
    if (!sources.events.empty() && sources.calls.empty()) {
      shape = shape_of(catalogue, sources.events);
    } else if (sources.calls.size() == 1 && sources.events.empty()) {
      shape = output_of(sources.calls.front(), catalogue);
    }
    out.push_back({name, std::move(shape)});
  }
  return out;
}

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
    if (what->is_list() && what->items.empty()) {
      section.error(key, "no event is named here", "name one");
    }
  }
  wait.save = read_save(section, reading);
  wait.within = section.span("within");
  if (section.node("otherwise") != nullptr && section.node("within") == nullptr) {
    section.error("otherwise", "`otherwise` is never reached: there is no `within`",
                  "say how long to wait: within: 1d");
  }
  if (const Node* condition = section.node("if"); condition != nullptr) {
    const Scene scene{shape_of(reading.catalogue, wait.events), context.scene.enrollment};
    wait.condition = read_expression(*condition, Wanted::condition, scene, reading);
  }
  return wait;
}

}  // namespace nurtured::config

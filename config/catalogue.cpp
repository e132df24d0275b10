#include "config/catalogue.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "config/names.h"
#include "config/section.h"

namespace nurtured::config {
namespace {

using cel::Type;
using Field = cel::ObjectFields::Field;

struct TypeName {
  std::string_view name;
  Type type;
};

std::vector<TypeName> type_names() {
  return {{"string", Type::string()},
          {"int", Type::integer()},
          {"double", Type::decimal()},
          {"bool", Type::boolean()},
          {"timestamp", Type::timestamp()},
          {"list", Type::list()},
          {"map", Type::map()},
          {"any", Type::dyn()}};
}

rules::EventShape closed_shape(std::initializer_list<std::string_view> texts) {
  rules::EventShape out{.properties = {}, .open = false};
  for (const std::string_view name : texts) {
    out.properties.push_back({std::string(name), Type::string()});
  }
  return out;
}

EventShapes make_built_in_events() {
  EventShapes events;
  for (const std::string_view what : {"sent", "delivered", "opened", "clicked", "replied",
                                      "bounced", "complained", "unsubscribed", "scanned"}) {
    events.emplace(fmt::format("message.{}", what),
                   closed_shape({"message", "kind", "channel", "playbook"}));
  }
  events["message.bounced"].properties.push_back({"reason", Type::string()});
  events["message.bounced"].properties.push_back({"class", Type::string()});
  events["message.bounced"].properties.push_back({"hard", Type::boolean()});
  events["message.replied"].properties.push_back({"text", Type::string()});
  for (const std::string_view property : {"subject", "choice", "button", "media", "file"}) {
    events["message.replied"].properties.push_back({std::string(property), Type::string()});
  }
  events.emplace("chat.started", closed_shape({"channel", "payload"}));
  for (const std::string_view name : {"chat.blocked", "chat.unblocked"}) {
    events.emplace(name, closed_shape({"channel"}));
  }
  events.emplace("handoff.answered", closed_shape({"text", "by", "channel"}));
  for (const std::string_view name : {"segment.entered", "segment.left"}) {
    events.emplace(name, closed_shape({"segment"}));
  }
  events.emplace("consent.given", closed_shape({"channel", "source"}));
  events.emplace("preferences.changed", closed_shape({"topic"}));
  events["preferences.changed"].properties.push_back({"wanted", Type::boolean()});
  for (const std::string_view name : {"link.clicked", "link.scanned"}) {
    events.emplace(name, closed_shape({"link", "url", "message", "kind", "channel", "playbook"}));
  }
  for (const std::string_view name : {"message.scanned", "link.scanned"}) {
    events.at(std::string(name)).properties.push_back({"reason", Type::string()});
  }
  // What these carry is not fixed.
  for (const std::string_view name :
       {"stage.moved", "enrollment.started", "enrollment.ended", "handoff.started", "handoff.ended",
        "touch.logged", "page.viewed", "screen.viewed", "contact.identified", "group.joined"}) {
    events.emplace(name, rules::EventShape{});
  }
  return events;
}

std::optional<Type> read_type(const Node& node, Problems& problems) {
  const auto types = type_names();
  if (node.is_scalar()) {
    const auto found = std::find_if(types.begin(), types.end(),
                                    [&](const TypeName& type) { return type.name == node.text; });
    if (found != types.end()) return found->type;
  }
  std::vector<std::string> names;
  names.reserve(types.size());
  for (const TypeName& type : types) names.emplace_back(type.name);
  const std::string all = fmt::format("write one of {}", fmt::join(names, ", "));
  problems.error(node.place, "this is no type of a property",
                 did_you_mean(node.is_scalar() ? node.text : "", names, all));
  return std::nullopt;
}

rules::EventShape read_shape(const Entry& entry, Problems& problems) {
  rules::EventShape out;
  if (entry.value.is_null()) return out;
  Section section(entry.value, entry.key, problems);
  if (const Node* properties = section.node("properties"); properties != nullptr) {
    out.open = false;
    const Section checked(*properties, entry.key + ".properties", problems);
    for (const Entry& property : properties->entries) {
      if (auto type = read_type(property.value, problems)) {
        out.properties.push_back({property.key, std::move(*type)});
      }
    }
  }
  if (const auto open = section.boolean("open")) out.open = *open;
  section.finish();
  return out;
}

rules::Touchpoint read_touchpoint(const Entry& entry, Problems& problems) {
  rules::Touchpoint out;
  out.event = entry.key;
  Section section(entry.value, entry.key, problems);
  out.channel = section.text("channel").value_or("");
  out.stage = section.choice("stage", stages).value_or("");
  out.media = section.choice("media", {"paid", "owned", "earned"}).value_or("");
  out.place = section.choice("place", {"online", "offline"}).value_or("");
  out.kind = section.choice("kind", kinds).value_or("");
  out.role = section.choice("role", roles).value_or("");
  if (const auto every = section.span("count_every")) out.count_every = *every;
  out.cost = section.number("cost", {.min = 0, .max = 1e9}).value_or(0);
  section.finish();
  return out;
}

// What a start has as its event though none was sent.
const EventShapes& start_events() {
  static const EventShapes events = {{"date.reached", closed_shape({"playbook"})},
                                     {"schedule.reached", closed_shape({"playbook"})},
                                     {"enrollment.requested", rules::EventShape{}}};
  return events;
}

const rules::EventShape* find_shape(const Catalogue& catalogue, const std::string& event) {
  const auto listed = catalogue.events.find(event);
  if (listed != catalogue.events.end()) return &listed->second;
  const auto built_in = built_in_events().find(event);
  if (built_in != built_in_events().end()) return &built_in->second;
  const auto by_clock = start_events().find(event);
  return by_clock == start_events().end() ? nullptr : &by_clock->second;
}

// Both may be meant: what only one of them has, or has otherwise, is known at evaluation alone.
rules::EventShape merged(const rules::EventShape& left, const rules::EventShape& right) {
  rules::EventShape out;
  out.open = left.open || right.open;
  const auto add = [&](const rules::EventShape& from, const rules::EventShape& other) {
    for (const Field& field : from.properties) {
      const auto is_same_name = [&](const Field& f) { return f.name == field.name; };
      if (std::any_of(out.properties.begin(), out.properties.end(), is_same_name)) continue;
      const auto twin =
          std::find_if(other.properties.begin(), other.properties.end(), is_same_name);
      const bool agrees = twin != other.properties.end() && twin->type == field.type;
      out.properties.push_back({field.name, agrees ? field.type : Type::dyn()});
    }
  };
  add(left, right);
  add(right, left);
  return out;
}

// The events that somebody sends, as far as is known.
std::set<std::string> sent_events(const Catalogue& catalogue, const Uses& uses) {
  std::set<std::string> names = uses.emitted;
  for (const auto& [name, shape] : catalogue.events) names.insert(name);
  for (const auto& [name, shape] : built_in_events()) names.insert(name);
  return names;
}

// A touchpoint for what nobody sends is never counted.
void check_touchpoints(const Catalogue& catalogue, const std::set<std::string>& sent,
                       Problems& problems) {
  const std::vector<std::string> known(sent.begin(), sent.end());
  for (const auto& [event, place] : catalogue.touchpoints) {
    if (sent.contains(event)) continue;
    problems.warning(place, "unknown-event", fmt::format("nothing sends the event `{}`", event),
                     did_you_mean(event, known, "list it in events.yaml if it comes in"));
  }
}

}  // namespace

const EventShapes& built_in_events() {
  static const EventShapes events = make_built_in_events();
  return events;
}

rules::EventShape shape_of(const Catalogue& catalogue, const std::vector<std::string>& events) {
  std::optional<rules::EventShape> out;
  for (const std::string& event : events) {
    const rules::EventShape* found = catalogue.is_former ? nullptr : find_shape(catalogue, event);
    if (found == nullptr) return {};
    out = out ? merged(*out, *found) : *found;
  }
  return out.value_or(rules::EventShape{});
}

bool check_event_name(std::string_view name, const base::Place& place, Problems& problems) {
  const bool has_control = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (!name.empty() && name.size() <= event_bytes_max && !has_control) return true;
  problems.error(place, "this can be no event's name",
                 fmt::format("write 1 to {} bytes on one line", event_bytes_max));
  return false;
}

bool check_name(std::string_view name, std::string_view what, std::string_view others,
                const base::Place& place, Problems& problems) {
  const auto is_allowed = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || others.find(c) != std::string_view::npos;
  };
  const bool fits = !name.empty() && name.size() <= name_bytes_max && name.front() != '-' &&
                    std::all_of(name.begin(), name.end(), is_allowed);
  if (fits) return true;
  problems.error(place, fmt::format("\"{}\" can name no {}", base::cut_utf8(name, 60), what),
                 fmt::format("use Latin letters, digits, `_`, `-`{}{}, at most {}",
                             others.empty() ? "" : " and ", others, name_bytes_max));
  return false;
}

bool check_segment(std::string_view name, const base::Place& place, const Catalogue& catalogue,
                   Problems& problems) {
  if (catalogue.segments.contains(name)) return true;
  if (!catalogue.knows_segments || catalogue.is_former) return true;
  problems.error(place, fmt::format("there is no segment `{}`", base::cut_utf8(name, 60)),
                 did_you_mean(name, keys_of(catalogue.segments), "write it to segments.yaml"));
  return false;
}

void read_events(const Document& document, Catalogue& catalogue, Problems& problems) {
  Section root(document.root, "", problems);
  if (const Node* events = root.node("events"); events != nullptr) {
    const Section checked(*events, "events", problems);
    for (const Entry& entry : events->entries) {
      if (!check_event_name(entry.key, entry.place, problems)) continue;
      catalogue.events.emplace(entry.key, read_shape(entry, problems));
    }
  } else {
    root.require("events", "list the events that may come in");
  }
  root.finish();
}

std::vector<rules::Touchpoint> read_touchpoints(const Document& document, Catalogue& catalogue,
                                                Problems& problems) {
  std::vector<rules::Touchpoint> out;
  Section root(document.root, "", problems);
  if (const Node* touchpoints = root.node("touchpoints"); touchpoints != nullptr) {
    const Section checked(*touchpoints, "touchpoints", problems);
    for (const Entry& entry : touchpoints->entries) {
      if (!check_event_name(entry.key, entry.place, problems)) continue;
      out.push_back(read_touchpoint(entry, problems));
      catalogue.touchpoints.emplace(entry.key, entry.place);
    }
  } else {
    root.require("touchpoints", "list the events that are touches");
  }
  root.finish();
  return out;
}

std::set<std::string> known_events(const Catalogue& catalogue, const Uses& uses) {
  std::set<std::string> names = sent_events(catalogue, uses);
  for (const auto& [event, place] : catalogue.touchpoints) names.insert(event);
  return names;
}

void check_event_uses(const Catalogue& catalogue, const Uses& uses, Problems& problems) {
  if (!catalogue.knows_events) return;
  if (!catalogue.events.empty()) {
    check_touchpoints(catalogue, sent_events(catalogue, uses), problems);
  }
  const std::set<std::string> names = known_events(catalogue, uses);
  const std::vector<std::string> known(names.begin(), names.end());
  for (const EventUse& use : uses.events) {
    if (std::binary_search(known.begin(), known.end(), use.event)) continue;
    std::string message = fmt::format("nothing sends the event `{}`", use.event);
    if (catalogue.events.empty()) {
      problems.warning(use.place, "unknown-event", std::move(message),
                       did_you_mean(use.event, known, "list it in events.yaml if it comes in"));
    } else {
      problems.error(use.place, std::move(message),
                     did_you_mean(use.event, known, "list it in events.yaml if it comes in"));
    }
  }
}

}  // namespace nurtured::config

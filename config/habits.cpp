#include "config/habits.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "config/catalogue.h"
#include "config/names.h"
#include "config/section.h"
#include "config/zones.h"

namespace nurtured::config {
namespace {

constexpr double weight_max = 1e6;
constexpr Section::NumberRange percent_range{.min = 0, .max = 100};
constexpr Section::NumberRange factor_range{.min = 1, .max = 100};

class Reader {
 public:
  Reader(const rules::Book& book, Habits& habits) : book_(book), habits_(habits) {}

  void read(Section root) {
    if (auto people = root.section("people")) read_people(*people);
    if (auto reactions = root.section("reactions")) read_reactions(*reactions);
    for_each(root, "events", [&](Section& events, const std::string& name, const Node& node) {
      if (name.size() > event_bytes_max) return events.error(name, "this name is too long");
      Section section(node, "events." + name, events.problems());
      read_event(section, name);
      section.finish();
    });
    root.finish();
  }

 private:
  // Each entry of the map under `key`, up to habits_max.
  template <class Use>
  void for_each(Section& section, std::string_view key, Use use) {
    auto map = section.section(key);
    if (!map) return;
    const Node* node = section.node(key);
    if (node->entries.size() > habits_max) {
      section.error(key, fmt::format("there are more than {} entries", habits_max));
      return;
    }
    for (const Entry& entry : node->entries) {
      map->allow({entry.key});
      use(*map, entry.key, entry.value);
    }
  }

  // `{launch: 80, other: 20}`, or one value alone.
  std::vector<Weighted> weights(Section& section, std::string_view key) {
    const Node* node = section.node(key);
    if (node == nullptr) return {};
    if (!node->is_map()) {
      const auto value = section.text(key);
      return value ? std::vector<Weighted>{{*value}} : std::vector<Weighted>{};
    }
    std::vector<Weighted> read;
    for_each(section, key, [&](Section& map, const std::string& name, const Node&) {
      const auto weight = map.number(name, {.min = 0, .max = weight_max});
      if (weight && *weight > 0) read.push_back({name, *weight});
    });
    if (read.empty()) section.error(key, "nothing here has a weight", "write {NAME: 1}");
    return read;
  }

  std::vector<PropertyHabit> properties(Section& section, std::string_view key) {
    std::vector<PropertyHabit> read;
    for_each(section, key, [&](Section& map, const std::string& name, const Node&) {
      auto values = weights(map, name);
      if (!values.empty()) read.push_back({name, std::move(values)});
    });
    return read;
  }

  void read_people(Section& section) {
    PeopleHabits& people = habits_.people;
    people.join_over = section.span("join_over").value_or(people.join_over);
    people.timezones = weights(section, "timezones");
    for (const Weighted& zone : people.timezones) {
      check_zone(zone.value, book_.zones(), section.node("timezones")->place, section.problems());
    }
    people.locales = weights(section, "locales");
    people.attributes = properties(section, "attributes");
    for_each(section, "channels", [&](Section& map, const std::string& name, const Node&) {
      const auto& known = book_.settings().channels;
      if (!known.contains(name)) {
        map.error(name, fmt::format("there is no channel `{}`", name),
                  did_you_mean(name, keys_of(known)));
      }
      if (const auto share = map.number(name, percent_range)) people.channels[name] = *share;
    });
    people.dead_addresses =
        section.number("dead_addresses", percent_range).value_or(people.dead_addresses);
    if (const auto asleep = section.text("asleep")) {
      if (const auto hours = rules::parse_quiet_hours(*asleep)) {
        people.asleep = *hours;
      } else {
        section.error("asleep", hours.error().message, "write \"23:00-07:00\"");
      }
    }
    section.finish();
  }

  static Reactions read_rates(Section& section, Reactions rates) {
    const auto rate = [&](std::string_view key, double& value) {
      value = section.number(key, percent_range).value_or(value);
    };
    rate("opens", rates.opens);
    rate("clicks", rates.clicks);
    rate("replies", rates.replies);
    rate("answers", rates.answers);
    rate("unsubscribes", rates.unsubscribes);
    rate("complains", rates.complains);
    return rates;
  }

  void read_reactions(Section& section) {
    ReactionHabits& reactions = habits_.reactions;
    reactions.usual = read_rates(section, reactions.usual);
    reactions.after =
        section.period("after", {.min = std::chrono::minutes{1}, .max = std::chrono::days{60}})
            .value_or(reactions.after);
    reactions.variety = section.number("variety", factor_range).value_or(reactions.variety);
    reactions.tiring = section.number("tiring", factor_range).value_or(reactions.tiring);
    for_each(section, "kinds", [&](Section& map, const std::string& name, const Node& node) {
      const auto kind = rules::parse_kind(name);
      if (!kind) {
        const std::vector<std::string> known(std::begin(kinds), std::end(kinds));
        return map.error(
            name, fmt::format("there is no kind `{}`", name),
            did_you_mean(name, known, "there are " + fmt::format("{}", fmt::join(known, ", "))));
      }
      Section rates(node, "reactions.kinds." + name, map.problems());
      reactions.kinds[*kind] = read_rates(rates, reactions.usual);
      rates.finish();
    });
    for_each(section, "messages", [&](Section& map, const std::string& name, const Node& node) {
      const rules::MessageInfo* message = book_.message(name);
      if (message == nullptr) {
        return map.error(name, fmt::format("there is no message `{}`", name));
      }
      const auto kind = reactions.kinds.find(message->kind);
      Section rates(node, "reactions.messages." + name, map.problems());
      reactions.messages[name] =
          read_rates(rates, kind == reactions.kinds.end() ? reactions.usual : kind->second);
      rates.finish();
    });
    section.finish();
  }

  void read_event(Section& section, const std::string& name) {
    const auto& shapes = book_.settings().events;
    if (!shapes.empty() && !shapes.contains(name) && book_.starts(name).empty() &&
        book_.touchpoint(name) == nullptr) {
      section.warning("", "unknown-event", fmt::format("nothing in the workspace takes `{}`", name),
                      did_you_mean(name, keys_of(shapes)));
    }
    EventHabit habit;
    habit.every =
        section.period("every", {.min = std::chrono::hours{1}, .max = std::chrono::days{3660}});
    habit.within = section.span("within").value_or(habit.within);
    habit.properties = properties(section, "properties");
    if (const auto shape = shapes.find(name); shape != shapes.end()) {
      check_properties(section, name, shape->second, habit.properties);
    }
    if (const Node* follows = section.node("follows")) read_causes(section, *follows, habit);
    // What the file leaves open is what the conditions ask for.
    if (const auto usual = habits_.events.find(name); usual != habits_.events.end()) {
      for (PropertyHabit& property : usual->second.properties) {
        if (std::ranges::find(habit.properties, property.name, &PropertyHabit::name) ==
            habit.properties.end()) {
          habit.properties.push_back(std::move(property));
        }
      }
    }
    habits_.events[name] = std::move(habit);
  }

  // Against what events.yaml declares: a value that does not fit would never meet a condition.
  void check_properties(Section& section, const std::string& event, const rules::EventShape& shape,
                        const std::vector<PropertyHabit>& properties) {
    const Node* node = section.node("properties");
    if (node == nullptr) return;
    std::vector<std::string> names;
    names.reserve(shape.properties.size());
    for (const auto& field : shape.properties) names.push_back(field.name);
    for (const PropertyHabit& property : properties) {
      const Node* said = node->find(property.name);
      const base::Place& place = said == nullptr ? node->place : said->place;
      const auto field =
          std::ranges::find(shape.properties, property.name, &cel::ObjectFields::Field::name);
      if (field == shape.properties.end()) {
        const std::string meant = did_you_mean(property.name, names);
        if (!shape.open || !meant.empty()) {
          section.problems().error(place,
                                   fmt::format("the event has no property `{}`", property.name),
                                   meant.empty() ? "declare it in events.yaml" : meant);
        }
        continue;
      }
      for (const Weighted& value : property.values) {
        if (fits(event, *field, value.value)) continue;
        section.problems().error(place,
                                 fmt::format("`{}` is no {}", value.value, field->type.name()),
                                 fmt::format("events.yaml says that `{}` is one", property.name));
      }
    }
  }

  // As the population reads it (daemon/population.cpp): `+3d` of a time, `#` a number.
  bool fits(const std::string& event, const cel::ObjectFields::Field& property,
            std::string text) const {
    if (property.type.is(cel::Kind::timestamp) && text.starts_with('+')) {
      return rules::parse_span(std::string_view(text).substr(1)).has_value();
    }
    if (const std::size_t mark = text.find('#'); mark != std::string::npos) {
      text.replace(mark, 1, "1.1");
    }
    const cel::Value read = rules::typed_texts(book_.settings().events, event,
                                               cel::Map{{property.name, std::move(text)}});
    return rules::fits(*read.as_map().find(property.name), property.type);
  }

  void read_causes(Section& section, const Node& node, EventHabit& habit) {
    if (!node.is_list() || node.items.size() > habits_max) {
      return section.error("follows", "this is no list of causes",
                           "write [{event: link.clicked, percent: 20}]");
    }
    for (const Node& item : node.items) {
      Section cause(item, section.name() + ".follows", section.problems());
      Cause read;
      if (cause.require("event")) read.event = cause.text("event").value_or("");
      read.message = cause.text("message").value_or("");
      if (!read.message.empty() && book_.message(read.message) == nullptr) {
        cause.error("message", fmt::format("there is no message `{}`", read.message));
      }
      if (cause.require("percent")) {
        read.percent = cause.number("percent", percent_range).value_or(0);
      }
      cause.finish();
      habit.follows.push_back(std::move(read));
    }
  }

  const rules::Book& book_;
  Habits& habits_;
};

}  // namespace

std::optional<Habits> read_habits(std::string_view text, const std::string& path,
                                  const rules::Book& book, Problems& problems) {
  const auto root = parse_yaml(text, path, problems);
  if (!root) return std::nullopt;
  Habits habits = default_habits(book);
  Reader(book, habits).read(Section(*root, "", problems));
  if (problems.has_errors()) return std::nullopt;
  return habits;
}

}  // namespace nurtured::config

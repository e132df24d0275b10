#include "config/scenario_context.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "config/catalogue.h"
#include "config/literal.h"
#include "config/names.h"
#include "rules/event_shape.h"

namespace nurtured::config {
namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// "link-7": a link of a body, which has no name of its own.
bool is_body_link(std::string_view id) {
  constexpr std::string_view prefix = "link-";
  return id.starts_with(prefix) && id.size() > prefix.size() &&
         id.find_first_not_of("0123456789", prefix.size()) == std::string_view::npos;
}

// "buttons.ID.url", with "LOCALE/" before it in a variant (content::Message::usage).
std::optional<std::string_view> button_of(std::string_view piece) {
  constexpr std::string_view prefix = "buttons.";
  constexpr std::string_view suffix = ".url";
  piece.remove_prefix(piece.find('/') + 1);  // 0 where there is none
  if (!piece.starts_with(prefix) || !piece.ends_with(suffix)) return std::nullopt;
  return piece.substr(prefix.size(), piece.size() - prefix.size() - suffix.size());
}

}  // namespace

std::optional<std::size_t> find_kind(const Node& node, std::span<const std::string_view> names,
                                     const KindWords& words, Problems& problems) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Node* value = node.find(names[i]);
    if (value == nullptr) continue;
    if (found) {
      problems.error(value->place,
                     fmt::format("{}: `{}` stands beside `{}`", words.one, names[i], names[*found]),
                     "begin another entry with `-`");
      return std::nullopt;
    }
    found = i;
  }
  if (found) return found;
  const std::vector<std::string> known(names.begin(), names.end());
  for (const Entry& entry : node.entries) {
    const std::string hint = did_you_mean(entry.key, known);
    if (hint.empty()) continue;
    problems.error(entry.place, fmt::format("nothing is called `{}` here", entry.key), hint);
    return std::nullopt;
  }
  problems.error(node.place, std::string(words.none),
                 fmt::format("{} {}", words.all, fmt::join(known, ", ")));
  return std::nullopt;
}

std::size_t ScenarioContext::contact_of(Section& section) const {
  const auto id = section.text("contact");
  if (!id || contacts_ == nullptr) return 0;
  const auto found = std::ranges::find(*contacts_, *id, &ScenarioContact::id);
  if (found != contacts_->end()) return static_cast<std::size_t>(found - contacts_->begin());
  std::vector<std::string> ids;
  for (const auto& contact : *contacts_) ids.push_back(contact.id);
  section.error("contact", fmt::format("there is no contact `{}` in this scenario", *id),
                did_you_mean(*id, ids, "write one of its contacts' ids"));
  return 0;
}

const rules::Zone& ScenarioContext::zone_of(std::size_t contact) const {
  static const rules::Zone utc;
  return contacts_ == nullptr || contact >= contacts_->size() ? utc : (*contacts_)[contact].zone;
}

std::optional<Moment> ScenarioContext::moment(const Node& node, std::size_t contact) const {
  if (!node.is_scalar()) {
    problems_.error(node.place, "this is no time", "write \"2026-03-02 11:30\", or 2d");
    return std::nullopt;
  }
  auto moment = parse_moment(node.text, zone_of(contact), start_);
  if (moment) return *moment;
  problems_.error(node.place, moment.error().message, moment.error().remedy);
  return std::nullopt;
}

std::optional<Moment> ScenarioContext::moment(Section& section, std::string_view key,
                                              std::size_t contact) const {
  const Node* node = section.node(key);
  if (node == nullptr) return std::nullopt;
  return moment(*node, contact);
}

void ScenarioContext::unknown(std::string_view what, const std::string& name,
                              const base::Place& place,
                              const std::vector<std::string>& known) const {
  constexpr std::size_t listed_max = 10;
  const std::string all = known.empty() ? fmt::format("this workspace has no {}s", what)
                          : known.size() <= listed_max
                              ? fmt::format("known are {}", fmt::join(known, ", "))
                              : std::string();
  problems_.error(place, fmt::format("there is no {} `{}`", what, name),
                  did_you_mean(name, known, all));
}

void ScenarioContext::check_message(const std::string& name, const base::Place& place) const {
  if (config_ == nullptr || config_->messages.contains(name)) return;
  // What no file has: a human's own words, and a question put once more.
  if (name == rules::human_message || name == rules::ask_again) return;
  unknown("message", name, place, keys_of(config_->messages));
}

void ScenarioContext::check_playbook(const std::string& name, const base::Place& place) const {
  if (config_ == nullptr || book()->playbook(name) != nullptr) return;
  std::vector<std::string> ids;
  for (const auto& playbook : book()->current()) ids.push_back(playbook->id);
  unknown("playbook", name, place, ids);
}

void ScenarioContext::check_step(const std::string& playbook, const std::string& name,
                                 const base::Place& place) const {
  if (config_ == nullptr) return;
  std::vector<std::string> ids;
  for (const auto& known : book()->current()) {
    if (!playbook.empty() && known->id != playbook) continue;
    for (const rules::Step& step : known->steps) ids.push_back(step.id);
  }
  if (!contains(ids, name)) unknown("step", name, place, ids);
}

void ScenarioContext::check_segment(const std::string& name, const base::Place& place) const {
  if (config_ == nullptr || book()->segments().find(name) != nullptr) return;
  std::vector<std::string> names;
  const rules::Segments& segments = book()->segments();
  names.reserve(segments.size());
  for (rules::SegmentIndex i = 0; i < segments.size(); ++i) names.push_back(segments[i].name);
  unknown("segment", name, place, names);
}

void ScenarioContext::check_channel(const std::string& name, const base::Place& place) const {
  if (config_ == nullptr || book()->settings().channels.contains(name)) return;
  unknown("channel", name, place, keys_of(book()->settings().channels));
}

void ScenarioContext::check_event(const std::string& name, const base::Place& place) const {
  if (!check_event_name(name, place, problems_) || config_ == nullptr) return;
  const auto& listed = book()->settings().events;
  // Without events.yaml any event may come.
  if (listed.empty() || listed.contains(name) || book()->touchpoint(name) != nullptr) return;
  if (built_in_events().contains(name)) return;
  std::vector<std::string> known = keys_of(listed);
  const auto built_in = keys_of(built_in_events());
  known.insert(known.end(), built_in.begin(), built_in.end());
  problems_.error(place, fmt::format("events.yaml lists no `{}`", name),
                  did_you_mean(name, known, "add it to events.yaml"));
}

void ScenarioContext::check_call(const std::string& name, const base::Place& place) const {
  if (config_ == nullptr) return;
  std::vector<std::string> known;
  for (const auto& playbook : book()->current()) {
    for (const rules::Step& step : playbook->steps) {
      const auto* call = std::get_if<rules::Do>(&step.action);
      if (call != nullptr) known.push_back(call->connector + "." + call->action);
    }
  }
  if (std::ranges::find(known, name) != known.end()) return;
  problems_.error(place, fmt::format("no step does `{}`", name),
                  did_you_mean(name, known, "name one as its step `do` does"));
}

void ScenarioContext::check_link(const std::string& id, const base::Place& place) const {
  const bool is_url = id.find("://") != std::string::npos;
  if (config_ == nullptr || is_url || is_body_link(id)) return;
  std::set<std::string> ids;
  for (const auto& [name, message] : config_->messages) {
    for (const auto& [piece, usage] : message.usage()) {
      if (const auto button = button_of(piece)) ids.emplace(*button);
    }
  }
  const std::vector<std::string> known(ids.begin(), ids.end());
  if (!contains(known, id)) unknown("link", id, place, known);
}

cel::Value ScenarioContext::property(const Entry& entry, const cel::Type& type,
                                     std::size_t contact) const {
  const cel::Value value = literal(entry.value);
  if (type.is(cel::Kind::timestamp) && value.is_string()) {
    if (const auto at = parse_moment(value.as_string(), zone_of(contact), start_)) {
      return at->window.from;
    }
  }
  if (!rules::fits(value, type)) {
    problems_.error(entry.value.place, fmt::format("`{}` is no {}", entry.key, type.name()),
                    "events.yaml says what it is");
  }
  return rules::typed(value, type);
}

cel::Value ScenarioContext::properties(const Node* node, const std::string& event,
                                       std::size_t contact) const {
  if (node == nullptr) return cel::Map{};
  const Section section(*node, "properties", problems_);
  if (!node->is_map()) return cel::Map{};
  const auto& built_in = built_in_events();
  const rules::EventShape* shape = nullptr;
  if (const auto found = built_in.find(event); found != built_in.end()) shape = &found->second;
  if (book() != nullptr) {
    const auto found = book()->settings().events.find(event);
    if (found != book()->settings().events.end()) shape = &found->second;
  }
  std::vector<cel::Map::Entry> entries;
  for (const Entry& entry : node->entries) {
    const cel::ObjectFields::Field* field = nullptr;
    std::vector<std::string> known;
    if (shape != nullptr) {
      for (const auto& its : shape->properties) {
        known.push_back(its.name);
        if (its.name == entry.key) field = &its;
      }
    }
    if (field != nullptr) {
      entries.push_back({entry.key, property(entry, field->type, contact)});
      continue;
    }
    if (shape != nullptr && !shape->open) {
      problems_.error(entry.place, fmt::format("the event `{}` has no `{}`", event, entry.key),
                      did_you_mean(entry.key, known, "events.yaml lists its properties"));
    }
    entries.push_back({entry.key, literal(entry.value)});
  }
  return cel::Map::last_wins(std::move(entries));
}

}  // namespace nurtured::config

#include "daemon/plan.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "config/yaml.h"
#include "rules/step_edges.h"

namespace nurtured::daemon {
namespace {

using Texts = std::map<std::string, std::string, std::less<>>;

// Maps of nurtured.yaml whose entries are told apart; of all others the key alone is named.
constexpr std::array<std::string_view, 7> told_apart = {"http",   "keys", "keep",    "vars",
                                                        "series", "mix",  "channels"};
// Files beside nurtured.yaml whose entries are told apart.
constexpr std::array<std::string_view, 3> beside_settings = {"touchpoints.yaml", "events.yaml",
                                                             "segments.yaml"};
// What is read once, when the daemon starts.
constexpr std::array<std::string_view, 8> at_start = {
    "store",          "dedup",        "http.listen", "http.admin_listen", "http.trusted_proxies",
    "keep.decisions", "keep.history", "keep.events"};

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string_view to_string(Change change) {
  switch (change) {
    case Change::added:
      return "added";
    case Change::changed:
      return "changed";
    case Change::removed:
      return "removed";
  }
  return {};
}

char mark_of(Change change) {
  switch (change) {
    case Change::added:
      return '+';
    case Change::changed:
      return '~';
    case Change::removed:
      return '-';
  }
  return ' ';
}

std::string people(std::int64_t count) {
  if (count == 0) return "nobody";
  return count == 1 ? "1 person" : fmt::format("{} people", count);
}

// ---- what a YAML value means, as one text to compare

void append_meaning(const config::Node& node, std::string& out) {
  switch (node.kind) {
    case config::Node::Kind::null:
      out += '~';
      return;
    case config::Node::Kind::scalar:
      out += fmt::format("{}:{}", node.text.size(), node.text);
      return;
    case config::Node::Kind::list:
      out += '[';
      for (const auto& item : node.items) append_meaning(item, out);
      out += ']';
      return;
    case config::Node::Kind::map: {
      Texts sorted;
      for (const auto& entry : node.entries) append_meaning(entry.value, sorted[entry.key]);
      out += '{';
      for (const auto& [key, value] : sorted) out += fmt::format("{}:{}{}", key.size(), key, value);
      out += '}';
      return;
    }
  }
}

std::string meaning(const config::Node& node) {
  std::string text;
  append_meaning(node, text);
  return text;
}

void add_entries(const config::Node& map, const std::string& prefix, Texts& out) {
  for (const auto& entry : map.entries) out[prefix + entry.key] = meaning(entry.value);
}

// Everything that is set, by its dotted name.
Texts settings_of(const config::Config& config) {
  Texts out;
  for (const auto& file : config.files) {
    if (file.path.starts_with("content/layouts/") || file.path.starts_with("content/partials/")) {
      out[file.path] = file.text;
      continue;
    }
    const bool is_settings = file.path == "nurtured.yaml";
    if (!is_settings && !contains(beside_settings, file.path)) continue;
    config::Problems problems;
    const auto root = config::parse_yaml(file.text, file.path, problems);
    if (!root || !root->is_map()) continue;  // compile() has reported it
    for (const auto& entry : root->entries) {
      const bool apart =
          !is_settings || entry.key == "connectors" || contains(told_apart, entry.key);
      if (apart && entry.value.is_map()) {
        add_entries(entry.value, entry.key + ".", out);
      } else {
        out[entry.key] = meaning(entry.value);
      }
    }
  }
  return out;
}

// The text of all files of each message, its locales included.
Texts messages_of(const config::Config& config) {
  constexpr std::string_view folder = "content/";
  Texts out;
  for (const auto& file : config.files) {
    if (!file.path.starts_with(folder) || !file.path.ends_with(".md")) continue;
    const std::string_view name = std::string_view(file.path).substr(folder.size());
    if (name.find('/') != std::string_view::npos) continue;
    out[std::string(name.substr(0, name.find('.')))] += file.path + "\n" + file.text + "\n";
  }
  return out;
}

// Calls on_change(name, Change) for each difference, by name.
template <class OnChange>
void compare(const Texts& before, const Texts& after, const OnChange& on_change) {
  std::set<std::string_view> names;
  for (const auto& [name, text] : before) names.insert(name);
  for (const auto& [name, text] : after) names.insert(name);
  for (const std::string_view name : names) {
    const auto old = before.find(name);
    const auto now = after.find(name);
    if (old == before.end()) {
      on_change(std::string(name), Change::added);
    } else if (now == after.end()) {
      on_change(std::string(name), Change::removed);
    } else if (old->second != now->second) {
      on_change(std::string(name), Change::changed);
    }
  }
}

// ---- playbooks

class PlaybookComparison {
 public:
  explicit PlaybookComparison(const PlanInput& input) : input_(input) {}

  std::vector<PlaybookChange> run() {
    std::set<std::string> ids;
    for (const auto& playbook : input_.after.book->current()) ids.insert(playbook->id);
    if (input_.before != nullptr) {
      for (const auto& playbook : input_.before->book->current()) ids.insert(playbook->id);
    }
    std::vector<PlaybookChange> changes;
    for (const auto& id : ids) {
      if (auto change = compare(id)) changes.push_back(*std::move(change));
    }
    return changes;
  }

 private:
  std::optional<PlaybookChange> compare(const std::string& id) const {
    const auto* before = input_.before == nullptr ? nullptr : input_.before->book->playbook(id);
    const auto* after = input_.after.book->playbook(id);
    const bool is_same = before != nullptr && after != nullptr && before->version == after->version;
    if (is_same && !input_.migrate) return std::nullopt;
    PlaybookChange change{.id = id};
    if (before != nullptr) change.before = before->version;
    if (after != nullptr) change.after = after->version;
    if (before == nullptr) change.change = Change::added;
    if (after == nullptr) change.change = Change::removed;
    for (const auto& at : input_.standing) {
      if (at.playbook != id || at.version == change.after || at.count <= 0) continue;
      change.people += at.count;
      change.standing.push_back(standing_at(at, after));
    }
    if (is_same && change.standing.empty()) return std::nullopt;
    return change;
  }

  StandingAtStep standing_at(const store::Standing& at, const rules::Playbook* after) const {
    StandingAtStep standing{.version = at.version, .people = at.count};
    const auto* version = input_.after.book->playbook(at.playbook, at.version);
    if (version == nullptr && input_.before != nullptr) {
      version = input_.before->book->playbook(at.playbook, at.version);
    }
    if (version == nullptr || at.step >= version->steps.size()) {
      standing.step = fmt::format("#{}", at.step + 1);
      standing.match = rules::StepMatch::gone;
      return standing;
    }
    standing.step = version->steps[at.step].id;
    standing.match = after == nullptr ? rules::StepMatch::gone
                                      : rules::match_step(*version, at.step, *after).match;
    return standing;
  }

  const PlanInput& input_;
};

std::vector<MessageChange> compare_messages(const PlanInput& input, const Texts& before,
                                            const Texts& after) {
  std::vector<MessageUse> uses;
  if (input.before != nullptr) uses = messages_in_use(*input.before->book, input.standing);
  const auto used_by = [&](const std::string& name) -> std::int64_t {
    if (input.migrate) return 0;  // nobody stays on a version that sends it
    const auto use = std::ranges::find(uses, name, &MessageUse::message);
    return use == uses.end() ? 0 : use->people;
  };
  std::vector<MessageChange> changes;
  compare(before, after, [&](std::string name, Change change) {
    MessageChange& added = changes.emplace_back(MessageChange{.name = std::move(name)});
    added.change = change;
    if (change == Change::removed) added.people = used_by(added.name);
  });
  for (const auto& name : input.kept) {
    changes.push_back(
        {.name = name, .change = Change::removed, .kept = true, .people = used_by(name)});
  }
  std::ranges::sort(changes, {}, &MessageChange::name);
  return changes;
}

// ---- words

std::string short_version(const std::string& version) {
  return version.substr(0, 8);
}

std::string_view why_not(rules::StepMatch match) {
  switch (match) {
    case rules::StepMatch::matched:
      return {};
    case rules::StepMatch::gone:
      return "no such step any more";
    case rules::StepMatch::ambiguous:
      return "which step that is now cannot be told";
    case rules::StepMatch::changed:
      return "that step does something else now";
  }
  return {};
}

// People who cannot be taken along keep everybody from it.
void refuse_migration(Plan& plan) {
  for (const PlaybookChange& change : plan.playbooks) {
    if (change.change == Change::removed) continue;
    for (const StandingAtStep& at : change.standing) {
      const std::string_view why = why_not(at.match);
      if (why.empty()) continue;
      plan.refusals.push_back(fmt::format(
          "{} at `{}` of {} {}: {}; give the step an `id` in both versions, or apply without "
          "--migrate",
          people(at.people), at.step, change.id, short_version(at.version), why));
    }
  }
}

void append_text(const PlaybookChange& change, bool migrate, std::string& out) {
  out += fmt::format("  {} {}", mark_of(change.change), change.id);
  switch (change.change) {
    case Change::added:
      out += "  " + short_version(change.after);
      break;
    case Change::changed:
      out += fmt::format("  {} -> {}", short_version(change.before), short_version(change.after));
      break;
    case Change::removed:
      out += "  " + short_version(change.before);
      break;
  }
  if (change.people > 0) {
    out += fmt::format("  {} under way, {}", people(change.people),
                       migrate && change.change != Change::removed
                           ? "who go on with the new version"
                           : "on the version that they began with");
  } else if (change.change != Change::added) {
    out += "  nobody under way";
  }
  out += '\n';
  for (const auto& at : change.standing) {
    const std::string_view why =
        change.change == Change::removed ? std::string_view() : why_not(at.match);
    out += fmt::format("      {} of {}: {}{}{}{}\n", at.step, short_version(at.version),
                       people(at.people), why.empty() ? "" : " (", why, why.empty() ? "" : ")");
  }
}

void append_text(const MessageChange& change, std::string& out) {
  out += fmt::format("  {} {}", mark_of(change.change), change.name);
  if (change.kept) {
    out += fmt::format("  {} under way may still be sent it: the stored copy {}",
                       people(change.people), change.people == 0 ? "is kept" : "serves");
  }
  out += '\n';
}

cel::Value to_value(const PlaybookChange& change) {
  cel::List standing;
  for (const auto& at : change.standing) {
    standing.emplace_back(cel::Map{{"version", at.version},
                                   {"step", at.step},
                                   {"matched", at.match == rules::StepMatch::matched},
                                   {"people", at.people}});
  }
  return cel::Map{{"id", change.id},
                  {"change", to_string(change.change)},
                  {"before", change.before.empty() ? cel::Value() : cel::Value(change.before)},
                  {"after", change.after.empty() ? cel::Value() : cel::Value(change.after)},
                  {"people", change.people},
                  {"standing", std::move(standing)}};
}

}  // namespace

std::vector<MessageUse> messages_in_use(const rules::Book& book,
                                        const std::vector<store::Standing>& standing) {
  std::map<std::string, std::int64_t> uses;
  for (const auto& at : standing) {
    const auto* version = book.playbook(at.playbook, at.version);
    if (version == nullptr || at.count <= 0) continue;
    std::set<std::string_view> to_come;  // a message that is sent twice still reaches a person once
    const auto is_ahead = rules::steps_ahead(*version, at.step);
    for (rules::StepIndex i = 0; i < version->steps.size(); ++i) {
      const rules::Send* send = rules::send_of(version->steps[i].action);
      if (send == nullptr) continue;
      uses.try_emplace(send->message);
      // What is held goes out behind those who went on.
      if (is_ahead[i] || send->go_on_while_held) to_come.insert(send->message);
    }
    for (const auto message : to_come) uses[std::string(message)] += at.count;
  }
  std::vector<MessageUse> list;
  list.reserve(uses.size());
  for (const auto& [message, count] : uses) list.push_back({message, count});
  return list;
}

Plan make_plan(const PlanInput& input) {
  Plan plan;
  plan.first = input.before == nullptr;
  plan.files_changed = plan.first || input.before->files != input.after.files;
  plan.migrate = input.migrate;
  plan.playbooks = PlaybookComparison(input).run();
  if (plan.migrate) refuse_migration(plan);
  const auto of_before = [&](auto&& read) { return plan.first ? Texts{} : read(*input.before); };
  plan.messages = compare_messages(input, of_before(messages_of), messages_of(input.after));
  compare(of_before(settings_of), settings_of(input.after), [&](std::string name, Change change) {
    const bool restart = !plan.first && contains(at_start, name);
    plan.settings.push_back({std::move(name), change, restart});
  });
  return plan;
}

std::string to_text(const Plan& plan) {
  std::string out;
  if (plan.first) out += "nothing is applied yet: all of it is new\n";
  if (!plan.playbooks.empty()) out += "playbooks\n";
  for (const auto& change : plan.playbooks) append_text(change, plan.migrate, out);
  if (!plan.messages.empty()) out += "messages\n";
  for (const auto& change : plan.messages) append_text(change, out);
  // At the first time every setting is new, which tells nobody anything.
  if (!plan.settings.empty() && !plan.first) {
    out += "settings\n";
    for (const auto& change : plan.settings) {
      out += fmt::format("  {} {}{}\n", mark_of(change.change), change.name,
                         change.restart ? "  takes effect at the next start" : "");
    }
  }
  if (plan.holds) out += to_text(*plan.holds);
  for (const auto& refusal : plan.refusals) out += "refused: " + refusal + "\n";
  if (plan.empty()) {
    out += plan.files_changed ? "only comments and spacing change\n" : "nothing changes\n";
  }
  return out;
}

cel::Value to_value(const Plan& plan) {
  cel::List playbooks;
  playbooks.reserve(plan.playbooks.size());
  for (const auto& change : plan.playbooks) playbooks.push_back(to_value(change));
  cel::List messages;
  for (const auto& change : plan.messages) {
    messages.emplace_back(cel::Map{{"name", change.name},
                                   {"change", to_string(change.change)},
                                   {"kept", change.kept},
                                   {"people", change.people}});
  }
  cel::List settings;
  for (const auto& change : plan.settings) {
    settings.emplace_back(cel::Map{
        {"name", change.name}, {"change", to_string(change.change)}, {"restart", change.restart}});
  }
  cel::List refusals;
  for (const auto& refusal : plan.refusals) refusals.emplace_back(refusal);
  return cel::Map{{"first", plan.first},
                  {"migrate", plan.migrate},
                  {"files_changed", plan.files_changed},
                  {"playbooks", std::move(playbooks)},
                  {"messages", std::move(messages)},
                  {"settings", std::move(settings)},
                  {"refusals", std::move(refusals)},
                  {"holds", plan.holds ? to_value(*plan.holds) : cel::Value()}};
}

}  // namespace nurtured::daemon

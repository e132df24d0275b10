// What messages lack for some of those who get them.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "config/lint.h"
#include "rules/scope.h"

namespace nurtured::config {
namespace {

using Variable = MessageScenes::Variable;

// What of a contact always has something to show.
bool always_shows(std::string_view path) {
  constexpr std::string_view names[] = {"contact.id",    "contact.score",    "contact.email",
                                        "contact.stage", "contact.timezone", "contact.locale"};
  constexpr std::string_view maps[] = {"contact.tags", "contact.channels", "contact.consent"};
  return std::ranges::find(names, path) != std::end(names) ||
         std::ranges::any_of(maps, [&](std::string_view map) { return path.starts_with(map); });
}

bool is_asked_before(const std::vector<Variable>& variables, const Variable& variable) {
  return std::ranges::any_of(variables, [&](const Variable& other) {
    return other.use.is_condition && !other.use.is_alternative &&
           other.use.path == variable.use.path && other.place.path == variable.place.path &&
           std::pair(other.place.line, other.place.column) <
               std::pair(variable.place.line, variable.place.column);
  });
}

// "contact.address.city" → "address"
std::string attribute_of(std::string_view path) {
  path.remove_prefix(std::string_view("contact.").size());
  return std::string(rules::attribute_name(path.substr(0, path.find('.'))));
}

// Whether the partial that it is handed to asks for it, or has a default.
bool is_provided_for(const content::Library& library, const content::liquid::VariableUse& handed) {
  const auto* partial = handed.partial.empty() ? nullptr : library.partials.find(handed.partial);
  if (partial == nullptr || !*partial) return false;
  std::vector<Variable> variables;
  for (const auto& use : (*partial)->usage().variables) variables.push_back({use, use.place});
  return std::ranges::all_of(variables, [&](const Variable& variable) {
    return variable.use.path != handed.parameter || variable.use.has_default ||
           variable.use.is_condition || is_asked_before(variables, variable);
  });
}

// The steps that send each message, but for those of a series, which anybody may get.
class Senders {
 public:
  explicit Senders(const LintInput& input) {
    for (const auto& playbook : input.playbooks) {
      for (rules::StepIndex i = 0; i < playbook->steps.size(); ++i) {
        const rules::Send* send = rules::send_of(playbook->steps[i].action);
        if (send != nullptr) steps_[send->message].emplace_back(playbook.get(), i);
      }
    }
    for (const auto& [name, series] : input.settings.series) {
      for (const std::string& message : series) steps_.erase(message);
    }
  }

  // Whether only those get the message who were asked for the attribute.
  bool all_ask(const std::string& message, const std::string& attribute) const {
    const auto senders = steps_.find(message);
    return senders != steps_.end() && std::ranges::all_of(senders->second, [&](const auto& sender) {
             return is_asked_on_the_way(*sender.first, sender.second, attribute);
           });
  }

 private:
  std::map<std::string, std::vector<std::pair<const rules::Playbook*, rules::StepIndex>>,
           std::less<>>
      steps_;
};

void note_no_fallback(const LintInput& input, Problems& problems) {
  std::set<std::string, std::less<>> set;  // by playbooks
  for (const auto& playbook : input.playbooks) {
    for (const auto& step : playbook->steps) {
      const auto* action = std::get_if<rules::Set>(&step.action);
      if (action == nullptr) continue;
      for (const auto& [name, source] : action->attributes) set.insert(name);
    }
  }
  const Senders senders(input);
  const auto note = [&](const std::vector<Variable>& variables, const std::string* message) {
    for (const Variable& variable : variables) {
      const auto& use = variable.use;
      if (!use.path.starts_with("contact.") || use.has_default || use.is_condition) continue;
      if (always_shows(use.path) || set.contains(attribute_of(use.path))) continue;
      if (is_asked_before(variables, variable)) continue;
      if (is_provided_for(*input.messages.library, use)) continue;
      if (message != nullptr && senders.all_ask(*message, attribute_of(use.path))) continue;
      problems.warning(variable.place, "no-fallback",
                       fmt::format("whoever has no `{}` reads nothing here", use.path),
                       fmt::format("write {{{{ {} | default: '...' }}}}, or ask for it with "
                                   "{{% if {} %}}",
                                   use.path, use.path));
    }
  };
  for (const auto& [message, scenes] : input.messages.scenes) note(scenes.variables, &message);
  for (const File& file : input.workspace.files) {
    note(variables_of_partial(input, file), nullptr);
  }
}

// ---- languages and channels

base::Place whole_file(const std::string& message) {
  return {fmt::format("content/{}.md", message), 0, 0, 1};
}

void note_missing_locales(const LintInput& input, Problems& problems) {
  std::map<std::string, std::size_t, std::less<>> counts;
  for (const auto& [name, message] : input.messages.compiled) {
    for (const std::string& locale : message.locales()) ++counts[locale];
  }
  for (const auto& [locale, count] : counts) {
    // A first translation is no promise of all others.
    if (count < 2 || 2 * count <= input.messages.compiled.size()) continue;
    for (const auto& [name, message] : input.messages.compiled) {
      const auto locales = message.locales();
      if (std::ranges::find(locales, locale) != locales.end()) continue;
      problems.warning(whole_file(name), "missing-locale",
                       fmt::format("this message is not there in `{}`, and {} of {} are", locale,
                                   count, input.messages.compiled.size()),
                       fmt::format("write content/{}.{}.md", name, locale));
    }
  }
}

void note_unused_overrides(const LintInput& input, Problems& problems) {
  constexpr std::string_view before = "channels.";
  constexpr std::string_view after = ".text";
  for (const auto& [name, channels] : channels_by_message(input)) {
    const auto message = input.messages.compiled.find(name);
    if (message == input.messages.compiled.end()) continue;
    for (const auto& [piece, usage] : message->second.usage()) {
      if (!piece.starts_with(before) || !piece.ends_with(after)) continue;
      const std::string channel =
          piece.substr(before.size(), piece.size() - before.size() - after.size());
      if (channels.contains(channel)) continue;
      problems.warning(
          whole_file(name), "unused-override",
          fmt::format("it has a text for `{}`, by which no playbook sends it", channel),
          "remove that text, or add the channel to `via`");
    }
  }
}

// ---- the mix

// CONTRACT section 3: so that they do not become the way around it.
void note_outside_mix(const LintInput& input, Problems& problems) {
  const auto& messages = input.catalogue.messages;
  const auto outside = std::ranges::count_if(
      messages, [](const auto& entry) { return !rules::is_marketing(entry.second.kind); });
  if (outside == 0) return;
  const double share = 100.0 * static_cast<double>(outside) / static_cast<double>(messages.size());
  problems.note({input.settings_root.place.path, 0, 0, 1}, "outside-the-mix",
                fmt::format("{} of {} messages ({:.0f} %) are replies, reminders or receipts, "
                            "which the mix and the caps do not hold",
                            outside, messages.size(), share));
}

}  // namespace

std::vector<Variable> variables_of_partial(const LintInput& input, const File& file) {
  constexpr std::string_view folder = "content/partials/";
  std::vector<Variable> variables;
  if (!file.path.starts_with(folder)) return variables;
  const std::string name = file.path.substr(folder.size());
  const auto* partial = input.messages.library->partials.find(name.substr(0, name.rfind('.')));
  if (partial == nullptr || !*partial) return variables;
  for (const auto& use : (*partial)->usage().variables) {
    variables.push_back({use, use.place});
    variables.back().place.path = file.path;
  }
  return variables;
}

std::map<std::string, Channels, std::less<>> channels_by_message(const LintInput& input) {
  std::map<std::string, Channels, std::less<>> out;
  for (const MessageUse& use : input.uses.messages) {
    out[use.message].insert(use.via.begin(), use.via.end());
  }
  if (!input.settings.fill) return out;
  const auto series = input.settings.series.find(input.settings.fill->series);
  if (series == input.settings.series.end()) return out;
  for (const std::string& message : series->second) {
    out[message].insert(input.catalogue.default_via.begin(), input.catalogue.default_via.end());
  }
  return out;
}

void lint_messages(const LintInput& input, Problems& problems) {
  note_no_fallback(input, problems);
  note_missing_locales(input, problems);
  note_unused_overrides(input, problems);
  note_outside_mix(input, problems);
}

}  // namespace nurtured::config

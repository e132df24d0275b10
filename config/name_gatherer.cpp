#include "config/name_gatherer.h"

#include <algorithm>
#include <set>
#include <variant>

#include "config/names.h"

namespace nurtured::config {
namespace {

using Names = std::set<std::string>;

std::vector<std::string> listed(const Names& names) {
  return {names.begin(), names.end()};
}

std::vector<std::string> keys_under(const Node* root, std::string_view key) {
  std::vector<std::string> keys;
  const Node* map = root == nullptr ? nullptr : root->find(key);
  if (map == nullptr) return keys;
  for (const Entry& entry : map->entries) keys.push_back(entry.key);
  return keys;
}

// What the playbooks give to contacts.
struct Given {
  Names tags;
  Names attributes;
};

std::vector<std::string> step_ids(
    const std::vector<std::shared_ptr<const rules::Playbook>>& playbooks) {
  Names ids;
  for (const auto& playbook : playbooks) {
    for (const rules::Step& step : playbook->steps) ids.insert(step.id);
  }
  return listed(ids);
}

Given given_by(const std::vector<std::shared_ptr<const rules::Playbook>>& playbooks) {
  Given given;
  for (const auto& playbook : playbooks) {
    for (const rules::Step& step : playbook->steps) {
      if (const auto* tag = std::get_if<rules::Tag>(&step.action)) {
        given.tags.insert(tag->tags.begin(), tag->tags.end());
      } else if (const auto* set = std::get_if<rules::Set>(&step.action)) {
        for (const auto& [name, value] : set->attributes) given.attributes.insert(name);
      }
    }
  }
  return given;
}

// CONNECTOR.ACTION
std::vector<std::string> calls(const Catalogue& catalogue) {
  std::vector<std::string> names;
  for (const auto& [connector, actions] : catalogue.actions) {
    if (!actions) continue;
    for (const ActionShape& action : *actions) names.push_back(connector + "." + action.name);
  }
  return names;
}

std::vector<std::string> attachments(const Workspace& workspace) {
  std::vector<std::string> paths;
  std::ranges::copy_if(workspace.seen, std::back_inserter(paths), [](const std::string& path) {
    return path.starts_with("files/") && !path.ends_with('/');
  });
  return paths;
}

bool has_all_playbooks(const NameSources& sources) {
  const auto files = std::ranges::count_if(sources.workspace.files, [](const File& file) {
    return file.path.starts_with("playbooks/");
  });
  return static_cast<std::size_t>(files) == sources.playbook_ids.size();
}

std::vector<std::string> unlisted(const Uses& uses, const Names& known) {
  Names names;
  for (const EventUse& use : uses.events) {
    if (!known.contains(use.event)) names.insert(use.event);
  }
  return listed(names);
}

}  // namespace

WorkspaceNames gather_names(const NameSources& sources) {
  const Catalogue& catalogue = sources.catalogue;
  // What a file that could not be read holds is not known.
  const bool all_read = sources.workspace.problems.empty();
  const bool has_settings = sources.settings != nullptr;
  const Names events = known_events(catalogue, sources.uses);
  const Given given = given_by(sources.playbooks);
  WorkspaceNames out;
  const auto add = [&](const char* definition, std::vector<std::string> names, bool is_complete) {
    out.by_definition[definition] = {std::move(names), is_complete && all_read};
  };
  add("message_name", keys_of(catalogue.messages), true);
  add("event_name", listed(events), catalogue.knows_events && !catalogue.events.empty());
  add("any_event_name", listed(events), false);
  add("segment_name", keys_of(catalogue.segments), catalogue.knows_segments);
  add("playbook_id", sources.playbook_ids, has_all_playbooks(sources));
  add("step_id", step_ids(sources.playbooks), false);
  add("channel_name", catalogue.channels, has_settings);
  add("connector_name", keys_under(sources.settings, "connectors"), has_settings);
  add("connector_type", sources.connector_types.names, true);
  add("connector_action", calls(catalogue), has_settings && catalogue.knows_actions);
  add("series_name", keys_under(sources.settings, "series"), has_settings);
  add("layout_name", sources.layouts, true);
  add("attachment", attachments(sources.workspace), sources.workspace.knows_files);
  add("topic", sources.topics, false);
  add("tag", listed(given.tags), false);
  add("attribute_name", listed(given.attributes), false);
  out.unlisted_events = unlisted(sources.uses, events);
  return out;
}

}  // namespace nurtured::config

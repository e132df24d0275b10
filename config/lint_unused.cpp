// What a workspace has and nothing uses.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "config/lint.h"

namespace nurtured::config {
namespace {

using Names = std::set<std::string, std::less<>>;

base::Place whole_file(std::string path) {
  return {std::move(path), 0, 0, 1};
}

void note_messages(const LintInput& input, Problems& problems) {
  Names used;
  for (const MessageUse& use : input.uses.messages) used.insert(use.message);
  for (const auto& [series, messages] : input.settings.series) {
    used.insert(messages.begin(), messages.end());
  }
  for (const auto& [name, facts] : input.catalogue.messages) {
    if (used.contains(name)) continue;
    problems.warning(whole_file(facts.place.path), "unused-message",
                     fmt::format("nothing sends the message `{}`", name),
                     "send it from a playbook, or remove its files");
  }
}

void note_series(const LintInput& input, Problems& problems) {
  const Node* series = input.settings_root.find("series");
  if (series == nullptr) return;
  for (const Entry& entry : series->entries) {
    if (input.settings.fill && input.settings.fill->series == entry.key) continue;
    problems.warning(entry.place, "unused-series",
                     fmt::format("nothing sends the series `{}`", entry.key),
                     fmt::format("set `fill: {{from: {}}}`, or remove it", entry.key));
  }
}

// Whoever listens to segments as such listens to all of them.
bool hears_all_segments(const LintInput& input) {
  const auto is_of_segments = [](std::string_view event) {
    return event == "segment.entered" || event == "segment.left";
  };
  return std::ranges::any_of(input.uses.events,
                             [&](const EventUse& use) { return is_of_segments(use.event); }) ||
         std::ranges::any_of(input.catalogue.touchpoints,
                             [&](const auto& entry) { return is_of_segments(entry.first); });
}

void note_segments(const LintInput& input, Problems& problems) {
  if (hears_all_segments(input)) return;
  for (const auto& [name, place] : input.catalogue.segments) {
    if (input.uses.segments.contains(name)) continue;
    problems.warning(place, "unused-segment",
                     fmt::format("nothing asks for the segment `{}`", name),
                     "start a playbook by it, ask for it with in_segment(), or remove it");
  }
}

void note_partials(const LintInput& input, Problems& problems) {
  // A name that is computed may be any.
  if (input.uses.partials.contains("")) return;
  for (const File& file : input.workspace.files) {
    constexpr std::string_view folder = "content/partials/";
    if (!file.path.starts_with(folder)) continue;
    const std::string name = file.path.substr(folder.size(), file.path.rfind('.') - folder.size());
    if (input.uses.partials.contains(name)) continue;
    problems.warning(whole_file(file.path), "unused-partial",
                     fmt::format("no text puts the partial `{}` in", name),
                     fmt::format("write {{% render '{}' %}} where it belongs, or remove it", name));
  }
}

void note_layouts(const LintInput& input, Problems& problems) {
  for (const auto& [name, layout] : input.messages.library->layouts) {
    if (name == "default" || input.uses.layouts.contains(name)) continue;
    problems.warning(whole_file(fmt::format("content/layouts/{}.html", name)), "unused-layout",
                     fmt::format("no message has the layout `{}`", name),
                     fmt::format("write `layout: {}` in a message, or remove it", name));
  }
}

// What ends the path of a file in a text.
constexpr std::string_view path_ends = " \t\r\n\"'()[]{},<>|?#";

// What the workspace's texts name below files/: attachments, pictures, links.
Names named_files(const Workspace& workspace) {
  constexpr std::string_view folder = "files/";
  Names out;
  for (const File& file : workspace.files) {
    const std::string_view text = file.text;
    for (std::size_t at = text.find(folder); at != std::string_view::npos;) {
      const std::size_t end = std::min(text.find_first_of(path_ends, at), text.size());
      out.emplace(text.substr(at, end - at));
      at = text.find(folder, end);
    }
  }
  return out;
}

void note_files(const LintInput& input, Problems& problems) {
  const Names named = named_files(input.workspace);
  for (const std::string& path : input.workspace.seen) {
    // Where a path with a blank in it ends, nobody can tell.
    const bool is_plain = path.find_first_of(path_ends) == std::string::npos;
    if (!path.starts_with("files/") || !is_plain || named.contains(path)) continue;
    problems.warning(whole_file(path), "unused-file", "no message has this file",
                     "attach it (`attach: [" + path + "]`), or remove it");
  }
}

}  // namespace

void lint_unused(const LintInput& input, Problems& problems) {
  note_messages(input, problems);
  note_series(input, problems);
  note_segments(input, problems);
  note_partials(input, problems);
  note_layouts(input, problems);
  note_files(input, problems);
}

}  // namespace nurtured::config

#include "daemon/lsp/targets.h"

#include <algorithm>
#include <array>

namespace nurtured::daemon::lsp {
namespace {

// What is a key below a key of one file.
struct Listing {
  std::string_view sort;
  std::string_view path;
  std::string_view key;
};
constexpr std::array listings = std::to_array<Listing>({
    {"segment_name", "segments.yaml", "segments"},
    {"event_name", "events.yaml", "events"},
    {"event_name", "touchpoints.yaml", "touchpoints"},
    {"any_event_name", "events.yaml", "events"},
    {"any_event_name", "touchpoints.yaml", "touchpoints"},
    {"channel_name", "nurtured.yaml", "channels"},
    {"connector_name", "nurtured.yaml", "connectors"},
    {"series_name", "nurtured.yaml", "series"},
});

// What is a file of that name.
struct Naming {
  std::string_view sort;
  std::string_view folder;
  std::string_view ending;
};
constexpr std::array namings = std::to_array<Naming>({
    {"message_name", "content/", ".md"},
    {"layout_name", "content/layouts/", ".html"},
    {partial_name, "content/partials/", ".md"},
    {partial_name, "content/partials/", ".html"},
    {"playbook_id", "playbooks/", ".yaml"},
});

class Finder {
 public:
  Finder(const Spot& spot, std::string_view sort, std::string_view name)
      : spot_(spot), files_(spot.files()), sort_(sort), name_(name) {}

  std::optional<Target> run() const {
    if (sort_ == "step_id") return step();
    if (sort_ == "attachment") return attachment();
    if (sort_ == "playbook_id") {
      if (auto found = playbook()) return found;
    }
    if (auto found = listed()) return found;
    for (const Naming& naming : namings) {
      if (naming.sort != sort_) continue;
      const std::string path = std::string(naming.folder) + name_ + std::string(naming.ending);
      if (const config::File* file = files_.workspace.find(path)) return whole(*file);
    }
    return std::nullopt;
  }

 private:
  static Target whole(const config::File& file) { return {file.path, {}, {0, file.text.size()}}; }

  std::optional<Target> listed() const {
    for (const Listing& listing : listings) {
      const config::File* file = files_.workspace.find(listing.path);
      if (listing.sort != sort_ || file == nullptr) continue;
      const Outline outline(file->text);
      const std::size_t list = outline.find(no_entry, listing.key);
      const std::size_t key = list == no_entry ? no_entry : outline.find(list, name_);
      if (key == no_entry) continue;
      return Target{file->path, outline.entries()[key].name, outline.extent(key)};
    }
    return std::nullopt;
  }

  // The one that gives itself this id, whatever its file is called.
  std::optional<Target> playbook() const {
    for (const config::File& file : files_.workspace.files) {
      if (!file.path.starts_with("playbooks/")) continue;
      const Outline outline(file.text);
      const std::size_t key = outline.find(no_entry, "playbook");
      if (key == no_entry) continue;
      const Span id = outline.entries()[key].value;
      if (id.of(file.text) == name_) return Target{file.path, id, {0, file.text.size()}};
    }
    return std::nullopt;
  }

  // Of the playbook that is named beside it, or of any.
  std::optional<Target> step() const {
    if (files_.config == nullptr) return std::nullopt;
    const std::string_view id = spot_.beside("playbook");
    for (const auto& playbook : files_.config->book->current()) {
      if (!id.empty() && playbook->id != id) continue;
      const rules::StepIndex found = playbook->find_step(name_);
      if (found == rules::no_step) continue;
      const base::Place& place = playbook->steps[found].place;
      const Span span = span_of(files_.workspace.source(place.path), place);
      return Target{place.path, span, span};
    }
    return std::nullopt;
  }

  std::optional<Target> attachment() const {
    if (std::ranges::find(files_.workspace.seen, name_) == files_.workspace.seen.end()) {
      return std::nullopt;
    }
    return Target{name_, {}, {}};
  }

  const Spot& spot_;
  const BookFiles& files_;
  std::string_view sort_;
  std::string name_;
};

}  // namespace

std::optional<Target> target_of(const Spot& spot) {
  for (const NameUse& use : spot.uses()) {
    if (auto found = Finder(spot, use.sort, use.span.of(spot.text())).run()) return found;
  }
  return std::nullopt;
}

}  // namespace nurtured::daemon::lsp

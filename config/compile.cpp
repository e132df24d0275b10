#include "config/compile.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "config/allow.h"
#include "config/catalogue.h"
#include "config/lint.h"
#include "config/messages.h"
#include "config/name_gatherer.h"
#include "config/names.h"
#include "config/playbook_reader.h"
#include "config/samples.h"
#include "config/scenario_reader.h"
#include "config/segment_reader.h"
#include "config/settings.h"

namespace nurtured::config {
namespace {

constexpr std::string_view settings_file = "nurtured.yaml";
constexpr std::string_view playbooks_folder = "playbooks/";
constexpr std::array<std::string_view, 5> root_files{"nurtured.yaml", "events.yaml", "samples.yaml",
                                                     "touchpoints.yaml", "segments.yaml"};

class Compiler {
 public:
  Compiler(const Workspace& workspace, const CompileOptions& options)
      : workspace_(workspace), options_(options) {
    catalogue_.zones = &options_.zones;
  }

  Compiled run() {
    for (const Problem& problem : workspace_.problems) problems_.add(problem);
    check_files();
    read_catalogues();
    read_settings_file();
    if (segments_document_) {
      segments_ = read_segments({*segments_document_, catalogue_, uses_, problems_});
    }
    messages_ = read_messages(workspace_, catalogue_, uses_, problems_);
    if (settings_document_) {
      check_series(*settings_document_, settings_.rules, catalogue_, problems_);
    }
    read_playbooks();
    check_senders(messages_, catalogue_, uses_, problems_);
    check_event_uses(catalogue_, uses_, problems_);
    check_playbook_uses();
    check_subjects(catalogue_, uses_, problems_);
    WorkspaceNames names = gather();
    if (problems_.has_errors()) {
      return {
          nullptr,
          silence_allowed(workspace_, AllowedIn::playbooks_and_messages, problems_.take(), false),
          std::move(names)};
    }
    lint({workspace_, catalogue_, uses_, messages_, settings_.rules, segments_, playbooks_,
          settings_document_->root},
         problems_);
    auto config = build();
    return {std::move(config),
            silence_allowed(workspace_, AllowedIn::playbooks_and_messages, problems_.take(), true),
            std::move(names)};
  }

 private:
  std::optional<Document> document(std::string_view path) {
    const File* file = workspace_.find(path);
    if (file == nullptr) return std::nullopt;
    auto root = parse_yaml(file->text, file->path, problems_);
    if (!root) return std::nullopt;
    return Document{file->path, file->text, std::move(*root)};
  }

  // ---- files that are not read

  void check_files() {
    for (const File& file : workspace_.files) {
      if (file.path.find('/') == std::string::npos) check_root_file(file.path);
    }
    for (const std::string& path : workspace_.seen) {
      if (path.starts_with("files/")) continue;
      if (path.ends_with('/')) {
        problems_.warning({path.substr(0, path.size() - 1), 0, 0, 1}, "not-read",
                          "this folder is not read", "move its files one folder up");
        continue;
      }
      problems_.warning({path, 0, 0, 1}, "not-read", "this file is not read",
                        path.ends_with(".yml") ? "rename it to .yaml" : "");
    }
  }

  void check_root_file(const std::string& path) {
    const std::vector<std::string> known(root_files.begin(), root_files.end());
    if (std::find(known.begin(), known.end(), path) != known.end()) return;
    const std::string hint = did_you_mean(path, known);
    if (!hint.empty()) {
      problems_.warning({path, 0, 0, 1}, "not-read", "this file is not read", hint);
    }
  }

  // ---- reading

  void read_catalogues() {
    const auto events = document("events.yaml");
    if (events) read_events(*events, catalogue_, problems_);
    const auto touchpoints = document("touchpoints.yaml");
    if (touchpoints) touchpoints_ = read_touchpoints(*touchpoints, catalogue_, problems_);
    if (const File* samples = workspace_.find(samples_file)) read_samples(*samples, problems_);
    segments_document_ = document("segments.yaml");
    if (segments_document_) read_segment_names(*segments_document_, catalogue_, problems_);
    catalogue_.knows_segments = segments_document_ || !workspace_.find("segments.yaml");
    catalogue_.knows_events = (events || !workspace_.find("events.yaml")) &&
                              (touchpoints || !workspace_.find("touchpoints.yaml"));
  }

  void read_settings_file() {
    catalogue_.knows_channels = false;
    if (workspace_.find(settings_file) == nullptr) {
      if (!has_errors(workspace_.problems)) {
        problems_.error({std::string(settings_file), 0, 0, 1}, "there is no nurtured.yaml",
                        "make a workspace with `nurtured init`");
      }
      return;
    }
    settings_document_ = document(settings_file);
    if (!settings_document_) return;
    catalogue_.knows_channels = true;
    settings_ = read_settings(*settings_document_, options_, catalogue_, uses_, problems_);
  }

  void read_playbooks() {
    std::map<std::string, std::string> paths;  // id → path
    for (const File& file : workspace_.files) {
      if (!file.path.starts_with(playbooks_folder)) continue;
      const auto read = document(file.path);
      if (!read) continue;
      const Reading reading{*read, catalogue_, uses_, problems_};
      const Node* named = read->root.find("playbook");
      playbook_ids_.push_back(named != nullptr && named->is_scalar() ? named->text
                                                                     : playbook_id_of(file.path));
      auto playbook = read_playbook(reading, messages_.library);
      if (playbook == nullptr) continue;
      const auto [twin, is_new] = paths.emplace(playbook->id, file.path);
      if (!is_new) {
        const Node* id = read->root.find("playbook");
        problems_.error(id == nullptr ? read->root.place : id->place,
                        fmt::format("{} is the playbook `{}` already", twin->second, playbook->id),
                        "rename one of them");
      }
      playbooks_.push_back(std::move(playbook));
    }
  }

  // A playbook that is enrolled in, or left, must be there.
  void check_playbook_uses() {
    for (const NameUse& use : uses_.playbooks) {
      if (std::ranges::find(playbook_ids_, use.name) != playbook_ids_.end()) continue;
      problems_.error(use.place, fmt::format("there is no playbook `{}`", use.name),
                      did_you_mean(use.name, playbook_ids_, "write it to playbooks/"));
    }
  }

  WorkspaceNames gather() const {
    std::set<std::string> topics;
    for (const rules::MessageInfo& info : messages_.infos) {
      if (!info.topic.empty()) topics.insert(info.topic);
    }
    return gather_names({workspace_,
                         catalogue_,
                         uses_,
                         settings_document_ ? &settings_document_->root : nullptr,
                         options_.connector_types,
                         keys_of(messages_.library->layouts),
                         {topics.begin(), topics.end()},
                         playbook_ids_,
                         playbooks_});
  }

  std::shared_ptr<const Config> build() {
    auto config = std::make_shared<Config>(std::move(settings_.daemon));
    settings_.rules.events = std::move(catalogue_.events);
    config->book =
        std::make_shared<const rules::Book>(rules::BookParts{.settings = std::move(settings_.rules),
                                                             .zones = options_.zones,
                                                             .messages = std::move(messages_.infos),
                                                             .touchpoints = std::move(touchpoints_),
                                                             .segments = std::move(segments_),
                                                             .current = std::move(playbooks_)});
    config->messages = std::move(messages_.compiled);
    config->library = std::move(messages_.library);
    config->root = workspace_.root;
    // Scenarios are no part of what runs: changing them is no change to apply.
    for (const File& file : workspace_.files) {
      if (!file.path.starts_with(scenarios_folder)) config->files.push_back(file);
    }
    return config;
  }

  const Workspace& workspace_;
  const CompileOptions& options_;
  Problems problems_;
  Catalogue catalogue_;
  Uses uses_;
  std::optional<Document> settings_document_;
  std::optional<Document> segments_document_;
  std::vector<rules::Segment> segments_;
  std::vector<std::string> playbook_ids_;  // of broken ones, too
  SettingsFile settings_;
  Messages messages_;
  std::vector<rules::Touchpoint> touchpoints_;
  std::vector<std::shared_ptr<const rules::Playbook>> playbooks_;
};

}  // namespace

Compiled compile(const Workspace& workspace, const CompileOptions& options) {
  return Compiler(workspace, options).run();
}

CompiledPlaybook compile_playbook(std::string_view source, std::string_view path,
                                  const Config& live) {
  Problems problems;
  auto root = parse_yaml(source, std::string(path), problems);
  if (!root) return {nullptr, problems.take()};
  const Document document{std::string(path), source, std::move(*root)};
  Catalogue catalogue;
  catalogue.is_former = true;
  catalogue.knows_channels = false;
  catalogue.channels = live.book->settings().default_via;
  catalogue.default_via = catalogue.channels;
  for (const auto& [name, message] : live.messages) catalogue.messages[name].kind = message.kind();
  Uses uses;
  const Reading reading{document, catalogue, uses, problems};
  auto playbook = read_playbook(reading, live.library);
  return {std::move(playbook), problems.take()};
}

}  // namespace nurtured::config

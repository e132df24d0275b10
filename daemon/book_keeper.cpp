#include "daemon/book_keeper.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "config/compile.h"
#include "config/scenario_reader.h"
#include "daemon/pauses.h"
#include "daemon/walk.h"

namespace nurtured::daemon {
namespace {

// A config that also knows the versions that the store kept.
std::shared_ptr<const config::Config> with_former(
    const std::shared_ptr<const config::Config>& config,
    const std::vector<store::PlaybookSource>& sources, std::vector<config::Problem>* problems) {
  std::vector<std::shared_ptr<const rules::Playbook>> former;
  for (const auto& source : sources) {
    const auto* current = config->book->playbook(source.playbook);
    if (current != nullptr && current->version == source.version) continue;
    auto compiled = config::compile_playbook(source.source, source.path, *config);
    if (compiled.playbook != nullptr && compiled.playbook->version == source.version) {
      former.push_back(std::move(compiled.playbook));
    } else if (problems != nullptr) {
      problems->push_back({config::Severity::warning,
                           {source.path, 0, 0, 1},
                           "former-version",
                           "the former version " + source.version + " of the playbook `" +
                               source.playbook + "` cannot be read any more",
                           "people under way on it are parked; stop their enrollments"});
    }
  }
  auto complete = std::make_shared<config::Config>(*config);
  complete->book = config->book->with_former(former);
  return complete;
}

config::Workspace workspace_of(const store::AppliedBook& book, const std::string& root) {
  config::Workspace workspace{.root = root, .knows_files = false};
  for (const auto& file : book.files) workspace.files.push_back({file.path, file.contents});
  return workspace;
}

// content/NAME.md and content/NAME.LOCALE.md.
bool is_file_of(const std::string& path, const std::string& message) {
  return path.starts_with("content/" + message + ".") && path.ends_with(".md");
}

bool has_message(const config::Workspace& workspace, const std::string& message) {
  return std::ranges::any_of(workspace.files,
                             [&](const auto& file) { return is_file_of(file.path, message); });
}

// Adds the files of `messages` from `old`, and what they may refer to.
void add_stored_copies(const config::Workspace& old, const std::vector<std::string>& messages,
                       config::Workspace& workspace) {
  for (const auto& file : old.files) {
    const bool is_shared =
        file.path.starts_with("content/layouts/") || file.path.starts_with("content/partials/");
    const bool is_kept = std::ranges::any_of(
        messages, [&](const auto& message) { return is_file_of(file.path, message); });
    if ((is_shared || is_kept) && workspace.find(file.path) == nullptr) {
      workspace.files.push_back(file);
    }
  }
  std::ranges::sort(workspace.files, {}, &config::File::path);
}

bool is_kept_file(const std::string& path, const std::vector<std::string>& messages) {
  return std::ranges::any_of(messages,
                             [&](const auto& message) { return is_file_of(path, message); });
}

}  // namespace

store::Options store_options(const config::Config* config) {
  store::Options options;
  if (config != nullptr) {
    options.keep_events = config->keep.events.nominal();
    options.keep_decisions = config->keep.decisions.nominal();
    options.dedup = config->dedup.nominal();
  }
  return options;
}

std::vector<config::Scenario> add_scenarios(BookFiles& files) {
  config::Problems problems;
  auto scenarios = config::read_scenarios(files.workspace, files.config.get(), problems);
  for (config::Problem& problem : files.problems) problems.add(std::move(problem));
  files.problems = problems.take();
  return scenarios;
}

BookKeeper::BookKeeper(BookKeeperOptions options, const base::Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

config::Compiled BookKeeper::compile(const config::Workspace& workspace, bool with_secrets) const {
  return config::compile(workspace, {.secrets = with_secrets ? options_.secrets : nullptr,
                                     .connector_types = options_.connector_types,
                                     .zones = options_.zones});
}

BookFiles BookKeeper::read() const {
  return files_of(config::read_workspace(options_.config_path));
}

BookFiles BookKeeper::read_with(std::vector<config::File> drafts) const {
  auto workspace = config::read_workspace(options_.config_path);
  for (config::File& draft : drafts) {
    if (!workspace) break;
    auto& files = workspace->files;
    std::erase_if(files, [&](const config::File& file) { return file.path == draft.path; });
    const auto place = std::ranges::upper_bound(files, draft.path, {}, &config::File::path);
    files.insert(place, std::move(draft));
  }
  return files_of(std::move(workspace));
}

BookFiles BookKeeper::files_of(base::Result<config::Workspace> workspace) const {
  BookFiles files;
  if (!workspace) {
    files.workspace.root = workspace_folder(options_.config_path);
    const base::Error& error = workspace.error();
    files.problems.push_back(
        {config::Severity::error, error.place, {}, error.message, error.remedy});
  } else {
    files.workspace = *std::move(workspace);
    auto compiled = compile(files.workspace, true);
    files.config = std::move(compiled.config);
    files.problems = std::move(compiled.problems);
    files.names = std::move(compiled.names);
  }
  const std::string store = files.config != nullptr
                                ? files.config->store
                                : guess_store(files.workspace.source("nurtured.yaml"));
  files.location = store_location(store, files.workspace.root, options_.surroundings);
  return files;
}

base::Result<PreparedBook> BookKeeper::prepare(store::Reader& reader, bool migrate) const {
  return prepare(read(), reader, migrate);
}

base::Result<PreparedBook> BookKeeper::prepare(BookFiles files, store::Reader& reader,
                                               bool migrate) const {
  PreparedBook prepared{.workspace = std::move(files.workspace),
                        .problems = std::move(files.problems)};
  const auto applied = reader.applied_book();
  if (!applied) return base::fail(applied.error());
  const auto sources = reader.playbook_sources();
  if (!sources) return base::fail(sources.error());
  auto standing = reader.standing();
  if (!standing) return base::fail(standing.error());
  // What is only compared needs no secrets.
  std::shared_ptr<const config::Config> before;
  config::Workspace old;
  if (*applied) {
    old = workspace_of(**applied, prepared.workspace.root);
    before = compile(old, false).config;
    if (before != nullptr) before = with_former(before, *sources, nullptr);
  }
  std::vector<std::string> kept;
  if (before != nullptr) {
    for (const auto& use : messages_in_use(*before->book, *standing)) {
      if (has_message(old, use.message) && !has_message(prepared.workspace, use.message)) {
        kept.push_back(use.message);
      }
    }
  }
  auto config = std::move(files.config);
  if (config != nullptr && !kept.empty()) {
    add_stored_copies(old, kept, prepared.workspace);
    auto compiled = compile(prepared.workspace, true);
    config = std::move(compiled.config);
    prepared.problems = std::move(compiled.problems);
    for (const auto& problem : prepared.problems) {
      if (problem.severity != config::Severity::error) continue;
      if (!is_kept_file(problem.place.path, kept)) continue;
      prepared.plan.refusals.push_back(problem.place.path +
                                       " is gone, people under way may still be sent it, and its "
                                       "stored copy does not fit any more: " +
                                       problem.message);
    }
  }
  if (config == nullptr) return prepared;
  prepared.config = with_former(config, *sources, &prepared.problems);
  auto refusals = std::move(prepared.plan.refusals);
  prepared.plan = make_plan({.before = before.get(),
                             .after = *prepared.config,
                             .standing = *std::move(standing),
                             .kept = std::move(kept),
                             .migrate = migrate});
  prepared.plan.refusals.insert(prepared.plan.refusals.begin(), refusals.begin(), refusals.end());
  const auto pauses = load_pauses(reader);
  if (!pauses) return base::fail(pauses.error());
  for (const rules::Silence& silence : pauses->silences) {
    if (silence.segment.empty() || silence.until <= clock_.now()) continue;
    if (prepared.config->book->segments().find(silence.segment) != nullptr) continue;
    prepared.plan.refusals.push_back(fmt::format(
        "silence {} holds messages to the segment {}, which there would be none of: keep the "
        "segment, or end it by `nurtured silence end {}`",
        silence.id, silence.segment, silence.id));
  }
  return prepared;
}

store::Batch BookKeeper::batch(const PreparedBook& prepared, bool migrate) const {
  store::Batch batch;
  batch.now = clock_.now();
  batch.meta.push_back(walk_mark(true, migrate));
  store::AppliedBook& book = batch.book.emplace(store::AppliedBook{.at = batch.now});
  for (const auto& file : prepared.config->files) book.files.push_back({file.path, file.text});
  for (const auto& playbook : prepared.config->book->current()) {
    const base::Place& place = playbook->steps.empty() ? base::Place{} : playbook->steps[0].place;
    batch.sources.push_back({playbook->id, playbook->version, place.path, playbook->source});
  }
  return batch;
}

base::Result<BookStart> BookKeeper::start(BookFiles files, store::Store& store) {
  BookStart start{.workspace = files.workspace, .problems = files.problems};
  auto prepared = prepare(std::move(files), store, false);
  if (!prepared) return base::fail(prepared.error());
  if (prepared->refused()) {
    auto config = adopt_applied(store);
    if (!config) return base::fail(config.error());
    start.config = *std::move(config);
    start.problems = std::move(prepared->problems);
    start.plan = std::move(prepared->plan);
    start.broken_files = true;
  } else {
    start.applied = prepared->plan.files_changed;
    if (start.applied) {
      if (auto done = store.commit(batch(*prepared)); !done) return base::fail(done.error());
    }
    start.config = std::move(prepared->config);
    start.problems = std::move(prepared->problems);
    start.workspace = std::move(prepared->workspace);
    start.plan = std::move(prepared->plan);
  }
  set_current(start.config);
  set_files_broken(start.broken_files);
  return start;
}

base::Result<std::shared_ptr<const config::Config>> BookKeeper::adopt_applied(
    store::Reader& reader) const {
  const auto applied = reader.applied_book();
  if (!applied) return base::fail(applied.error());
  if (!*applied) {
    return base::fail("the workspace has errors, and nothing was applied before that could run",
                      "run `nurtured check`");
  }
  const auto sources = reader.playbook_sources();
  if (!sources) return base::fail(sources.error());
  auto compiled = compile(workspace_of(**applied, workspace_folder(options_.config_path)), true);
  if (compiled.config == nullptr) {
    std::string reason;
    for (const auto& problem : compiled.problems) {
      if (problem.severity == config::Severity::error && reason.empty()) {
        reason = base::to_string(problem.place) + ": " + problem.message;
      }
    }
    return base::fail("the applied book cannot run any more: " + reason, "mend the workspace");
  }
  return with_former(compiled.config, *sources, nullptr);
}

base::Result<std::shared_ptr<const config::Config>> BookKeeper::adopt(const BookFiles& files,
                                                                      store::Reader& reader) {
  auto config = adopt_applied(reader);
  if (!config && config.error().kind == base::ErrorKind::invalid && files.config != nullptr) {
    config = files.config;
  }
  if (config) set_current(*config);
  set_files_broken(files.config == nullptr);
  return config;
}

std::shared_ptr<const config::Config> BookKeeper::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void BookKeeper::set_current(std::shared_ptr<const config::Config> config) {
  const std::lock_guard lock(mutex_);
  current_ = std::move(config);
}

}  // namespace nurtured::daemon

// Which book runs. Reads the workspace, compiles it with every former version of a playbook that
// the store kept, and tells what applying it would change. The applied book is in the store, so
// that a start with broken files runs it (CONTRACT section 2, "Versions").
//
// It changes nothing but the store that start() is handed: a reload is prepare(), then one job on
// the engine's thread that commits batch() and calls Engine::set_book (daemon/operations.h).
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "config/compile.h"
#include "config/config.h"
#include "config/problem.h"
#include "config/scenario.h"
#include "config/section.h"
#include "config/workspace.h"
#include "daemon/places.h"
#include "daemon/plan.h"
#include "store/store.h"

namespace nurtured::daemon {

struct BookKeeperOptions {
  std::string config_path;  // a folder, or its nurtured.yaml
  // Null: references to secrets stay as they are written, which will do where nothing is sent.
  const config::Secrets* secrets = nullptr;
  config::ConnectorTypes connector_types;
  rules::ZoneTable zones;
  Surroundings surroundings;
};

// The workspace's files as they are now.
struct BookFiles {
  config::Workspace workspace;
  std::vector<config::Problem> problems;
  std::shared_ptr<const config::Config> config;  // null when there are errors
  config::WorkspaceNames names;                  // as far as they could be read
  std::string location;  // of the store, for store::open(); guessed when there are errors
};

// Reads the workspace's scenarios, too, and puts their problems among those of the files: all that
// `check` tells of. Where there are errors the scenarios are not to be played.
std::vector<config::Scenario> add_scenarios(BookFiles& files);

// A book ready to be applied, or why it cannot be.
struct PreparedBook {
  config::Workspace workspace;  // with the stored copies that go on serving
  std::vector<config::Problem> problems;
  std::shared_ptr<const config::Config> config;  // with former versions; null: refused
  Plan plan;

  bool refused() const { return config == nullptr || !plan.refusals.empty(); }
};

// What a start runs.
struct BookStart {
  std::shared_ptr<const config::Config> config;
  config::Workspace workspace;            // of the files, for printing their problems
  std::vector<config::Problem> problems;  // of the files
  bool broken_files = false;              // the applied book runs instead: alarm
  bool applied = false;                   // the files differed and were applied; `plan` says how
  Plan plan;
};

// How long the store keeps what, as the settings say; the defaults without any.
store::Options store_options(const config::Config* config);

class BookKeeper {
 public:
  // `clock` and what `options` points to outlive it.
  BookKeeper(BookKeeperOptions options, const base::Clock& clock);

  // Never fails: what cannot be read is a problem.
  BookFiles read() const;
  // The same as if `drafts` stood among them, each in the place of the file that has its path.
  BookFiles read_with(std::vector<config::File> drafts) const;

  // Chooses between the files and the applied book: files that are good and new are applied, broken
  // ones leave the applied book running. `invalid` when there are neither good files nor an applied
  // book. Commits to `store` when it applies. Once, before the engine runs.
  base::Result<BookStart> start(BookFiles files, store::Store& store);

  // The applied book, or the files where none was applied, for commands that run without a daemon:
  // applies nothing. `invalid` when neither compiles.
  base::Result<std::shared_ptr<const config::Config>> adopt(const BookFiles& files,
                                                            store::Reader& reader);

  // What applying the files as they are now would mean. Any thread; errors are the reader's.
  // `migrate`: with everybody who is under way, which is refused where a step has no counterpart.
  base::Result<PreparedBook> prepare(store::Reader& reader, bool migrate = false) const;

  // What is to be committed for it: the book, the sources of its playbooks' versions, and the mark
  // that all contacts are to be judged by it.
  store::Batch batch(const PreparedBook& prepared, bool migrate = false) const;

  // The config that runs; null before start(). Any thread.
  std::shared_ptr<const config::Config> current() const;
  void set_current(std::shared_ptr<const config::Config> config);

  // True while the files, when they were last looked at to be run, could not, so that an older book
  // does. Any thread.
  bool files_broken() const { return files_broken_; }
  void set_files_broken(bool broken) { files_broken_ = broken; }

  const BookKeeperOptions& options() const { return options_; }

 private:
  BookFiles files_of(base::Result<config::Workspace> workspace) const;
  config::Compiled compile(const config::Workspace& workspace, bool with_secrets) const;
  base::Result<PreparedBook> prepare(BookFiles files, store::Reader& reader, bool migrate) const;
  base::Result<std::shared_ptr<const config::Config>> adopt_applied(store::Reader& reader) const;

  BookKeeperOptions options_;
  const base::Clock& clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const config::Config> current_;  // guarded by mutex_
  std::atomic<bool> files_broken_ = false;
};

}  // namespace nurtured::daemon

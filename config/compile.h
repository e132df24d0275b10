// From a workspace's files to a Config, or to every problem in them at once. Pure: no file, clock
// or environment is read but through what is handed in. Nothing in the files makes it throw.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/known_names.h"
#include "config/problem.h"
#include "config/section.h"
#include "config/workspace.h"
#include "rules/calendar.h"

namespace nurtured::config {

struct CompileOptions {
  // Without, references to secrets are left as they are written, which suits `check` on a desk,
  // `simulate` and `test`; nothing may be sent with such a Config.
  const Secrets* secrets = nullptr;
  // Without names, connectors are not checked.
  ConnectorTypes connector_types;
  // config/zones.h reads the system's; handed in, because compile() reads nothing.
  rules::ZoneTable zones;
};

struct Compiled {
  std::shared_ptr<const Config> config;  // null when there are errors
  std::vector<Problem> problems;         // sorted; warnings and notes may come with a config
  WorkspaceNames names;                  // as far as the files could be read
};

Compiled compile(const Workspace& workspace, const CompileOptions& options);

struct CompiledPlaybook {
  std::shared_ptr<const rules::Playbook> playbook;  // null when there are errors
  std::vector<Problem> problems;
};

// One version of a playbook from the source that the store kept, for the people still under way on
// it. It was checked when it was applied, and the workspace has changed since: names that are gone
// and properties that events.yaml no longer lists are therefore no errors here, only a message that
// is gone is warned of. `path` is for the places.
CompiledPlaybook compile_playbook(std::string_view source, std::string_view path,
                                  const Config& live);

}  // namespace nurtured::config

// Gathers what a workspace has by name (config/known_names.h). Inside config/ only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/catalogue.h"
#include "config/known_names.h"
#include "config/section.h"
#include "config/workspace.h"
#include "config/yaml.h"
#include "rules/playbook.h"

namespace nurtured::config {

// All of it is read to its end, as far as it can be.
struct NameSources {
  const Workspace& workspace;
  const Catalogue& catalogue;
  const Uses& uses;
  const Node* settings = nullptr;  // nurtured.yaml; null where it cannot be read
  const ConnectorTypes& connector_types;
  const std::vector<std::string>& layouts;
  const std::vector<std::string>& topics;
  const std::vector<std::string>& playbook_ids;  // of every file of playbooks/ that is YAML
  const std::vector<std::shared_ptr<const rules::Playbook>>& playbooks;  // without the broken ones
};

WorkspaceNames gather_names(const NameSources& sources);

}  // namespace nurtured::config

// What a workspace may do though nobody wants it: warnings and figures over all of it. Each has a
// name; docs explain them under it. Inside config/ only.
#pragma once

#include <memory>
#include <vector>

#include "config/catalogue.h"

namespace nurtured::config {

struct LintInput {
  const Catalogue& catalogue;
  const Uses& uses;
  const rules::Settings& settings;
  const std::vector<std::shared_ptr<const rules::Playbook>>& playbooks;
  const std::string& settings_path;
};

// held-for-ever: an offer (or an engagement message) that the mix or the seven touches hold, where
// only later steps of its own playbook could free it, which wait for it, and nothing fills the
// mix. never-sent: a kind whose share of the mix is 0. outside-the-mix: the share of reply,
// reminder and receipt messages.
void lint(const LintInput& input, Problems& problems);

// A message without a subject that may go by a channel that shows one: an error.
void check_subjects(const Catalogue& catalogue, const Uses& uses, Problems& problems);

}  // namespace nurtured::config

// What a workspace may do though nobody wants it: warnings and figures over all of it. Each has a
// name, and a page of docs/lints under it. Inside config/ only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/catalogue.h"
#include "config/messages.h"
#include "config/workspace.h"
#include "rules/step_edges.h"

namespace nurtured::config {

// A workspace without errors. All references are kept.
struct LintInput {
  const Workspace& workspace;
  const Catalogue& catalogue;
  const Uses& uses;
  const Messages& messages;
  const rules::Settings& settings;
  const std::vector<rules::Segment>& segments;
  const std::vector<std::shared_ptr<const rules::Playbook>>& playbooks;
  const Node& settings_root;  // nurtured.yaml

  // The kind of a marketing message; nullopt for any other.
  std::optional<rules::Kind> marketing_kind(const std::string& message) const;
};

// All of them, by what they look at.
void lint(const LintInput& input, Problems& problems);

// never-true, stops-at-once, missing-attribute
void lint_conditions(const LintInput& input, Problems& problems);
// unsent-event, own-goal, starts-itself
void lint_events(const LintInput& input, Problems& problems);
// unreachable-step, waits-for-ever
void lint_flow(const LintInput& input, Problems& problems);
// held-for-ever, never-sent
void lint_holds(const LintInput& input, Problems& problems);
// no-fallback, missing-locale, unused-override, outside-the-mix
void lint_messages(const LintInput& input, Problems& problems);
// offer-heavy
void lint_pace(const LintInput& input, Problems& problems);
// no-text, picture-not-shown
void lint_pictures(const LintInput& input, Problems& problems);
// late-reply, goal-over, late-unused, quiet-moment, birthday-once
void lint_times(const LintInput& input, Problems& problems);
// unused-message, unused-segment, unused-series, unused-partial, unused-layout, unused-file
void lint_unused(const LintInput& input, Problems& problems);

using Channels = std::set<std::string, std::less<>>;
// By which channels each message may go that something sends.
std::map<std::string, Channels, std::less<>> channels_by_message(const LintInput& input);

// What the condition gives whoever it is asked of; nullopt where that depends on something.
std::optional<bool> constant_of(const rules::Expression& condition);
// The ways out of a step that somebody can take: no branch behind one that always holds, none that
// never does, none of weight 0, none after leaving the playbook itself, no answer that ends it.
std::vector<rules::StepEdge> open_edges(const rules::Playbook& playbook, const rules::Step& step);
// Which steps somebody can come to.
std::vector<bool> reachable_steps(const rules::Playbook& playbook);

// A message without a subject that may go by a channel that shows one: an error.
void check_subjects(const Catalogue& catalogue, const Uses& uses, Problems& problems);

}  // namespace nurtured::config

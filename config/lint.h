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

// never-true, stops-at-once, missing-attribute, near-trait
void lint_conditions(const LintInput& input, Problems& problems);
// no-text, picture-not-shown, too-long
void lint_channels(const LintInput& input, Problems& problems);
// starts-itself
void lint_circles(const LintInput& input, Problems& problems);
// unsent-event, own-goal
void lint_events(const LintInput& input, Problems& problems);
// unreachable-step, never-repeats, waits-for-ever
void lint_flow(const LintInput& input, Problems& problems);
// held-for-ever, never-sent
void lint_holds(const LintInput& input, Problems& problems);
// no-fallback, missing-locale, unused-override, outside-the-mix
void lint_messages(const LintInput& input, Problems& problems);
// offer-heavy
void lint_pace(const LintInput& input, Problems& problems);
// late-reply, goal-over, late-unused, quiet-moment, birthday-once
void lint_times(const LintInput& input, Problems& problems);
// unused-message, unused-segment, unused-series, unused-partial, unused-layout, unused-file
void lint_unused(const LintInput& input, Problems& problems);

using Channels = std::set<std::string, std::less<>>;
// By which channels each message may go that something sends.
std::map<std::string, Channels, std::less<>> channels_by_message(const LintInput& input);

// What a partial reads of the world; nothing for any other file.
std::vector<MessageScenes::Variable> variables_of_partial(const LintInput& input, const File& file);

// Where the playbook's file says `key`; it has a step.
base::Place place_of_key(const LintInput& input, const rules::Playbook& playbook,
                         std::string_view key);

// What the condition gives whoever it is asked of; nullopt where that depends on something.
std::optional<bool> constant_of(const rules::Expression& condition);
// The ways out of a step that somebody can take: no branch behind one that always holds or asks the
// same, none that never does, none of weight 0, none after leaving the playbook itself, no answer
// that ends it.
std::vector<rules::StepEdge> open_edges(const rules::Playbook& playbook, const rules::Step& step);
// Can somebody come from `from` to `target` (no_step: to the end of the playbook) by steps that
// `may_pass` lets through, and by ways that `may_take` does? `target` itself need not be let
// through.
bool can_come(
    const rules::Playbook& playbook, rules::StepIndex from, rules::StepIndex target,
    const std::function<bool(rules::StepIndex)>& may_pass,
    const std::function<bool(const rules::Step&, const rules::StepEdge&)>& may_take = nullptr);
// Whether everybody who comes to the step was asked for that attribute on the way: by the condition
// of every start, or of a choice.
bool is_asked_on_the_way(const rules::Playbook& playbook, rules::StepIndex step,
                         std::string_view attribute);
// Which steps somebody can come to.
std::vector<bool> reachable_steps(const rules::Playbook& playbook);

// A message without a subject that may go by a channel that shows one: an error.
void check_subjects(const Catalogue& catalogue, const Uses& uses, Problems& problems);

}  // namespace nurtured::config

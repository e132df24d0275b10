#include "config/lint.h"

#include <algorithm>

#include <fmt/format.h>

namespace nurtured::config {

std::optional<rules::Kind> LintInput::marketing_kind(const std::string& message) const {
  const auto facts = catalogue.messages.find(message);
  if (facts == catalogue.messages.end() || !rules::is_marketing(facts->second.kind)) {
    return std::nullopt;
  }
  return facts->second.kind;
}

base::Place place_of_key(const LintInput& input, const rules::Playbook& playbook,
                         std::string_view key) {
  const std::string& path = playbook.steps.front().place.path;
  Problems read_before;
  const auto root = parse_yaml(input.workspace.source(path), path, read_before);
  const Node* value = root ? root->find(key) : nullptr;
  return value == nullptr ? playbook.steps.front().place : value->place;
}

void lint(const LintInput& input, Problems& problems) {
  lint_channels(input, problems);
  lint_circles(input, problems);
  lint_conditions(input, problems);
  lint_events(input, problems);
  lint_flow(input, problems);
  lint_holds(input, problems);
  lint_messages(input, problems);
  lint_pace(input, problems);
  lint_times(input, problems);
  lint_unused(input, problems);
}

void check_subjects(const Catalogue& catalogue, const Uses& uses, Problems& problems) {
  for (const MessageUse& use : uses.messages) {
    const auto facts = catalogue.messages.find(use.message);
    if (facts == catalogue.messages.end() || facts->second.has_subject) continue;
    const auto& with = catalogue.subject_channels;
    const auto channel = std::find_if(use.via.begin(), use.via.end(), [&](const auto& name) {
      return std::find(with.begin(), with.end(), name) != with.end();
    });
    if (channel == use.via.end()) continue;
    problems.error(facts->second.place,
                   fmt::format("the message has no subject, and may go by `{}`", *channel),
                   "add `subject:` to its front matter");
  }
}

}  // namespace nurtured::config

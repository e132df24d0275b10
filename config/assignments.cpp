#include "config/assignments.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "config/literal.h"
#include "config/text.h"

namespace nurtured::config {
namespace {

std::optional<rules::ValueSource> read_value(const Node& node, const StepContext& context) {
  if (!node.is_scalar()) return literal(node);
  if (node.text.starts_with('=')) {
    auto read = read_expression(node, Wanted::formula, context.scene, context.reading);
    if (!read) return std::nullopt;
    return std::move(*read);
  }
  const bool is_liquid =
      node.text.find("{{") != std::string::npos || node.text.find("{%") != std::string::npos;
  if (!is_liquid) return literal(node);
  auto text = read_text(node, context.library, context.scene, context.reading);
  if (text == nullptr) return std::nullopt;
  return text;
}

// What steps of their own change.
std::string_view remedy_for(std::string_view name) {
  if (name == "tags") return "use the steps `tag` and `untag`";
  if (name == "score") return "use the step `score`";
  if (name == "stage") return "use the step `move_to`";
  if (name == "consent" || name == "channels" || name == "id") {
    return "it cannot be changed by a playbook";
  }
  return "";
}

}  // namespace

rules::Assignments read_assignments(Section& section, std::string_view key,
                                    const StepContext& context) {
  rules::Assignments out;
  const Node* map = section.node(key);
  if (map == nullptr || !map->is_map() || map->entries.empty()) {
    section.error(key, fmt::format("`{}` is no map of names and values", key),
                  "write `NAME: VALUE` lines");
    return out;
  }
  for (const Entry& entry : map->entries) {
    const std::string_view remedy = key == "set" ? remedy_for(entry.key) : "";
    if (!remedy.empty()) {
      section.problems().error(entry.place, fmt::format("`{}` is no attribute", entry.key),
                               std::string(remedy));
      continue;
    }
    if (!check_name(entry.key, "attribute or property", "", entry.place, section.problems())) {
      continue;
    }
    if (auto value = read_value(entry.value, context)) {
      out.emplace_back(entry.key, std::move(*value));
    }
  }
  return out;
}

}  // namespace nurtured::config

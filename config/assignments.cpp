#include "config/assignments.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/literal.h"
#include "config/text.h"
#include "config/zones.h"
#include "rules/standing.h"
#include "rules/traits.h"

namespace nurtured::config {
namespace {

bool is_formula(const Node& node) {
  return node.is_scalar() && node.text.starts_with('=');
}

// Whether it is the same each time.
bool is_literal(const Node& node) {
  const auto is_literal_entry = [](const Entry& entry) { return is_literal(entry.value); };
  return !(node.is_scalar() && is_computed(node.text)) &&
         std::ranges::all_of(node.items, is_literal) &&
         std::ranges::all_of(node.entries, is_literal_entry);
}

std::optional<rules::ValueSource> read_value(const Node& node, const StepContext& context);

std::optional<rules::ValueSource> read_tree(const Node& node, const StepContext& context) {
  auto tree = std::make_shared<rules::ValueTree>();
  tree->is_list = node.is_list();
  const auto add = [&](const std::string& name, const Node& item) {
    if (auto value = read_value(item, context)) tree->entries.emplace_back(name, *std::move(value));
  };
  for (const Node& item : node.items) add("", item);
  for (const Entry& entry : node.entries) add(entry.key, entry.value);
  return tree;
}

std::optional<rules::ValueSource> read_value(const Node& node, const StepContext& context) {
  if (is_literal(node)) return literal(node);
  if (!node.is_scalar()) return read_tree(node, context);
  if (is_formula(node)) {
    auto read = read_expression(node, Wanted::formula, context.scene, context.reading);
    if (!read) return std::nullopt;
    return std::move(*read);
  }
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

// What a contact of that attribute could not have, told before anybody comes by.
void check_trait(const std::string& name, const cel::Value& value, const base::Place& place,
                 const StepContext& context) {
  const auto& [document, catalogue, uses, problems] = context.reading;
  if (catalogue.is_former || value.is_null()) return;
  rules::ContactChange change;
  std::vector<std::string> faults;
  rules::apply_traits(cel::Map{{name, value}}, change, faults);
  for (const std::string& fault : faults) problems.error(place, fault);
  if (change.timezone && catalogue.zones != nullptr) {
    check_zone(*change.timezone, *catalogue.zones, place, problems);
  }
  if (name == "birthday" && !rules::is_date(value)) {
    problems.error(place, "this is no date", "write it like 1990-05-17, or --05-17 without a year");
  }
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
      const auto* given = std::get_if<cel::Value>(&*value);
      if (key == "set" && given != nullptr) {
        check_trait(entry.key, *given, entry.value.place, context);
      }
      out.emplace_back(entry.key, std::move(*value));
    }
  }
  return out;
}

}  // namespace nurtured::config

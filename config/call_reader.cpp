#include "config/call_reader.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "config/assignments.h"
#include "config/declared_values.h"
#include "config/wait_reader.h"

namespace nurtured::config {
namespace {

constexpr std::string_view form = "write CONNECTOR.ACTION, as in `do: crm.post`";

struct CallName {
  std::string connector;
  std::string action;
};

// Connectors' names have no dot.
std::optional<CallName> parse_call(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == text.size()) return std::nullopt;
  return CallName{std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
}

const ActionShape* find_action(const CallName& call, const Catalogue& catalogue) {
  const auto actions = catalogue.actions.find(call.connector);
  if (actions == catalogue.actions.end() || !actions->second) return nullptr;
  const auto found = std::ranges::find(*actions->second, call.action, &ActionShape::name);
  return found == actions->second->end() ? nullptr : &*found;
}

// Reports what is not there; nullptr then, and where nothing is known of connectors.
const ActionShape* check_call(const CallName& call, const base::Place& place,
                              const Reading& reading) {
  const Catalogue& catalogue = reading.catalogue;
  const bool is_known = catalogue.knows_channels && catalogue.knows_actions;
  if (!is_known || catalogue.is_former) return nullptr;
  const auto actions = catalogue.actions.find(call.connector);
  if (actions == catalogue.actions.end()) {
    std::vector<std::string> known;
    known.reserve(catalogue.actions.size());
    for (const auto& [name, its] : catalogue.actions) known.push_back(name);
    reading.problems.error(
        place, fmt::format("there is no connector `{}`", call.connector),
        did_you_mean(call.connector, known, "list it under `connectors` in nurtured.yaml"));
    return nullptr;
  }
  const ActionShape* found = find_action(call, catalogue);
  if (found != nullptr || !actions->second) return found;
  std::vector<std::string> names;
  std::ranges::transform(*actions->second, std::back_inserter(names), &ActionShape::name);
  reading.problems.error(
      place, fmt::format("the connector `{}` has no action `{}`", call.connector, call.action),
      names.empty()
          ? "it only sends messages; call one of another type, such as webhook"
          : did_you_mean(call.action, names, fmt::format("it has {}", fmt::join(names, ", "))));
  return nullptr;
}

void check_arguments(const Section& section, const Node* with, const rules::Do& read,
                     const ActionShape& action, const Reading& reading) {
  if (with != nullptr && with->is_map()) {
    const std::string call = read.connector + "." + read.action;
    check_declared(
        *with, read.arguments,
        {.shape = action.takes,
         .unknown =
             [&](std::string_view name) { return fmt::format("`{}` takes no `{}`", call, name); },
         .unknown_remedy = "remove it",
         .type_remedy = "write such a value"},
        reading.problems);
  }
  for (const std::string& name : action.required) {
    if (with != nullptr && with->find(name) != nullptr) continue;
    reading.problems.error(with == nullptr ? section.place() : with->place,
                           fmt::format("`with.{}` is missing", name),
                           fmt::format("`{}.{}` needs it", read.connector, read.action));
  }
}

}  // namespace

rules::Do read_do(Section& section, const StepContext& context) {
  rules::Do out;
  const auto text = section.text("do");
  const Node* with = section.node("with");
  if (with != nullptr) out.arguments = read_assignments(section, "with", context);
  out.save = read_save(section, context.reading);
  if (!text) return out;
  const auto call = parse_call(*text);
  if (!call) {
    section.error("do", fmt::format("`{}` names no action", *text), std::string(form));
    return out;
  }
  out.connector = call->connector;
  out.action = call->action;
  const ActionShape* action = check_call(*call, section.node("do")->place, context.reading);
  if (action != nullptr) check_arguments(section, with, out, *action, context.reading);
  return out;
}

std::optional<rules::EventShape> output_of(std::string_view call, const Catalogue& catalogue) {
  const auto name = parse_call(call);
  const ActionShape* action = name ? find_action(*name, catalogue) : nullptr;
  return action == nullptr ? std::nullopt : std::optional(action->gives);
}

}  // namespace nurtured::config

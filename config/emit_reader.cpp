#include "config/emit_reader.h"

#include <fmt/format.h>

#include "config/assignments.h"
#include "config/declared_values.h"
#include "config/text.h"

namespace nurtured::config {
namespace {

void check_properties(const rules::Emit& emit, const Node& properties, const Reading& reading) {
  const auto listed = reading.catalogue.events.find(emit.event);
  if (listed == reading.catalogue.events.end() || !properties.is_map()) return;
  check_declared(properties, emit.properties,
                 {.shape = listed->second,
                  .unknown =
                      [&](std::string_view name) {
                        return fmt::format("`{}` has no property `{}`", emit.event, name);
                      },
                  .unknown_remedy = "declare it in events.yaml",
                  .type_remedy = "write such a value, or change its type in events.yaml",
                  .types_templates = true},
                 reading.problems);
}

}  // namespace

rules::Emit read_emit(Section& section, const StepContext& context) {
  const Reading& reading = context.reading;
  rules::Emit emit;
  const Node* node = section.node("emit");
  if (node->is_map()) {
    auto inner = section.section("emit");
    inner->require("event", "name the event");
    emit.event = inner->text("event").value_or("");
    if (const Node* properties = inner->node("properties")) {
      emit.properties = read_assignments(*inner, "properties", context);
      check_properties(emit, *properties, reading);
    }
    inner->finish();
  } else {
    emit.event = section.text("emit").value_or("");
  }
  if (emit.event.empty()) return emit;
  check_event_name(emit.event, node->place, reading.problems);
  check_written_out(emit.event, "an event", node->place, reading);
  if (built_in_events().contains(emit.event)) {
    reading.problems.error(node->place,
                           fmt::format("the event `{}` is made by the engine alone", emit.event),
                           "give yours a name of its own");
  }
  reading.uses.emitted.insert(emit.event);
  return emit;
}

}  // namespace nurtured::config

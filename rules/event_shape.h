// What events.yaml says of an event's properties: conditions are checked against it, and what comes
// in, or a step emits, is typed by it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rules/cel/environment.h"
#include "rules/cel/value.h"

namespace nurtured::rules {

struct EventShape {
  std::vector<cel::ObjectFields::Field> properties;
  bool open = true;  // other properties may come: an unknown one is dyn, not an error
};

using EventShapes = std::map<std::string, EventShape, std::less<>>;  // by event

// The value as its declared type has it; unchanged where it does not fit.
cel::Value typed(const cel::Value& value, const cel::Type& type);
// May a property of that type have this value? Null is one that is missing.
bool fits(const cel::Value& value, const cel::Type& type);

// `properties` (a map; anything else is given back) with the types that `shapes` declares for
// `event`: times, which JSON has as text, and the kind of numbers. What does not fit is left as it
// came.
cel::Value typed_properties(const EventShapes& shapes, std::string_view event,
                            cel::Value properties);

// The same of what has texts alone, a form or a table: "90" becomes a number where the type is one,
// "true" and "false" a bool. What does not fit is left as it came.
cel::Value typed_texts(const EventShapes& shapes, std::string_view event, cel::Value properties);

}  // namespace nurtured::rules

#include "rules/event.h"

namespace nurtured::rules {

std::string_view text_of(const Event& event, std::string_view property) {
  const cel::Value* value = event.properties.find(property);
  return value != nullptr && value->is_string() ? std::string_view(value->as_string())
                                                : std::string_view();
}

}  // namespace nurtured::rules

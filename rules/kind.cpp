#include "rules/kind.h"

namespace nurtured::rules {

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::value:
      return "value";
    case Kind::engagement:
      return "engagement";
    case Kind::offer:
      return "offer";
    case Kind::reply:
      return "reply";
    case Kind::reminder:
      return "reminder";
    case Kind::receipt:
      return "receipt";
  }
  return "value";
}

std::optional<Kind> parse_kind(std::string_view name) {
  for (const Kind kind :
       {Kind::value, Kind::engagement, Kind::offer, Kind::reply, Kind::reminder, Kind::receipt}) {
    if (to_string(kind) == name) return kind;
  }
  return std::nullopt;
}

}  // namespace nurtured::rules

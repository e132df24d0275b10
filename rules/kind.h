// What a message is, which decides the gates that it passes. The names are CONTRACT section 3's and
// are stored.
#pragma once

#include <optional>
#include <string_view>

namespace nurtured::rules {

enum class Kind {
  value,       // marketing: tells, teaches
  engagement,  // marketing: asks, involves
  offer,       // marketing: sells
  reply,       // what the contact has just asked for: no mix, no caps, no quiet hours
  reminder,    // of an appointment they made: no mix, no caps
  receipt,     // of a transaction: blocked by suppression of scope `all` only
};

// Value, engagement and offer pass all gates and make up the mix.
constexpr bool is_marketing(Kind kind) {
  return kind <= Kind::offer;
}

std::string_view to_string(Kind kind);
std::optional<Kind> parse_kind(std::string_view name);

}  // namespace nurtured::rules

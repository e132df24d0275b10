#include "config/loops.h"

#include <variant>

namespace nurtured::config {

bool keeps_pace(const rules::StepAction& action, const Catalogue& catalogue) {
  if (const auto* wait = std::get_if<rules::Wait>(&action)) {
    return !wait->span.empty() || wait->at.has_value();
  }
  const auto within = rules::wait_max_of(action);
  if (within && within->empty()) return false;
  if (const auto* send = std::get_if<rules::Send>(&action)) {
    const auto facts = catalogue.messages.find(send->message);
    return facts == catalogue.messages.end() || rules::is_marketing(facts->second.kind);
  }
  return std::holds_alternative<rules::WaitUntil>(action) ||
         std::holds_alternative<rules::WaitFor>(action) ||
         std::holds_alternative<rules::Ask>(action) ||
         std::holds_alternative<rules::HandOff>(action) ||
         std::holds_alternative<rules::Do>(action);
}

}  // namespace nurtured::config

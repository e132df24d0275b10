#include "daemon/inputs.h"

#include <charconv>

namespace nurtured::daemon {

std::int64_t set_aside_number(const EngineInput& input) {
  if (const auto* event = std::get_if<EventInput>(&input)) return event->set_aside;
  if (const auto* contact = std::get_if<ContactInput>(&input)) return contact->set_aside;
  return 0;
}

rules::ContactId contact_of(std::string_view delivery_key) {
  rules::ContactId id;
  const std::size_t dot = delivery_key.find('.');
  if (dot == std::string_view::npos) return id;
  const char* end = delivery_key.data() + dot;
  const auto [read, error] = std::from_chars(delivery_key.data(), end, id.value);
  return error == std::errc{} && read == end ? id : rules::ContactId{};
}

}  // namespace nurtured::daemon

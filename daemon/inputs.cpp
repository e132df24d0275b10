#include "daemon/inputs.h"

#include <charconv>

namespace nurtured::daemon {

rules::ContactId contact_of(std::string_view delivery_key) {
  rules::ContactId id;
  const std::size_t dot = delivery_key.find('.');
  if (dot == std::string_view::npos) return id;
  const char* end = delivery_key.data() + dot;
  const auto [read, error] = std::from_chars(delivery_key.data(), end, id.value);
  return error == std::errc{} && read == end ? id : rules::ContactId{};
}

}  // namespace nurtured::daemon
